"""Lists the checks of a stack: those of each tenant, and those of the stack itself."""

from collections.abc import Collection, Iterable, Mapping
from importlib import import_module

from telemetry.clients.target import Tenant
from telemetry.grafana.views import environment_org
from telemetry.operations.validation import grafana
from telemetry.operations.validation.target import StackTarget
from telemetry.spec.checks import Check, CheckSkipped, Lane
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first

PLATFORM = "the stack itself"
"""The lane of what is no tenant's; no tenant's id has a space."""
_NO_TENANT = "no tenants"


def lanes(target: StackTarget, datasources: Mapping[str, str]) -> list[Lane]:
    """Return all lanes; `datasources` are the uids, by signal, of the environment's."""
    stack = target.stack
    common = [
        check
        for backend in metrics_first(stack.backends)
        if backend.of.checks
        for check in import_module(backend.of.checks).platform_checks(backend.context, target)
    ]
    common += grafana.checks(target, datasources, environment_org(stack))
    return [*(_lane(target, tenant) for tenant in target.tenants), Lane(PLATFORM, tuple(common))]


def without(lanes: Iterable[Lane], ways: Collection[str]) -> list[Lane]:
    """Return lanes in which what belongs to some signals is skipped, or what goes by the `collector`."""

    def left_out(check: Check) -> bool:
        return check.signal in ways or check.name.partition(" ")[0] in ways

    return [
        Lane(
            lane.name,
            tuple(_skipped(each, "left out by --skip") if left_out(each) else each for each in lane.checks),
        )
        for lane in lanes
    ]


def _lane(target: StackTarget, tenant: Tenant) -> Lane:
    signals = [
        check
        for backend in metrics_first(target.stack.backends)
        if backend.of.checks
        for check in import_module(backend.of.checks).checks(backend.context, target, tenant)
    ]
    if target.behind_gateway:
        why = "no route to the gateway from here: the checks went to the backends behind it (docs/validation.md)"
        signals = [_skipped(Check("gateway", "lets this tenant in", lambda _: ""), why), *signals]
    else:
        judged = [(each, _why_kept_out(target.stack, tenant, each)) for each in signals]
        signals = [_skipped(each, reason) if reason else each for each, reason in judged]
    return Lane(tenant.id or _NO_TENANT, (*signals, *grafana.checks(target, tenant.datasources, tenant.org)))


def _why_kept_out(stack: Stack, tenant: Tenant, check: Check) -> str | None:
    """Return why the gateway would not let a check in that comes in a tenant's name; None where it would."""
    if not check.name.endswith("out") and check.signal != "logs":
        return None  # it asks the backends themselves
    if tenant.unknown:
        return "its credential is not the program's: nobody can come in its name"
    settings = next((each for each in stack.tenants if each.id == tenant.id), None)
    if stack.gateway is None or settings is None:
        return None
    missing = [right for right in ("read", "write") if right not in getattr(settings.access.scopes, check.signal)]
    return f"its credential may not {' and '.join(missing)} {check.signal} (access.scopes)" if missing else None


def _skipped(check: Check, why: str) -> Check:
    def run(_: float) -> str:
        raise CheckSkipped(why)

    return Check(check.signal, check.name, run)
