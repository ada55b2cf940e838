"""What Mimir took of a machine under load, as `make load` has measured it (docs/load.md)."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from telemetry.config.load import MetricsLoad
from telemetry.spec.sizing import Measured

FILE = Path(__file__).with_name("measured.json")
_CORE = 1_000


@dataclass(frozen=True)
class Figures:
    """One run, with as many copies of each series as there were Mimirs."""

    samples_per_second: float
    """The most that was carried."""
    series: int
    """Series that they were of."""
    samples_per_cpu_second: float
    """Samples for each second of CPU of all Mimirs meanwhile."""
    bytes_per_series: float
    """Resident memory for each series and copy, queries and buffers included."""
    where: str
    """Day, commit and machine."""


def figures(file: Path = FILE) -> dict[int, Figures]:
    """Return the last run's figures by how many copies of each series there were."""
    return {int(copies): Figures(**each) for copies, each in json.loads(file.read_text(encoding="utf-8")).items()}


def write(copies: int, measured: Figures, file: Path = FILE) -> None:
    """Put a run's figures in place of those of the last one with as many copies."""
    every = {**figures(file), copies: measured}
    text = json.dumps({str(each): asdict(every[each]) for each in sorted(every)}, indent=2)
    file.write_text(text + "\n", encoding="utf-8")


def measured(load: MetricsLoad, copies: int, file: Path = FILE) -> Measured | None:
    """Return what a load would take by these figures; None: nothing was measured with so many copies."""
    found = figures(file).get(copies)
    if found is None:
        return None
    return Measured(
        cpu=load.samples_per_second / found.samples_per_cpu_second * _CORE,
        memory=load.active_series * copies * found.bytes_per_series,
        scope=f"steady writing of {found.samples_per_second:,.0f} samples/s of {found.series:,} series to processes of "
        "all roles, with a folder in place of the object store",
        where=found.where,
    )
