"""What buckets take of the object store before there is any data in them: volumes, of which SeaweedFS has so many."""

from dataclasses import dataclass
from typing import Self

from telemetry.config.quantities import bytes_text
from telemetry.stack import Stack

_GI = 1 << 30


@dataclass(frozen=True)
class Volumes:
    """The volumes that the buckets of a stack take at their first writes."""

    buckets: int
    growth: int
    """How many each takes."""
    size: int
    """Bytes that one may hold."""

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """Return those of a stack."""
        volumes = stack.object_store.volumes
        return cls(len(stack.buckets), volumes.growth, volumes.size)

    @property
    def count(self) -> int:
        """How many there will be."""
        return self.buckets * self.growth

    def __str__(self) -> str:
        """Return the sum, such as `4 buckets x 7 volumes = 28 volumes of 30000Mi, 820.3Gi`."""
        return (
            f"The object store must have {self.count} free volumes of {bytes_text(self.size)} for the first writes to "
            f"{self.buckets} buckets ({self.growth} each): room for {self.count * self.size / _GI:.1f}Gi of data, and "
            "none is shared."
        )


def shortage(stack: Stack) -> str | None:
    """Return that the object store has too few volumes for a stack, by its settings; None if not, or not known."""
    needed, slots = Volumes.of(stack), stack.object_store.volumes.slots
    if slots is None or needed.count <= slots:
        return None
    return (
        f"telemetry:object_store.volumes.slots: {needed.buckets} buckets x {needed.growth} volumes = {needed.count}, "
        f"but the servers have {slots} for this stack; raise -max of the volume servers by {needed.count - slots}, or "
        "lower volume_growth on the master and object_store.volumes.growth"
    )
