"""What Thanos must do: take samples, find them, upload blocks; have the ring and the stores of the plan."""

import re
import time
from collections.abc import Callable
from functools import partial

import httpx

from telemetry.backends.thanos.context import ThanosContext
from telemetry.clients.otlp import METRIC, PROTOBUF, REMOTE_WRITE, VIA, otlp_metric, remote_write
from telemetry.clients.reach import ask
from telemetry.clients.retry import retry
from telemetry.clients.target import Target, Tenant
from telemetry.spec.checks import Check, CheckFailed

_NODES = re.compile(r"^thanos_receive_hashring_nodes\{[^}]*\} (\S+)$", re.MULTILINE)


def checks(_: ThanosContext, target: Target, tenant: Tenant) -> list[Check]:
    """Return a tenant's checks."""
    names: dict[str, Callable[..., str]] = {
        "OTLP in, PromQL out": _otlp,
        "remote-write in, PromQL out": _remote_write,
    }
    return [Check("metrics", name, partial(run, target, tenant)) for name, run in names.items()]


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


def _otlp(target: Target, tenant: Tenant, seconds: float) -> str:
    value = _value()
    body = otlp_metric(value, "otlp")
    return _round_trip(target, tenant, "otlp_http", body, PROTOBUF, "otlp", value, seconds)


def _remote_write(target: Target, tenant: Tenant, seconds: float) -> str:
    value = _value()
    body = remote_write(value, "remote-write")
    return _round_trip(target, tenant, "remote_write", body, REMOTE_WRITE, "remote-write", value, seconds)


def _value() -> int:
    """Return what no other run sends: microseconds since the epoch, which a float64 holds exactly."""
    return time.time_ns() // 1000


def _round_trip(
    target: Target,
    tenant: Tenant,
    address: str,
    body: bytes,
    headers: dict[str, str],
    via: str,
    value: int,
    seconds: float,
) -> str:
    url = target.addresses[f"metrics.{address}"]
    with target.client(tenant) as client:
        retry(lambda: ask(client, "POST", url, content=body, headers=headers), seconds / 2)
        sent = time.monotonic()
        retry(lambda: _find(client, target.addresses["metrics.query"], via, value), seconds / 2)
    return f"{value} found {time.monotonic() - sent:.2f} s after it was taken"


def _find(client: httpx.Client, url: str, via: str, value: int) -> None:
    asked = {"query": f'{METRIC}{{{VIA}="{via}"}}[5m]'}
    answer = ask(client, "GET", f"{url}/api/v1/query", params=asked)
    try:
        found = [int(float(each[1])) for series in answer.json()["data"]["result"] for each in series["values"]]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise CheckFailed(f"{url}: does not answer like Prometheus ({type(error).__name__})") from error
    if value not in found:
        raise CheckFailed(f"{url}: does not find the sample that was taken; look at Query's stores and at ingestors")


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
