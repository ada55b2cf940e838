"""Which checks a stack gets: each tenant's own, one after the other, and what belongs to no tenant."""

from collections.abc import Mapping

from validation import grafana, logs, metrics, traces
from validation.model import Check, CheckSkipped, Lane
from validation.target import Target, Tenant

PLATFORM = "the stack itself"
"""The lane of what is no tenant's; no tenant's id has a space."""
_NO_TENANT = "no tenants"


def lanes(target: Target, datasources: Mapping[str, str]) -> list[Lane]:
    """Return all lanes; `datasources` are the uids, by signal, of those that show everything."""
    gateway = target.stack.gateway
    org = gateway.federation.grafana_org if gateway is not None and gateway.federation is not None else None
    common = [
        *metrics.platform_checks(target),
        *traces.platform_checks(target),
        *logs.platform_checks(target),
        *grafana.checks(target, datasources, org),
    ]
    return [*(_lane(target, tenant) for tenant in target.tenants), Lane(PLATFORM, tuple(common))]


def _lane(target: Target, tenant: Tenant) -> Lane:
    signals = [*metrics.checks(target, tenant), *traces.checks(target, tenant)]
    signals += logs.checks(target, tenant) if target.stack.logs else []
    if tenant.unknown and not target.behind_gateway:
        why = "its credential is not the program's: nobody can come in its name"
        signals = [_skipped(each, why) if each.name.endswith("out") else each for each in signals]
    if target.behind_gateway:
        why = "no route to the gateway from here: the checks went to the backends behind it (docs/validation.md)"
        signals = [_skipped(Check("gateway", "lets this tenant in", lambda _: ""), why), *signals]
    return Lane(tenant.id or _NO_TENANT, (*signals, *grafana.checks(target, tenant.datasources, tenant.org)))


def _skipped(check: Check, why: str) -> Check:
    def run(_: float) -> str:
        raise CheckSkipped(why)

    return Check(check.signal, check.name, run)
