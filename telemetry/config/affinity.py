"""To which nodes and beside which other pods a pod is drawn, or from which it is kept away."""

from typing import Literal, Self

from pydantic import Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.labels import LabelKey, LabelValue, NamespaceName


class Requirement(Settings):
    """What a node's label must be, in Kubernetes' own terms."""

    key: LabelKey = Field(description="The label's key.")
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"] = Field(
        default="In", description="How the label is compared (Kubernetes)."
    )
    values: list[LabelValue] = Field(
        default_factory=list, description="With In and NotIn: some; with Gt and Lt: one whole number."
    )

    @model_validator(mode="after")
    def _kubernetes_takes_it(self) -> Self:
        match self.operator:
            case "In" | "NotIn" if not self.values:
                raise SettingError("values", f"is empty, and {self.operator} compares with some; add them")
            case "Exists" | "DoesNotExist" if self.values:
                raise SettingError("values", f"has no meaning with {self.operator}; remove it")
            case "Gt" | "Lt" if len(self.values) != 1 or not self.values[0].isdecimal():
                raise SettingError(
                    "values", f'must be one whole number with {self.operator}, such as ["4"]; correct it'
                )
        return self


class NodeTerm(Settings):
    """Nodes whose labels meet all of these."""

    requirements: list[Requirement] = Field(min_length=1, description="What their labels must be, all of it.")


class PreferredNodes(NodeTerm):
    """Nodes that are preferred to others."""

    weight: int = Field(default=100, ge=1, le=100, description="How much, beside other preferences.")


class NodeAffinity(Settings):
    """To which nodes pods are drawn."""

    required: list[NodeTerm] = Field(default_factory=list, description="Any one of these, or a pod waits.")
    preferred: list[PreferredNodes] = Field(default_factory=list, description="Rather these.")


class PodTerm(Settings):
    """Pods of a place: what one is beside that runs where they run."""

    topology_key: LabelKey = Field(description="The nodes' label that says what a place is, such as the hostname.")
    labels: dict[LabelKey, LabelValue] = Field(min_length=1, description="Labels that the other pods have.")
    namespaces: list[NamespaceName] = Field(
        default_factory=list, description="Where these are; none is the stack's own."
    )


class PreferredPods(PodTerm):
    """Pods that are preferred to others."""

    weight: int = Field(default=100, ge=1, le=100, description="How much, beside other preferences.")


class PodAffinity(Settings):
    """Which other pods a pod is to be beside, or is not."""

    required: list[PodTerm] = Field(default_factory=list, description="All of these, or a pod waits.")
    preferred: list[PreferredPods] = Field(default_factory=list, description="Rather these.")


class Affinity(Settings):
    """To which nodes and beside which other pods a pod is drawn, beside the spread over `spread_over`."""

    nodes: NodeAffinity | None = Field(default=None, description="Nodes to run on, where labels alone do not say it.")
    beside: PodAffinity | None = Field(default=None, description="Pods to be beside (Kubernetes' podAffinity).")
    apart_from: PodAffinity | None = Field(
        default=None, description="Pods to be apart from (Kubernetes' podAntiAffinity)."
    )
