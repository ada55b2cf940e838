"""Service level objectives: how many requests go wrong, and alerts when the error budget goes too fast.

A request is good when it is answered without a server's error, and within the time that is promised, if any. Windows
and burn rates are those of the SRE workbook (chapter 5, 'Multiwindow, Multi-Burn-Rate Alerts') for a budget of 30 days.
Spans and samples that are refused because a tenant is at its limit are no failure of the platform.
"""

from collections.abc import Iterator
from typing import NamedTuple

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


class _Burn(NamedTuple):
    rate: float
    long: str
    short: str


_FAST = (_Burn(14.4, "1h", "5m"), _Burn(6, "6h", "30m"))
"""2 % of the budget in an hour, 5 % in six."""
_SLOW = (_Burn(3, "1d", "2h"), _Burn(1, "3d", "6h"))
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
    """Yield what is recorded: requests, then the parts of them that went wrong."""
    namespace = stack.namespace.name
    here = Scope.namespace(namespace)  # of what is recorded as well: one Prometheus may know several environments
    for each in indicators(stack):
        labels = {"namespace": namespace, "slo": each.slo}
        yield Record(TOTAL, each.total, labels)
        yield Record(BAD, each.bad, labels)
    for window in _WINDOWS:
        bad, total = (f"sum by (namespace, slo) (sum_over_time({here(name)}[{window}]))" for name in (BAD, TOTAL))
        yield Record(ratio(window), f"{bad} / {total}")


def alerts(stack: Stack) -> Iterator[Alert]:
    """Yield the alerts on what is recorded."""
    here = Scope.namespace(stack.namespace.name)
    for each in indicators(stack):
        yield _alert(here, each, "Fast", "page", _FAST, "2m", "five days or less")
        yield _alert(here, each, "Slow", "ticket", _SLOW, "15m", "30 days or less")


def _alert(
    here: Scope, each: Indicator, speed: str, severity: Severity, burns: tuple[_Burn, ...], wait: str, left: str
) -> Alert:
    """Return an alert that needs both windows of a burn: the long one is certain, the short one says it goes on."""
    budget = (100 - each.objective.target) / 100
    pairs = []
    for burn in burns:
        over = f"{burn.rate * budget:.6g}"
        long, short = (f"{here(ratio(window), slo=each.slo)} > {over}" for window in (burn.long, burn.short))
        pairs.append(f"({long} and {short})")
    within = f" within {each.objective.latency}" if each.objective.latency else ""
    return Alert(
        f"{each.title}Burns{speed}",
        " or ".join(pairs),
        severity,
        wait,
        f"Too many failures at {each.what}: at this rate the error budget of 30 days lasts {left}.",
        f"{{{{ $value | humanizePercentage }}}} fail; {each.objective.target:g} % are to succeed{within}.",
    )
