"""What Mimir must do: take samples, find them, keep them in its bucket; have the limits and the ring of the plan."""

import time
from functools import partial

from telemetry.backends.mimir.blocks import blocks as blocks_of
from telemetry.backends.mimir.context import MimirContext
from telemetry.clients.reach import ask
from telemetry.clients.retry import retry
from telemetry.clients.ring import check_ring
from telemetry.clients.samples import sample_checks
from telemetry.clients.target import Blocks, Target, Tenant
from telemetry.config.quantities import duration_text
from telemetry.spec.checks import Check, CheckFailed, CheckSkipped


def checks(context: MimirContext, target: Target, tenant: Tenant) -> list[Check]:
    """Return a tenant's checks, in order: what is flushed must have been sent before."""
    return [
        *sample_checks(target, tenant, suspects="queriers and ingesters"),
        Check("metrics", "block in the bucket after a flush", partial(_block, context, target, tenant)),
        Check("metrics", "retention and limits in force", partial(_limits, planned(context, tenant), target, tenant)),
    ]


def platform_checks(context: MimirContext, target: Target) -> list[Check]:
    """Return what is no tenant's."""
    members, url = context.settings.roles["ingester"].replicas, target.addresses["metrics.admin"]
    return [Check("metrics", "ingester ring", partial(check_ring, target.admin, url, members))]


def _block(context: MimirContext, target: Target, tenant: Tenant, seconds: float) -> str:
    """Flush the tenant and wait for a new block. An ingester ships a block by itself only every two hours."""
    if not target.flush:
        raise CheckSkipped("nothing is to be flushed (--no-flush), and Mimir ships a block only every two hours")
    # Mimir's tenant while multi-tenancy is off.
    who, blocks = tenant.id or "anonymous", _lister(context, target)
    before, begun = blocks(who), time.monotonic()
    url = f"{target.inner('metrics.flush')}/ingester/flush"
    with target.admin() as client:
        retry(lambda: ask(client, "POST", url, params={"tenant": who, "wait": "true"}), seconds / 2)

    def look() -> str:
        if new := blocks(who) - before:
            return min(new)
        raise CheckFailed(f"{url}: took the request, but the bucket has no new block of {who}; look at its log")

    block = retry(look, seconds / 2)
    return f"{block}, {time.monotonic() - begun:.2f} s after the flush began"


def _lister(context: MimirContext, target: Target) -> Blocks:
    """Return what lists a tenant's blocks."""
    if target.blocks is not None:
        return target.blocks
    if target.credentials is None or target.credentials.metrics is None:
        raise CheckSkipped("the bucket's credentials are not known")
    return partial(blocks_of, context, target.credentials.metrics)


def _limits(expected: dict[str, int], target: Target, tenant: Tenant, seconds: float) -> str:
    url = f"{target.addresses['metrics.admin']}/api/v1/user_limits"
    with target.admin(tenant) as client:
        found = retry(lambda: ask(client, "GET", url), seconds).json()
    wrong = [
        f"{name} is {found.get(name)}, planned {value}" for name, value in expected.items() if found.get(name) != value
    ]
    if wrong:
        raise CheckFailed(f"{'; '.join(wrong)}; has `up` run since the settings changed? see ConfigMap mimir-runtime")
    retention = duration_text(expected["compactor_blocks_retention_period_seconds"])
    return f"retention {retention}" + (f", {len(expected) - 1} limits as planned" if len(expected) > 1 else "")


def planned(context: MimirContext, tenant: Tenant) -> dict[str, int]:
    """Return what Mimir must answer of a tenant, as it names it (pkg/util/validation/user_limits_handler.go)."""
    granted = context.tenants.get(tenant.id or "")
    retention = context.settings.retention
    if granted is None:
        return {"compactor_blocks_retention_period_seconds": retention}
    return {
        "compactor_blocks_retention_period_seconds": granted.retention or retention,
        "ingestion_rate": granted.limits.ingestion_rate,
        "ingestion_burst_size": granted.limits.burst,
        "max_global_series_per_user": granted.limits.max_series,
    }
