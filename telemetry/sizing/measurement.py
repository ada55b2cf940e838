"""What the rules ask for under a load, held against what was measured: two opinions, of which the rules are used."""

from collections.abc import Iterator
from dataclasses import dataclass

from telemetry.spec.sizing import Measured, Sizing

DISAGREE = 5
"""Times as much by the one as by the other that is worth a warning: the rules leave room for peaks, compaction and
queries, and a measurement on one machine leaves out what lies between machines."""


@dataclass(frozen=True)
class Comparison:
    """A backend under a load, all roles together that were measured."""

    backend: str
    cpu: float
    """Millicores by the rules; 0: none says it."""
    memory: float
    """Bytes by the rules; 0: none says it."""
    measured: Measured

    @property
    def ratios(self) -> dict[str, float]:
        """How many times what was measured the rules ask for, by resource; 0: no rule says it."""
        return {"CPU": self.cpu / self.measured.cpu, "memory": self.memory / self.measured.memory}

    @property
    def unsaid(self) -> tuple[str, ...]:
        """The resources of which no rule says how much these roles take."""
        return tuple(resource for resource, ratio in self.ratios.items() if not ratio)

    def warnings(self) -> Iterator[str]:
        """Yield a line for each resource of which the one says many times what the other does."""
        for resource, ratio in self.ratios.items():
            if ratio > DISAGREE:
                yield (
                    f"{self.backend}: the rules ask for {ratio:.0f} times the {resource} that was measured: where your "
                    "load is as steady, what you measure yourself may do (docs/load.md)"
                )
            elif 0 < ratio * DISAGREE < 1:
                yield (
                    f"{self.backend}: the rules ask for {resource} of which {1 / ratio:.0f} times as much was "
                    "measured: size by what you measure yourself (docs/load.md)"
                )


def compared(backend: str, said: Sizing) -> Comparison | None:
    """Return a backend's comparison; None: nothing was measured."""
    measured = said.measured
    if measured is None:
        return None
    needs = [need for need in said.needs if measured.compares(need)]
    return Comparison(backend, sum(need.cpu for need in needs), sum(need.memory for need in needs), measured)
