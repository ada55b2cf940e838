"""Why more quota is asked for, in words: what a request says below its figures."""

from collections.abc import Iterable, Iterator

from telemetry.capacity.figures import Report, Row
from telemetry.config.amounts import NAMES, rounded

_REPLICATED = 3
"""The fewest replicas of which one may be lost while the others still agree."""
_NO_CPU_LIMITS = (
    "**No CPU limits**: Linux throttles a container that has used up its limit within 100 ms, and writes wait although "
    "the node has CPU to spare. Requests are what scheduling and autoscaling need, and they are counted above."
)


def justification(report: Report) -> list[str]:
    """Return the paragraphs of the request; none where no increase is requested."""
    if all(line.requested is None for line in report.lines):
        return []
    limits = () if report.has_cpu_limits else (_NO_CPU_LIMITS,)
    return [_purpose(report), *_availability(report.rows), *limits, *_phases(report), _increases(report)]


def _purpose(report: Report) -> str:
    return (
        f"**Purpose**: {_joined(report.backends)} are the telemetry platform of {report.environment}, on which the "
        "monitoring, alerting and troubleshooting of all its workloads rest."
    )


def _availability(rows: Iterable[Row]) -> Iterator[str]:
    several = [row for row in rows if row.size.replicas > 1]
    holding = [row for row in several if row.size.volume and row.size.replicas >= _REPLICATED]
    stateless = [row for row in several if not row.size.volume]
    if holding:
        yield (
            f"**Data**: {_joined(f'{row.size.replicas} replicas of {row.backend} {row.role}' for row in holding)} are "
            "needed so that one can be lost without losing what was taken. When they end they write what they hold to "
            "the object store; their volume claims keep it through a crash, a restart and an update."
        )
    if stateless:
        fewest = min(row.size.replicas for row in stateless)
        yield (
            f"**Availability**: {len(stateless)} roles that hold no data have at least {fewest} replicas, so that an "
            "update or a lost node takes none of them away."
        )


def _phases(report: Report) -> Iterator[str]:
    later = [line for line in report.lines if line.phase_3]
    if later:
        amounts = _joined(f"{NAMES[line.resource]} {rounded(line.resource, line.phase_3)}" for line in later)
        yield f"**One request for Phases 1 and 3**: it has room for Phase 3 ({amounts}), so that no second one follows."


def _increases(report: Report) -> str:
    changes = (
        f"{NAMES[line.resource]} {rounded(line.resource, line.quota)} → {rounded(line.resource, line.requested)}"
        for line in report.lines
        if line.quota is not None and line.requested is not None
    )
    return f"**Requested increases**: {', '.join(changes)}."


def _joined(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
