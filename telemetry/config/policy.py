"""Which limits containers have: the platform's policy, beside which no role decides."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.resources import Resources


class Policy(Settings):
    """Which limits containers have (docs/resource-policy.md)."""

    cpu_limits: Literal["none", "chosen", "all"] = Field(
        default="none",
        description="none: no container has one, because throttling delays writes while the node has CPU to spare; "
        "chosen: where a role says cpu_limit; all: in every container, and what says none is held to its request.",
    )
    memory_limits: Literal["growing", "chosen", "all"] = Field(
        default="growing",
        description="growing: where memory grows without bound, which are ingesters (4Gi to 8Gi) and store-gateways "
        "(2Gi to 4Gi), and nowhere else; chosen: where a role says memory_limit, of whatever size; all: in every "
        "container, and what says none is held to its request.",
    )
    qos: Literal["burstable", "guaranteed"] = Field(
        default="burstable",
        description="guaranteed: every container is held to just its requests, so that its pods are the last that a "
        "node out of memory evicts; burstable: as the two above have it.",
    )
    total: Resources | None = Field(
        default=None,
        description="What the limits of all containers together, at maximum autoscaling, and all volume claims may "
        "come to; more is refused, and so is a container without a limit. None is not looked at.",
    )

    @property
    def limits_all_cpu(self) -> bool:
        """Whether every container has a CPU limit."""
        return self.cpu_limits == "all" or self.qos == "guaranteed"

    @property
    def limits_all_memory(self) -> bool:
        """Whether every container has a memory limit."""
        return self.memory_limits == "all" or self.qos == "guaranteed"

    @property
    def words(self) -> str:
        """Return what it says, for people."""
        return " ".join(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if self.qos == "guaranteed":
            yield "By policy each container is held to its requests of CPU and memory, and each pod is Guaranteed."
            return
        yield {
            "none": "Requests only: there is no CPU limit anywhere.",
            "chosen": "By policy CPU is limited where a role says so.",
            "all": "By policy CPU is limited in every container, to its request where a role says no more.",
        }[self.cpu_limits]
        if self.memory_limits == "chosen":
            yield "By policy memory is limited where a role says so."
        if self.memory_limits == "all":
            yield "By policy memory is limited in every container, to its request where a role says no more."
