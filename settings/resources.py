"""Amounts of what Kubernetes counts."""

from pydantic import Field

from settings.base import Settings
from settings.quantities import Bytes, Cpu


class Compute(Settings):
    """An amount of CPU and memory."""

    cpu: Cpu = Field(description="CPU requests, in millicores (seed 000, 'Namespace Resource Analysis').")
    memory: Bytes = Field(description="Memory requests, in bytes (seed 000).")


class Resources(Compute):
    """An amount of the three resources that a namespace's quota counts."""

    storage: Bytes = Field(description="Storage requests of volume claims, in bytes (seed 000).")


class Nodes(Settings):
    """The nodes that pods can be scheduled on."""

    count: int = Field(ge=1, le=10_000, description="How many there are.")
    cpu: Cpu = Field(description="Allocatable CPU of the smallest one, in millicores.")
    memory: Bytes = Field(description="Allocatable memory of the smallest one, in bytes.")
