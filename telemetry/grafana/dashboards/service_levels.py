"""The dashboard of service levels: what is promised, what is left of each error budget, and of each tenant's own."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.config.monitoring import Objective
from telemetry.monitoring import slo, tenant_slo
from telemetry.spec.panel_queries import TENANT, of_tenants, part
from telemetry.spec.panels import Dashboard, Panel, Query, Row, Variable, panel
from telemetry.spec.promql import Scope
from telemetry.spec.service_levels import Indicator, TenantIndicator
from telemetry.stack import Stack

RECORDED = "Needs the recorded series (docs/monitoring.md)."
_BURNS = ("5m", "1h", "6h", "3d")


def dashboard(stack: Stack) -> Dashboard | None:
    """Return the dashboard of service levels; None where nothing is promised."""
    here, promised = Scope.namespace(stack.namespace.name), slo.every_indicator(stack)
    if not promised:
        return None
    rows = [Row(_title(each), tuple(_of_platform(each))) for each in promised]
    of_each = tenant_slo.indicators(stack)
    if of_each:
        rows.append(Row("Of each tenant's own", tuple(_of_tenants(here, of_each))))
    chosen = (Variable(TENANT, "Tenant", tenant_slo.tenants(stack), several=True),) if of_each else ()
    about = "What is promised of each signal, and what is left of the error budgets of 30 days."
    return Dashboard("slo", "Service levels", about, tuple(rows), chosen)


def failed(each: Indicator) -> str:
    """Return the part of 30 days' requests that went wrong."""
    bad, total = (f"sum(sum_over_time({each.here(series, slo=each.slo)}[30d]))" for series in (slo.BAD, slo.TOTAL))
    return f"({bad} / {total})"


def budget(objective: Objective) -> str:
    """Return the part of requests that may go wrong."""
    return f"{slo.budget(objective):.6g}"


def _title(each: Indicator) -> str:
    within = f" within {each.objective.latency}" if each.objective.latency else ""
    return f"{each.what.capitalize()}: {each.objective.target:g} %{within}"


def _of_platform(each: Indicator) -> Iterator[Panel]:
    what, left = each.what.capitalize(), Query(f"1 - {failed(each)} / {budget(each.objective)}", "left")
    about = f"1: nothing failed; 0: as much failed as may; below 0 the promise is broken. {RECORDED}"
    yield Panel(f"{what}: error budget left", about, "percentunit", (left,), kind="stat", width=4, bad_below=0)
    burns = panel(
        f"{what}: burn rates",
        "short",
        f"By window. At 1 the budget lasts 30 days. Pages above 14.4 within 1h, or 6 within 6h. {RECORDED}",
        *((f"{each.here(slo.ratio(window), slo=each.slo)} / {budget(each.objective)}", window) for window in _BURNS),
    )
    yield replace(burns, width=10, bad_above=1)
    wrong = panel(
        f"{what}: gone wrong",
        "percentunit",
        f"The part that failed by our fault or took too long; more than {budget(each.objective)} spends the budget.",
        (part(f"({each.bad})", f"({each.total})"), "of the last five minutes"),
    )
    yield replace(wrong, width=10, bad_above=slo.budget(each.objective))


def _of_tenants(here: Scope, promised: tuple[TenantIndicator, ...]) -> Iterator[Panel]:
    """Yield how the chosen tenants fare; limits count, as what is beyond them is lost to the tenant."""
    chosen = of_tenants("tenant")
    for each in promised:
        bad, total = (
            f"sum by (tenant) (sum_over_time({here(series, chosen, slo=each.slo)}[30d]))"
            for series in (tenant_slo.BAD, tenant_slo.TOTAL)
        )
        left = Query(f"1 - {bad} / {total} / {budget(each.objective)}", "{{tenant}}")
        about = f"Of {each.objective.target:g} % that are promised; what limits refuse is in it. {RECORDED}"
        title = f"{each.what.capitalize()}: error budget left"
        yield Panel(title, about, "percentunit", (left,), kind="stat", width=12, bad_below=0)
        lost = panel(
            f"{each.what.capitalize()}: lost or failed",
            "percentunit",
            f"The part of the last six hours. {RECORDED}",
            (here(tenant_slo.ratio("6h"), chosen, slo=each.slo), "{{tenant}}"),
        )
        yield replace(lost, width=12, bad_above=slo.budget(each.objective))
