"""Checks that the platform's own metrics arrive where rules and dashboards look for them."""

from typing import Any

import httpx

from telemetry.clients.reach import ask
from telemetry.clients.target import Tenant
from telemetry.operations.checklist import scraping
from telemetry.operations.checklist.model import ChecklistFinding, Given
from telemetry.spec.backend import Backend
from telemetry.spec.checks import CheckFailed, CheckSkipped
from telemetry.spec.promql import Scope
from telemetry.stack import Stack


def look(given: Given) -> ChecklistFinding:
    """Ask the metrics backend for one metric of each backend, as the tenant whose metrics they are.

    Where an operator scrapes, the metrics are its Prometheus': what can be seen is what that is told.
    """
    stack = given.stack
    if stack.monitoring.scrape == "operator":
        return scraping.look(given)
    if stack.dashboards is not None and stack.dashboards.datasource is not None:
        raise CheckSkipped(f"the metrics are in another Prometheus (datasource {stack.dashboards.datasource})")
    if not _is_told(stack):
        raise CheckSkipped(
            "nothing says where the platform's own metrics are (monitoring.scrape, monitoring.rules, dashboards)"
        )
    here, url = Scope.namespace(stack.namespace.name), given.target.addresses["metrics.query"]
    with given.target.client(owner(given)) as asking:
        counts = {backend.title: _count(asking, url, here, backend) for backend in (each.of for each in stack.backends)}
    missing = [name for name, count in counts.items() if count == 0]
    if missing:
        return ChecklistFinding("open", f"no metrics of {' and '.join(missing)} within the last five minutes")
    return ChecklistFinding("done", ", ".join(f"{count} pods of {name}" for name, count in counts.items()))


def owner(given: Given) -> Tenant:
    """Return the tenant whose metrics the platform's own are.

    Raises:
        CheckSkipped: nobody says, or the program does not know its credential.
    """
    stack, tenants = given.stack, given.target.tenants
    collector = stack.collector.tenant if stack.collector else None
    chosen = stack.monitoring.tenant or collector or (stack.tenants[0].id if len(stack.tenants) == 1 else None)
    found = next((each for each in tenants if each.id == chosen), None)
    if found is None:
        raise CheckSkipped("nothing says whose the platform's own metrics are (monitoring.tenant)")
    if found.unknown:
        raise CheckSkipped(f"the credential of {found.id} is not the program's: nobody can ask in its name")
    return found


def _is_told(stack: Stack) -> bool:
    return stack.collector_scrapes or stack.dashboards is not None or stack.monitoring.rules == "ruler"


def _count(asking: httpx.Client, url: str, here: Scope, backend: Backend[Any, Any]) -> int:
    """Return how many pods of a backend say which version they are."""
    query = f"count({here(backend.build_info or f'{backend.name}_build_info')})"
    answer = ask(asking, "GET", f"{url}/api/v1/query", params={"query": query})
    try:
        result = answer.json()["data"]["result"]
        return int(float(result[0]["value"][1])) if result else 0
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise CheckFailed(f"{url} does not answer like Prometheus ({type(error).__name__})") from error
