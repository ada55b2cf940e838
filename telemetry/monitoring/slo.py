"""Service level objectives: how many requests go wrong, and alerts when the error budget goes too fast.

A request is good when it is answered without a server's error, and within the time that is promised, if any. Windows
and burn rates are those of the SRE workbook (chapter 5, 'Multiwindow, Multi-Burn-Rate Alerts') for a budget of 30 days.
Spans and samples that are refused because a tenant is at its limit are no failure of the platform.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from telemetry.config.monitoring import Objective
from telemetry.spec.alerts import Alert, Record, Rule, Severity
from telemetry.spec.promql import Scope, one_of
from telemetry.spec.service_levels import Indicator
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first
from telemetry.stack.existing import ExistingBackend, existing_of

_WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
TOTAL, BAD = "telemetry:requests:rate5m", "telemetry:requests_bad:rate5m"
"""Requests per second, and those of them that went wrong; by `slo`. For spans: spans."""


def ratio(window: str) -> str:
    """Return the recorded part of requests that went wrong within a window."""
    return f"telemetry:requests_bad:ratio{window}"


class Burn(NamedTuple):
    """How fast a budget goes, as a multiple of what it lasts 30 days at, over a long and a short window."""

    rate: float
    long: str
    short: str


_FAST = (Burn(14.4, "1h", "5m"), Burn(6, "6h", "30m"))
"""2 % of the budget in an hour, 5 % in six."""
SLOW = (Burn(3, "1d", "2h"), Burn(1, "3d", "6h"))
"""10 % in a day, and in three."""


def indicators(stack: Stack) -> tuple[Indicator, ...]:
    """Return what is promised within the stack's namespace, by whoever runs it there."""
    ours = (
        indicator
        for backend in metrics_first(stack.backends)
        if backend.of.indicators is not None
        for indicator in backend.of.indicators(backend.context)
    )
    neighbours = (of_existing(stack, each) for each in existing_of(stack) if not _is_elsewhere(stack, each))
    return (*ours, *(indicator for promised in neighbours for indicator in promised))


def every_indicator(stack: Stack) -> tuple[Indicator, ...]:
    """Return what is promised, in the namespaces of others too."""
    apart = (of_existing(stack, each) for each in existing_of(stack) if _is_elsewhere(stack, each))
    return (*indicators(stack), *(indicator for promised in apart for indicator in promised))


def of_existing(stack: Stack, backend: ExistingBackend) -> tuple[Indicator, ...]:
    """Return what is promised of a backend that somebody else runs."""
    here = Scope.namespace(backend.settings.namespace)
    return tuple(backend.known.indicators(here, stack.monitoring.objectives))


def records(stack: Stack) -> Iterator[Record]:
    """Yield the requests that are recorded, and those of them that went wrong."""
    return _records(indicators(stack))


def ratios(stack: Stack) -> Iterator[Record]:
    """Yield the parts of requests that went wrong. Their windows move on with the records, a minute later at most."""
    here = Scope.namespace(stack.namespace.name)  # one Prometheus may know several environments
    return _ratios(here) if indicators(stack) else iter(())


def alerts(stack: Stack) -> Iterator[Alert]:
    """Yield the alerts on what is recorded."""
    return _alerts(indicators(stack))


def rules_elsewhere(stack: Stack, backend: ExistingBackend) -> Iterator[Rule]:
    """Yield all of this for a backend that somebody else runs in a namespace of theirs; else nothing."""
    promised = of_existing(stack, backend)
    if promised and _is_elsewhere(stack, backend):
        yield from _records(promised)
        here = promised[0].here
        # The expression gives them this label anyway; by it promtool tells them from the stack's own.
        for each in _ratios(here, one_of("slo", (each.slo for each in promised))):
            yield replace(each, labels=here.labels)
        yield from _alerts(promised)


def _is_elsewhere(stack: Stack, backend: ExistingBackend) -> bool:
    return backend.settings.namespace != stack.namespace.name


def _records(promised: Iterable[Indicator]) -> Iterator[Record]:
    for each in promised:
        labels = {**each.here.labels, "slo": each.slo}
        yield Record(TOTAL, each.total, labels)
        yield Record(BAD, each.bad, labels)


def _ratios(here: Scope, *matchers: str) -> Iterator[Record]:
    for window in _WINDOWS:
        yield Record(ratio(window), over(here, window, BAD, TOTAL, "namespace, slo", *matchers))


def over(here: Scope, window: str, bad: str, total: str, by: str, *matchers: str) -> str:
    """Return the part of what was recorded within a window that went wrong, by labels."""
    some, all_ = (f"sum by ({by}) (sum_over_time({here(name, *matchers)}[{window}]))" for name in (bad, total))
    return f"{some} / {all_}"


def _alerts(promised: Iterable[Indicator]) -> Iterator[Alert]:
    for each in promised:
        yield _alert(each, "Fast", "page", _FAST, "2m", "five days or less")
        yield _alert(each, "Slow", "ticket", SLOW, "15m", "30 days or less")


def too_fast(
    here: Scope, slo: str, objective: Objective, burns: Iterable[Burn], recorded: Callable[[str], str]
) -> Iterator[str]:
    """Yield what holds while a burn is seen in both windows: the long one is certain, the short one says it goes on."""
    for burn in burns:
        limit = f"{burn.rate * budget(objective):.6g}"
        long, short = (f"{here(recorded(window), slo=slo)} > {limit}" for window in (burn.long, burn.short))
        yield f"({long} and {short})"


def budget(objective: Objective) -> float:
    """Return the part of requests that may go wrong."""
    return (100 - objective.target) / 100


def _alert(each: Indicator, speed: str, severity: Severity, burns: tuple[Burn, ...], wait: str, left: str) -> Alert:
    within = f" within {each.objective.latency}" if each.objective.latency else ""
    return Alert(
        f"{each.title}Burns{speed}",
        " or ".join(too_fast(each.here, each.slo, each.objective, burns, ratio)),
        severity,
        wait,
        f"Too many failures at {each.what}: at this rate the error budget of 30 days lasts {left}.",
        f"{{{{ $value | humanizePercentage }}}} fail; {each.objective.target:g} % are to succeed{within}.",
    )
