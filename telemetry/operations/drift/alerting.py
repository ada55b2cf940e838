"""Configurations that tenants have loaded into the stack's Alertmanager: each holds in place of telemetry:alerting."""

import ssl
from collections.abc import Iterator

import httpx
import yaml

from telemetry.clients.reach import Reach, ask
from telemetry.operations.drift.findings import DriftFinding
from telemetry.spec.checks import CheckFailed
from telemetry.stack import Stack

_TIMEOUT_SECONDS = 10


def loaded(stack: Stack, reach: Reach) -> tuple[DriftFinding, ...]:
    """Return the tenants whose alerts the settings no longer say anything of, although nobody was to change that.

    A tenant with `admin` may load a configuration of its own; the one in whose metrics the platform's own are may not,
    since what tells of the platform goes by it. What stands in a configuration is not shown: credentials do.

    Raises:
        CheckFailed: the Alertmanager does not answer, or not as one.
        CheckSkipped: there is no way to it from here.
    """
    backend = stack.backend("metrics")
    if stack.alerting is None or backend.of.alerting_of_tenants is None:
        return ()
    own = _listed(backend.of.alerting_of_tenants(backend.context), reach)
    return tuple(_finding(backend.of.title, each) for each in _bound(stack, backend.of.nobody) if each in own)


def _bound(stack: Stack, nobody: str) -> Iterator[str]:
    """Yield the tenants whom the settings speak for."""
    if not stack.tenants:
        yield nobody
    for tenant in stack.tenants:
        if tenant.id == stack.monitoring.tenant or "admin" not in tenant.access.scopes.metrics:
            yield tenant.id


def _finding(title: str, tenant: str) -> DriftFinding:
    note = "has a configuration of its own, so nobody is told of its alerts as telemetry:alerting says; remove that one"
    return DriftFinding("alerting", f"{title}'s Alertmanager of tenant {tenant}", "", note=note)


def _listed(url: str, reach: Reach) -> set[str]:
    """Return the tenants that have loaded one."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only the API server asks, which does the same
    with httpx.Client(transport=reach.transport(context), timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
        text = ask(client, "GET", url).text
    try:
        return {str(tenant) for tenant in yaml.safe_load(text) or {}}
    except (yaml.YAMLError, TypeError) as error:
        raise CheckFailed(f"{url} does not answer like an Alertmanager of many tenants") from error
