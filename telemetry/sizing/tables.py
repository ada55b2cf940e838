"""What is said of a stack's sizes, as tables for the terminal and Markdown, and as JSON."""

from collections.abc import Container, Iterable, Iterator, Sequence
from math import ceil
from typing import Any

from telemetry.capacity.tables import Table
from telemetry.config.amounts import Resource, rounded
from telemetry.config.load import Load
from telemetry.config.quantities import bytes_text
from telemetry.sizing.judgement import REPLICAS, RESOURCE_OF, Judged, State
from telemetry.sizing.measurement import Comparison
from telemetry.sizing.proposal import Proposal
from telemetry.sizing.report import Bucket, Report
from telemetry.spec.sizing import GB, Growth, Need

_COLUMNS = (REPLICAS, *RESOURCE_OF)
_ARROW = "→"


def load(given: Load) -> Table:
    """Return the load, a row for each figure."""
    table = Table("Load", ("Signal", "What", "Peak"))
    said = given.model_dump(exclude_unset=True)
    for signal, figures in given.model_dump(exclude_none=True).items():
        for name, value in figures.items() if isinstance(figures, dict) else ((signal, figures),):
            shown = bytes_text(value) if name.startswith("bytes") else f"{value:,}"
            assumed = "" if name == signal or name in said[signal] else " (assumed)"
            table.add("stack" if name == signal else signal, name.replace("_", " "), shown + assumed)
    return table


def roles(report: Report) -> Table:
    """Return every role: what it asks for, an arrow to what it should ask for, and how that stands to the load."""
    table = Table(
        f"Sizes of {report.environment}, each pod's",
        ("Role", "Pods", "CPU", "Memory", "Volume", "Verdict"),
    )
    for each in report.roles:
        table.add(f"{each.backend} {each.role}", *(_cell(each, key) for key in _COLUMNS), str(each.state))
    return table


def buckets(report: Report) -> Table:
    """Return how buckets grow."""
    table = Table("Growth of buckets", ("Bucket", "GB a month", "Kept", "GB then", "Objects", "Volumes"))
    for each in report.buckets:
        table.add(
            each.name,
            _gb(each.month),
            f"{each.kept_days:g} d",
            _gb(each.at_most),
            "not known" if each.objects is None else f"{each.objects:,}",
            str(each.volumes),
        )
    return table


def measured(report: Report) -> Table:
    """Return what the rules ask for beside what was measured, all roles of a backend together."""
    beside = ("CPU by the rules", "as measured", "times", "Memory by the rules", "as measured", "times")
    table = Table("Rules and measurements", ("Backend", *beside))
    for each in report.comparisons:
        cpu, memory = each.ratios.values()
        table.add(
            each.backend,
            *_beside("cpu", each.cpu, each.measured.cpu, cpu),
            *_beside("memory", each.memory, each.measured.memory, memory),
        )
    return table


def _beside(resource: Resource, by_rules: float, measured: float, ratio: float) -> tuple[str, str, str]:
    shown = rounded(resource, ceil(measured))
    return (rounded(resource, ceil(by_rules)), shown, f"{ratio:.1f}x") if by_rules else ("no rule", shown, "")


def measured_lines(report: Report) -> list[str]:
    """Return which of the two is used and why, and a line for each disagreement that is worth one."""
    lines = list[str]()
    for each in report.comparisons:
        lines.append(f"{each.backend}: {_used(each)}; measured was {each.measured.scope} ({each.measured.where})")
        lines += (f"warning: {line}" for line in each.warnings())
    return lines


def _used(each: Comparison) -> str:
    if not each.unsaid:
        return "the rules are used, for they leave room for peaks and count queries and compaction"
    return (
        f"the rules are used, and none says how much {' and '.join(each.unsaid)} these roles take: no size is judged "
        "by what was measured"
    )


def reasons(report: Report) -> list[str]:
    """Return a line for each role and bucket: what it needs and why; then where that can be read, by number."""
    sources = list(dict.fromkeys(each.source for each in _reasoned(report)))
    said = [
        f"{each.backend} {each.role} needs {_needs(each.need)}: {_reason(each.need, sources)}"
        for each in report.roles
        if each.need
    ]
    said += [f"{each.name}: {_reason(each.growth, sources)}" for each in report.buckets]
    return [*said, *report.notes, *(f"[{number}] {source}" for number, source in enumerate(sources, 1))]


def _reasoned(report: Report) -> Iterator[Need | Growth]:
    yield from (each.need for each in report.roles if each.need)
    yield from (each.growth for each in report.buckets)


def _reason(of: Need | Growth, sources: Sequence[str]) -> str:
    return f"{of.reason} [{sources.index(of.source) + 1}]"


