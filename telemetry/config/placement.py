"""Where the pods of a backend may run: one setting for all its roles, though the charts want it per role."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.base import SettingError, Settings

_NAME = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"
ClassName = Annotated[str, Field(pattern=_NAME, max_length=253)]
"""The name of a class of the cluster's."""
_DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
_LONGEST_DOMAIN = 253


def _check_domain(key: str) -> str:
    domain = key.rpartition("/")[0]
    if len(domain) > _LONGEST_DOMAIN:
        raise ValueError(f"has {len(domain)} characters before the slash, Kubernetes allows {_LONGEST_DOMAIN}")
    return key


LabelKey = Annotated[
    str,
    Field(pattern=rf"^({_DOMAIN}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{{0,61}}[A-Za-z0-9])?$"),
    AfterValidator(_check_domain),
]
"""A label's key as Kubernetes takes it, with or without a domain in front."""
HOSTNAME = "kubernetes.io/hostname"
"""The label that every kubelet gives its node."""
LabelValue = Annotated[str, Field(pattern=r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$")]
"""A label's value as Kubernetes takes it."""


class Toleration(Settings):
    """A taint that the pods put up with, in Kubernetes' own terms."""

    key: str | None = Field(
        default=None, min_length=1, description="The taint's key; none, with Exists, is every taint."
    )
    operator: Literal["Equal", "Exists"] = Field(default="Equal", description="Whether the value counts (Kubernetes).")
    value: str | None = Field(default=None, description="The taint's value, with Equal.")
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


class Placement(Settings):
    """Where the pods of a backend may run."""

    node_selector: dict[LabelKey, LabelValue] = Field(
        default_factory=dict, description="Labels that a node must have, such as node-type."
    )
    tolerations: list[Toleration] = Field(default_factory=list, description="Taints that the pods tolerate.")
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

    @model_validator(mode="after")
    def _spreads_once_over_each(self) -> Self:
        twice = [key for index, key in enumerate(self.spread_over) if key in self.spread_over[:index]]
        if twice:
            raise SettingError("spread_over", f"names {twice[0]} twice, which Kubernetes refuses; remove one")
        return self
