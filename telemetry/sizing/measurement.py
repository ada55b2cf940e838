"""What the rules ask for under a load, held against what was measured: two opinions, of which the rules are used."""

from collections.abc import Iterator
from dataclasses import dataclass

from telemetry.spec.sizing import Measured, Sizing

DISAGREE = 5
"""Times as much by the one as by the other that is worth a warning: the rules leave room for peaks, compaction and
queries, and a measurement on one machine leaves out what lies between machines."""


@dataclass(frozen=True)
class Comparison:
    """A backend under a load, all of its roles together."""

    backend: str
    cpu: float
    """Millicores by the rules."""
    memory: float
    """Bytes by the rules."""
    measured: Measured

    @property
    def ratios(self) -> dict[str, float]:
        """How many times what was measured the rules ask for, by resource."""
        return {"CPU": self.cpu / self.measured.cpu, "memory": self.memory / self.measured.memory}

    def warnings(self) -> Iterator[str]:
        """Yield a line for each resource of which the one says many times what the other does."""
        for resource, ratio in self.ratios.items():
            if ratio > DISAGREE:
                yield (
                    f"{self.backend}: the rules ask for {ratio:.0f} times the {resource} that was measured: where your "
                    "load is as steady, what you measure yourself may do (docs/load.md)"
                )
            elif ratio * DISAGREE < 1:
                yield (
                    f"{self.backend}: the rules ask for {resource} of which {1 / ratio:.0f} times as much was "
                    "measured: size by what you measure yourself (docs/load.md)"
                )


def compared(backend: str, said: Sizing) -> Comparison | None:
    """Return a backend's comparison; None: nothing was measured."""
    if said.measured is None:
        return None
    cpu, memory = sum(need.cpu for need in said.needs), sum(need.memory for need in said.needs)
    return Comparison(backend, cpu, memory, said.measured)
