"""The dashboard of alerts: what fires, what is about to, whom it is about, and what nobody would notice."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.monitoring.rules import families_of
from telemetry.spec.alerts import Alert
from telemetry.spec.panels import Dashboard, Panel, Query, Row, panel
from telemetry.spec.promql import Scope, one_of
from telemetry.stack import Stack


def dashboard(stack: Stack) -> Dashboard:
    """Return the dashboard of alerts. They are recorded where the rules are evaluated."""
    here = Scope.namespace(stack.namespace.name)
    rows = (Row("Now", tuple(_now(stack, here))), Row("Over time", tuple(_over_time(here))))
    about = "What fires, what is about to, and what is not seen. Each alert has a runbook (docs/runbooks.md)."
    return Dashboard("alerts", "Alerts", about, rows)


def _now(stack: Stack, here: Scope) -> Iterator[Panel]:
    firing, pending = (here("ALERTS", alertstate=each) for each in ("firing", "pending"))
    about = "By severity. Empty where nothing fires, and where no rules are loaded."
    counted = Query(f"count by (severity) ({firing})", "{{severity}}")
    yield Panel("Alerts that fire", about, "short", (counted,), kind="stat", width=6, bad_above=1)
    about = "What holds, but not for long enough yet."
    waiting = Query(f"count by (severity) ({pending})", "{{severity}}")
    yield Panel("About to fire", about, "short", (waiting,), kind="stat", width=6)
    about = "Sources without data. Until they are scraped, every other alert on them is silent whatever happens."
    alerts = (rule for family in families_of(stack) for rule in family.rules if isinstance(rule, Alert))
    names = [each.name for each in alerts if each.is_on_missing_data]
    blind = here("ALERTS", one_of("alertname", names), alertstate="firing")
    yield Panel("Blind", about, "short", (Query(f"sum by (alertname) ({blind})", "{{alertname}}"),), "stat", 6, 1)
    about = "Alerts about what a tenant sends or asks; those who look after it have to act."
    of_tenants = here("ALERTS", 'tenant!=""', alertstate="firing")
    yield Panel("By tenant", about, "short", (Query(f"count by (tenant) ({of_tenants})", "{{tenant}}"),), "stat", 6)


def _over_time(here: Scope) -> Iterator[Panel]:
    firing = here("ALERTS", alertstate="firing")
    shown = panel(
        "Which fire",
        "short",
        "How many of each name.",
        (f"sum by (alertname, severity) ({firing})", "{{alertname}} ({{severity}})"),
    )
    yield replace(shown, width=12)
    since = f"time() - min by (alertname) ({here('ALERTS_FOR_STATE')})"
    lasting = panel(
        "For how long", "s", "Since when each has held, before it fired included.", (since, "{{alertname}}")
    )
    yield replace(lasting, width=12)
