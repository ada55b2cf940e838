"""Whether a stack fits its namespace and its nodes, and what to do if it does not."""

from collections.abc import Iterator
from dataclasses import dataclass

from telemetry.capacity import counted, limits, volumes
from telemetry.capacity.figures import Line, Report, Scenario, report
from telemetry.capacity.summary import Summary, summary
from telemetry.capacity.verdict import Verdict
from telemetry.config.amounts import MI, Resource, readable
from telemetry.config.resources import Nodes
from telemetry.sizing.report import warnings as of_load
from telemetry.stack import Stack

__all__ = ["Shortfall", "Summary", "Verdict", "check", "shortfalls", "summary"]

_NAMESPACE = "telemetry:namespace"


@dataclass(frozen=True)
class Shortfall:
    """A resource of which a quota has too little."""

    line: Line
    scenario: Scenario
    limit: int

    @property
    def required(self) -> int:
        """What the quota must have room for."""
        return self.line.required(self.scenario)

    @property
    def raise_by(self) -> int:
        """The smallest increase that makes it fit, in whole millicores or Mi."""
        return _up(self.required - self.limit, self.line.resource)

    @property
    def raise_to(self) -> int:
        """The smallest quota that it fits, in whole millicores or Mi."""
        return _up(self.required, self.line.resource)

    def sums(self) -> str:
        """Return what is added up, such as `2630m used + 3160m new = 5790m`."""
        line, parts = self.line, []
        if line.used:
            parts.append(f"{self._text(line.used)} used")
        at_most = " at maximum autoscaling" if line.growth else ""
        parts.append(f"{self._text(line.asked(Scenario.AT_MAXIMUM))} new{at_most}")
        if self.scenario is Scenario.WITH_PHASE_3 and not line.phase_3_runs:
            parts.append(f"{self._text(line.phase_3)} for Phase 3")
        return f"{' + '.join(parts)} = {self._text(self.required)}"

    def increase(self) -> str:
        """Return the smallest increase, such as `requests.cpu by 1790m to 5790m`."""
        return f"requests.{self.line.resource} by {self._text(self.raise_by)} to {self._text(self.raise_to)}"

    def short(self) -> str:
        """Return the shortfall in a few words, such as `requests.cpu needs 5790m of 4000m`."""
        return f"requests.{self.line.resource} needs {self._text(self.required)} of {self._text(self.limit)}"

    def _text(self, amount: int) -> str:
        return readable(self.line.resource, amount)


def shortfalls(lines: tuple[Line, ...], scenario: Scenario, *, requested: bool) -> list[Shortfall]:
    """Return the resources of which today's quota, or the requested one, has too little; none without a quota."""
    limits = ((line, line.requested if requested else line.quota) for line in lines)
    return [
        Shortfall(line, scenario, limit)
        for line, limit in limits
        if limit is not None and line.required(scenario) > limit
    ]


def check(stack: Stack) -> Verdict:
    """Return what speaks against deploying a stack; autoscaling counts at its maximum."""
    figures = report(stack)
    of_quota = _quota(figures, stack.namespace.quota_increase)
    also = counted.check(stack)
    slots = (line for line in [volumes.shortage(stack)] if line)
    refusals = (
        *of_quota.refusals,
        *also.refusals,
        *limits.check(stack),
        *slots,
        *_too_large(figures, stack.kubernetes.nodes),
    )
    later = () if refusals else tuple(_with_phase_3(figures))
    return Verdict(refusals, (*of_quota.warnings, *also.warnings, *later, *of_load(stack)))


def _quota(figures: Report, increase: str | None) -> Verdict:
    """Return a refusal for each resource that is short, or one warning while an increase is under way."""
    today = shortfalls(figures.lines, Scenario.AT_MAXIMUM, requested=False)
    if not today:
        return Verdict()
    if increase is None:
        hint = "or lower roles; if an increase is under way, say so in quota_increase"
        return Verdict(
            tuple(
                f"{_NAMESPACE}.quota.{each.line.resource}: {each.sums()}, but the quota is "
                f"{readable(each.line.resource, each.limit)}; raise {each.increase()}, {hint}"
                for each in today
            )
        )
    still_short = shortfalls(figures.lines, Scenario.AT_MAXIMUM, requested=True)
    if still_short:
        return Verdict(
            tuple(
                f"{_NAMESPACE}.requested_quota.{each.line.resource}: {each.sums()}, but even the {increase} quota is "
                f"{readable(each.line.resource, each.limit)}; raise {each.increase()}, or lower roles"
                for each in still_short
            )
        )
    sums = "; ".join(each.short() for each in today)
    consequence = (
        "pods will be rejected until the increase is granted"
        if increase == "requested"
        else "the figures of namespace.quota are out of date and only the granted quota has room; bring them up to "
        "date and remove quota_increase"
    )
    return Verdict(warnings=(f"{_NAMESPACE}.quota_increase: {increase}: {sums}; {consequence}",))


def _with_phase_3(figures: Report) -> Iterator[str]:
    """Yield a warning if there is no room for Phase 3 in the quota that there will be."""
    requested = any(line.requested is not None for line in figures.lines)
    short = shortfalls(figures.lines, Scenario.WITH_PHASE_3, requested=requested)
    if short and any(line.phase_3 for line in figures.lines):
        which = "the requested quota" if requested else "the quota"
        sums = "; ".join(f"{each.sums()}, raise {each.increase()}" for each in short)
        yield f"{_NAMESPACE}.phase_3: {which} has no room for Phase 3: {sums}"


def _too_large(figures: Report, nodes: Nodes | None) -> Iterator[str]:
    """Yield a refusal for each role of which not one replica fits a node."""
    if nodes is None:
        return
    for row in figures.rows:
        sizes: tuple[tuple[Resource, int, int], ...] = (
            ("cpu", row.size.cpu, nodes.cpu),
            ("memory", row.size.memory, nodes.memory),
        )
        for resource, asked, has in sizes:
            if asked > has:
                yield (
                    f"{row.key}.{resource}: asks for {readable(resource, asked)} per replica; "
                    f"a node has {readable(resource, has)}: lower it"
                )


def _up(amount: int, resource: Resource) -> int:
    """Return an amount rounded up to whole millicores or Mi: what can be typed into a quota."""
    unit = 1 if resource == "cpu" else MI
    return -(-amount // unit) * unit
