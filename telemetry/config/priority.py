"""The priority class of a stack's pods."""

from typing import Self

from pydantic import Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.placement import ClassName


class PriorityClass(Settings):
    """Which pods go first where nodes are full: the priority of all pods that have none of their own."""

    name: ClassName = Field(description="Its name; it exists on the cluster, unless a value is given.")
    value: int | None = Field(
        default=None,
        ge=-(2**31),
        le=10**9,
        description="Makes the class with this priority; it is the cluster's, so two stacks on one cluster need two "
        "names. Kubernetes' own classes are above 10^9. None: it exists.",
    )
    preempts: bool = Field(
        default=True,
        description="Of a class that is made: whether pods that wait may push out those of lower priority.",
    )

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        if self.value is None and not self.preempts:
            raise SettingError("preempts", "is of a class that is made, and value is not set; set it, or remove this")
        if self.value is not None and self.name.startswith("system-"):
            raise SettingError("name", "begins with system-, which Kubernetes keeps for its own classes; take another")
        return self
