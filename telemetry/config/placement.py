"""Where the pods of a backend may run: one setting for all its roles, though the charts want it per role."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from telemetry.config.affinity import Affinity
from telemetry.config.base import SettingError, Settings
from telemetry.config.labels import LabelKey, LabelValue

_NAME = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
ClassName = Annotated[str, Field(pattern=_NAME, max_length=253)]
"""The name of a class of the cluster's."""
HOSTNAME = "kubernetes.io/hostname"
"""The label that every kubelet gives its node."""


class Toleration(Settings):
    """A taint that the pods put up with, in Kubernetes' own terms."""

    key: LabelKey | None = Field(default=None, description="The taint's key; none, with Exists, is every taint.")
    operator: Literal["Equal", "Exists"] = Field(default="Equal", description="Whether the value counts (Kubernetes).")
    value: LabelValue | None = Field(default=None, description="The taint's value, with Equal.")
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = Field(
        default=None, description="The taint's effect; none is every effect."
    )

    @model_validator(mode="after")
    def _kubernetes_takes_it(self) -> Self:
        if self.operator == "Equal" and self.key is None:
            raise SettingError("key", "is not set, and only operator Exists does without; set it, or write Exists")
        if self.operator == "Exists" and self.value is not None:
            raise SettingError("value", "has no meaning with operator Exists; remove it, or write Equal")
        return self


class RolePlacement(Settings):
    """Where the pods of one role may run: each key in place of the backend's own, whole."""

    node_selector: dict[LabelKey, LabelValue] | None = Field(
        default=None, min_length=1, description="Labels that a node must have; none is the backend's."
    )
    tolerations: list[Toleration] | None = Field(
        default=None, min_length=1, description="Taints that the pods tolerate; none is the backend's."
    )
    affinity: Affinity | None = Field(default=None, description="Nodes and pods to be near or far; none as above.")
    storage_class: ClassName | None = Field(
        default=None, description="Storage class of the role's volume claims; none is the backend's."
    )
    priority_class: ClassName | None = Field(
        default=None, description="Priority class of its pods; none is the backend's."
    )
    spread_over: list[LabelKey] | None = Field(
        default=None, description="Topology keys over which its replicas are spread; none is the backend's."
    )


class Placement(Settings):
    """Where the pods of a backend may run."""

    node_selector: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="Labels that a node must have, such as node-type."
    )
    tolerations: list[Toleration] = Field(default_factory=list, description="Taints that the pods tolerate.")
    affinity: Affinity | None = Field(
        default=None, description="Nodes and pods to be near or far, beside the selector and the spread."
    )
    storage_class: ClassName | None = Field(
        default=None,
        description="Storage class of every volume claim; none is the cluster's default. A claim keeps its "
        "class: changing it needs new volumes.",
    )
    priority_class: ClassName | None = Field(
        default=None,
        description="Priority class of every pod, which must exist on the cluster; none is telemetry:priority_class.",
    )
    spread_over: list[LabelKey] = Field(
        default=[HOSTNAME],
        description="Topology keys over which the replicas of a role are spread; hostname, because prod must survive "
        "one lost node. A hard rule where kubernetes.nodes says that there are nodes enough, and of a key "
        "other than hostname that nodes have it (nodes.topology): a node without the label takes no such pod.",
    )

    def of(self, role: RolePlacement | None) -> Self:
        """Return where the pods of a role may run."""
        own = {} if role is None else {name: value for name, value in role if value is not None}
        return self.model_copy(update=own)
