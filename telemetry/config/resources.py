"""Amounts of what Kubernetes counts."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.labels import LabelKey
from telemetry.config.placement import HOSTNAME
from telemetry.config.quantities import Bytes, Cpu


class Compute(Settings):
    """An amount of CPU and memory."""

    cpu: Cpu = Field(description="CPU requests, in millicores.")
    memory: Bytes = Field(description="Memory requests, in bytes.")


class Resources(Compute):
    """An amount of the three resources that a namespace's quota counts."""

    storage: Bytes = Field(description="Storage requests of volume claims, in bytes.")


class Nodes(Settings):
    """The nodes that pods can be scheduled on."""

    count: int = Field(ge=1, le=10_000, description="How many there are.")
    cpu: Cpu = Field(description="Allocatable CPU of the smallest one, in millicores.")
    memory: Bytes = Field(description="Allocatable memory of the smallest one, in bytes.")
    topology: dict[LabelKey, Annotated[int, Field(ge=1, le=10_000)]] = Field(
        default_factory=dict,
        description="Labels that every one of them has besides its hostname, and how many different values there are, "
        "such as `topology.kubernetes.io/zone: 3`: what placement.spread_over may be a hard rule for. `up` asks the "
        "cluster whether nodes have them.",
    )

    @model_validator(mode="after")
    def _hostnames_are_counted(self) -> Self:
        if HOSTNAME in self.topology:
            raise SettingError("topology", f"names {HOSTNAME}, of which there is one a node; remove it, count says it")
        few = next((key for key, values in self.topology.items() if values > self.count), None)
        if few is not None:
            raise SettingError(
                f"topology.{few}", f"is more than there are nodes ({self.count}); correct one of the two"
            )
        return self

    def domains(self, key: str) -> int:
        """Return how many values of a topology key there are to spread over, as far as is known; else 0."""
        return self.count if key == HOSTNAME else self.topology.get(key, 0)
