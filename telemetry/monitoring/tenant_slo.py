"""Error budgets of each tenant: how much of what it sends is not kept, and which of its queries fail.

Whatever the reason: what is dropped because a tenant is at its limit is no failure of the platform (slo.py), and a loss
to the tenant all the same. The objectives are those of the signal. Only tenants of the settings are counted, so the
number of series is known.
"""

from collections.abc import Iterator

from telemetry.config.monitoring import MOST_BUDGETS
from telemetry.monitoring.slo import SLOW, over, too_fast
from telemetry.spec.alerts import Alert, Record, Rule
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import TenantIndicator, Tenants
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first

TOTAL, BAD = "telemetry:tenant_items:rate5m", "telemetry:tenant_items_bad:rate5m"
"""Samples, spans, lines or queries per second, and those of them that were lost or failed; by `slo` and `tenant`."""


def ratio(window: str) -> str:
    """Return the recorded part of them that was lost or failed within a window."""
    return f"telemetry:tenant_items_bad:ratio{window}"


def tenants(stack: Stack) -> tuple[str, ...]:
    """Return the ids of the tenants that have budgets of their own."""
    if stack.monitoring.budget_tenants is not None:
        return tuple(stack.monitoring.budget_tenants)
    every = tuple(tenant.id for tenant in stack.tenants)
    return every if len(every) <= MOST_BUDGETS else ()


def indicators(stack: Stack) -> tuple[TenantIndicator, ...]:
    """Return what is promised of each tenant's own; nothing without tenants."""
    told_apart = Tenants(Scope.namespace(stack.namespace.name), tenants(stack))
    if not told_apart.ids:
        return ()
    return tuple(
        indicator
        for backend in metrics_first(stack.backends)
        if backend.of.tenant_indicators is not None
        for indicator in backend.of.tenant_indicators(backend.context, told_apart)
    )


def rules(stack: Stack) -> Iterator[Rule]:
    """Yield what is recorded of each tenant, and one alert: it is the tenant who has to act, and not at night."""
    promised, here = indicators(stack), Scope.namespace(stack.namespace.name)
    if not promised:
        return
    for each in promised:
        labels = {"namespace": stack.namespace.name, "slo": each.slo}
        yield Record(TOTAL, each.total, labels)
        yield Record(BAD, each.bad, labels)
    for window in (window for burn in SLOW for window in (burn.short, burn.long)):
        yield Record(ratio(window), over(here, window, BAD, TOTAL, "namespace, slo, tenant"))
    yield Alert(
        "TenantBudgetBurnsSlow",
        " or ".join(part for each in promised for part in too_fast(here, each.slo, each.objective, SLOW, ratio)),
        "ticket",
        "15m",
        "Too much of a tenant's own is lost or fails: at this rate its error budget of 30 days lasts 30 days or less.",
        "{{ $value | humanizePercentage }} of {{ $labels.tenant }}'s, by {{ $labels.slo }}.",
    )