def verdict_lines(report: Report) -> list[str]:
    """Return a line for each role that has too little or too much, with what to write or to do instead."""
    found, said = list[str](), set[str]()
    for state in (State.BEYOND, State.SHORT, State.WASTE):
        for each in report.having(state):
            found.append(f"{each.state}: {each.key}: {'; '.join((*_together(each.short), *_advice(each, said)))}")
            said.update(each.refusals)
    found += [f"{State.SHORT}: {line}" for line in report.limits]
    return found or ["The sizes fit the load, as far as there are rules."]


def markdown(proposal: Proposal, given: Load) -> str:
    """Return all of it as Markdown."""
    report, quota = proposal.report, proposal.shortfalls
    parts = [
        *(table.markdown() for table in (load(given), roles(report), buckets(report))),
        *((measured(report).markdown(), _list("Which is used", measured_lines(report))) if report.comparisons else ()),
        _list("Verdict", verdict_lines(report)),
        *((_list("Too little for these sizes", quota),) if quota else ()),
        _list("Why", reasons(report)),
    ]
    return "\n\n".join([f"# Sizes of {report.environment} for a load", *parts, ""])


def document(proposal: Proposal) -> dict[str, Any]:
    """Return all of it for programs; CPU in millicores, everything else in bytes."""
    report = proposal.report
    return {
        "environment": report.environment,
        "roles": [_role(each) for each in report.roles],
        "buckets": [_bucket(each) for each in report.buckets],
        "limits": list(report.limits),
        "quota": list(proposal.shortfalls),
        "notes": list(report.notes),
        "measured": [_compared(each) for each in report.comparisons],
    }


def _role(each: Judged) -> dict[str, Any]:
    need = each.need
    return {
        "key": each.key,
        "verdict": str(each.state),
        "short_of": list(each.short),
        "refusals": list(each.refusals),
        "has": {REPLICAS: each.size.max_replicas, **{key: getattr(each.size, key) for key in RESOURCE_OF}},
        "needs": None if need is None else {key: ceil(getattr(need, key)) for key in _COLUMNS},
        "proposed": {key: each.proposed(key) for key in _COLUMNS},
        "settings": each.settings,
        "reason": None if need is None else need.reason,
        "source": None if need is None else need.source,
    }


def _compared(each: Comparison) -> dict[str, Any]:
    return {
        "backend": each.backend,
        "by_the_rules": {"cpu": ceil(each.cpu) or None, "memory": ceil(each.memory) or None},
        "measured": {"cpu": ceil(each.measured.cpu), "memory": ceil(each.measured.memory)},
        "where": each.measured.where,
        "warnings": list(each.warnings()),
    }


def _bucket(each: Bucket) -> dict[str, Any]:
    return {
        "name": each.name,
        "bytes_per_day": ceil(each.growth.bytes_per_day),
        "kept_seconds": each.growth.kept_seconds,
        "bytes_at_most": ceil(each.at_most),
        "objects": each.objects,
        "volumes": each.volumes,
        "reason": each.growth.reason,
        "source": each.growth.source,
    }


def _cell(each: Judged, key: str) -> str:
    """Return a size as it is, with what it should be where that is another."""
    own = each.size.max_replicas if key == REPLICAS else getattr(each.size, key)
    proposed = each.proposed(key)
    shown = [_amount(key, value) for value in dict.fromkeys((own, proposed)) if value is not None]
    return _ARROW.join(shown)


def _amount(key: str, value: int) -> str:
    return str(value) if key == REPLICAS else rounded(RESOURCE_OF[key], value)


def _needs(need: Need) -> str:
    """Return what a role needs over all replicas."""
    cpu, memory, volume = (rounded(resource, ceil(getattr(need, key))) for key, resource in RESOURCE_OF.items())
    return f"{cpu} and {memory}" + (f", and {volume} of disk," if need.volume else "") + " in all"


def _together(short: Sequence[str]) -> tuple[str, ...]:
    return (", ".join(short),) if short else ()


def _advice(each: Judged, said: Container[str]) -> Iterator[str]:
    """Yield what to write, or else why there is nothing to; what was said of another role is not said again."""
    if not each.refusals:
        yield "set " + ", ".join(f"{key}: {value}" for key, value in each.settings.items())
    for line in each.refusals:
        yield "refused, as above" if line in said else line


def _gb(amount: float) -> str:
    return f"{amount / GB:,.0f}" if amount >= 10 * GB else f"{amount / GB:.2g}"


def _list(title: str, items: Iterable[str]) -> str:
    return "\n".join([f"### {title}", "", *(f"- {item}" for item in items)])
