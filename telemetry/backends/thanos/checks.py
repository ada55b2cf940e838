"""What Thanos must do: take samples, find them, upload blocks; have the ring and the stores of the plan."""

import re
from functools import partial

from telemetry.backends.thanos.context import ThanosContext
from telemetry.clients.reach import ask
from telemetry.clients.retry import retry
from telemetry.clients.samples import sample_checks
from telemetry.clients.target import Target, Tenant
from telemetry.spec.checks import Check, CheckFailed

_NODES = re.compile(r"^thanos_receive_hashring_nodes\{[^}]*\} (\S+)$", re.MULTILINE)


def checks(_: ThanosContext, target: Target, tenant: Tenant) -> list[Check]:
    """Return a tenant's checks."""
    return sample_checks(target, tenant, suspects="Query's stores and ingestors")


def platform_checks(context: ThanosContext, target: Target) -> list[Check]:
    """Return what is no tenant's. A block is in the bucket two hours after its first sample: none is waited for."""
    roles = context.settings.roles
    stores = {
        "sidecar": roles["prometheus"].replicas,
        "store": roles["store-gateway"].replicas,
        "receive": roles["receive-ingestor"].replicas,
        "rule": roles["rule"].replicas,
    }
    return [
        Check("metrics", "ring of Receive", partial(_ring, target, roles["receive-ingestor"].replicas)),
        Check("metrics", "stores of Query", partial(_stores, target, stores)),
    ]


def _ring(target: Target, planned: int, seconds: float) -> str:
    url = f"{target.inner('metrics.router')}/metrics"

    def look() -> str:
        with target.admin() as client:
            found = [int(float(each)) for each in _NODES.findall(ask(client, "GET", url).text)]
        if found != [planned]:
            raise CheckFailed(f"{url}: the ring has {found or 'no'} ingestors, planned {planned}; restart the routers")
        return f"{planned} ingestors"

    return retry(look, seconds)


def _stores(target: Target, planned: dict[str, int], seconds: float) -> str:
    url = f"{target.inner('metrics.admin')}/api/v1/stores"

    def look() -> str:
        with target.admin() as client:
            listed = ask(client, "GET", url).json()["data"]
        found = {kind: sum(not each["lastError"] for each in listed.get(kind, ())) for kind in planned}
        lacking = [f"{found[kind]} of {many} {kind}s" for kind, many in planned.items() if found[kind] < many]
        if lacking:
            raise CheckFailed(f"{url}: answers for {', '.join(lacking)}; look at their pods and at Query's log")
        return ", ".join(f"{many} {kind}" for kind, many in planned.items())

    return retry(look, seconds)
