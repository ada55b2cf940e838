"""What a backend took of a machine under load, as `make load` has measured it (docs/load.md)."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from telemetry.config.load import MetricsLoad
from telemetry.spec.sizing import Measured

_CORE = 1_000


@dataclass(frozen=True)
class Figures:
    """One run, with so many copies of each series."""

    samples_per_second: float
    """The most that was carried."""
    series: int
    """Series that they were of."""
    samples_per_cpu_second: float
    """Samples for each second of CPU of all of its processes meanwhile."""
    bytes_per_series: float
    """Resident memory for each series and copy, queries and buffers included."""
    where: str
    """Day, commit and machine."""


@dataclass(frozen=True)
class Measurements:
    """The last runs of a backend."""

    file: Path
    """Figures by how many copies of each series there were."""
    processes: str
    """What ran, for people."""
    roles: frozenset[str] | None = None
    """The roles that ran; None: all of them."""

    def figures(self) -> dict[int, Figures]:
        """Return the last run's figures by how many copies of each series there were."""
        found = json.loads(self.file.read_text(encoding="utf-8"))
        return {int(copies): Figures(**each) for copies, each in found.items()}

    def write(self, copies: int, figures: Figures) -> None:
        """Put a run's figures in place of those of the last one with as many copies."""
        every = {**self.figures(), copies: figures}
        text = json.dumps({str(each): asdict(every[each]) for each in sorted(every)}, indent=2)
        self.file.write_text(text + "\n", encoding="utf-8")

    def of(self, load: MetricsLoad, copies: int) -> Measured | None:
        """Return what a load would take by these figures; None: nothing was measured with so many copies."""
        found = self.figures().get(copies)
        if found is None:
            return None
        return Measured(
            cpu=load.samples_per_second / found.samples_per_cpu_second * _CORE,
            memory=load.active_series * copies * found.bytes_per_series,
            scope=f"steady writing of {found.samples_per_second:,.0f} samples/s of {found.series:,} series to "
            f"{self.processes}, with a folder in place of the object store",
            where=found.where,
            roles=self.roles,
        )
