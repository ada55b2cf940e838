"""Service level objectives: how many requests go wrong, and alerts when the error budget goes too fast.

A request is good when it is answered without a server's error, and within the time that is promised, if any. Windows
and burn rates are those of the SRE workbook (chapter 5, 'Multiwindow, Multi-Burn-Rate Alerts') for a budget of 30 days.
Spans and samples that are refused because a tenant is at its limit are no failure of the platform.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from telemetry.config.monitoring import Objective
from telemetry.spec.alerts import Alert, Record, Severity
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first

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
    """Return what is promised, with the expressions for all requests and for bad ones, per second."""
    return tuple(
        indicator
        for backend in metrics_first(stack.backends)
        if backend.of.indicators is not None
        for indicator in backend.of.indicators(backend.context)
    )


def records(stack: Stack) -> Iterator[Record]:
    """Yield the requests that are recorded, and those of them that went wrong."""
    for each in indicators(stack):
        labels = {"namespace": stack.namespace.name, "slo": each.slo}
        yield Record(TOTAL, each.total, labels)
        yield Record(BAD, each.bad, labels)


def ratios(stack: Stack) -> Iterator[Record]:
    """Yield the parts of requests that went wrong. Their windows move on with the records, a minute later at most."""
    here = Scope.namespace(stack.namespace.name)  # one Prometheus may know several environments
    if indicators(stack):
        yield from (Record(ratio(window), over(here, window, BAD, TOTAL, "namespace, slo")) for window in _WINDOWS)


def over(here: Scope, window: str, bad: str, total: str, by: str) -> str:
    """Return the part of what was recorded within a window that went wrong, by labels."""
    some, all_ = (f"sum by ({by}) (sum_over_time({here(name)}[{window}]))" for name in (bad, total))
    return f"{some} / {all_}"


def alerts(stack: Stack) -> Iterator[Alert]:
    """Yield the alerts on what is recorded."""
    here = Scope.namespace(stack.namespace.name)
    for each in indicators(stack):
        yield _alert(here, each, "Fast", "page", _FAST, "2m", "five days or less")
        yield _alert(here, each, "Slow", "ticket", SLOW, "15m", "30 days or less")


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


def _alert(
    here: Scope, each: Indicator, speed: str, severity: Severity, burns: tuple[Burn, ...], wait: str, left: str
) -> Alert:
    within = f" within {each.objective.latency}" if each.objective.latency else ""
    return Alert(
        f"{each.title}Burns{speed}",
        " or ".join(too_fast(here, each.slo, each.objective, burns, ratio)),
        severity,
        wait,
        f"Too many failures at {each.what}: at this rate the error budget of 30 days lasts {left}.",
        f"{{{{ $value | humanizePercentage }}}} fail; {each.objective.target:g} % are to succeed{within}.",
    )
