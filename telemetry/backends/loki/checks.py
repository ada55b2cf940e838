"""What Loki must do, by its documented API (grafana.com/docs/loki/latest/reference/loki-http-api)."""

import json
import time
from functools import partial

import httpx

from telemetry.backends.loki.context import LokiContext
from telemetry.clients.otlp import COLLECTOR, METRIC, PROTOBUF, VIA, otlp_line
from telemetry.clients.reach import ask
from telemetry.clients.retry import retry
from telemetry.clients.ring import check_ring
from telemetry.clients.target import Target, Tenant
from telemetry.config.quantities import duration_text, in_seconds
from telemetry.spec.checks import SERVICE, Check, CheckFailed, CheckSkipped
from telemetry.spec.context import TENANT_HEADER

_JSON = {"Content-Type": "application/json"}
_RANGE_SECONDS = 600
"""How far around now is searched."""
_NOBODY = "fake"
"""Loki's tenant while multi-tenancy is off."""


def checks(context: LokiContext, target: Target, tenant: Tenant) -> list[Check]:
    """Return a tenant's checks."""
    names = {
        "OTLP in, LogQL out": _otlp,
        "push in, LogQL out": _push,
        **({"collector in, LogQL out": _collector} if tenant.id in target.collects_as else {}),
    }
    sent = [Check("logs", name, partial(run, target, tenant)) for name, run in names.items()]
    return [*sent, Check("logs", "retention in force", partial(_retention, context, target, tenant))]


def platform_checks(context: LokiContext, target: Target) -> list[Check]:
    """Return what is no tenant's: the ring, where there is one of several processes."""
    if context.settings.topology != "distributed":
        return []
    return [Check("logs", "ingester ring", partial(_ring, target, context.settings.writers))]


def _ring(target: Target, writers: int, seconds: float) -> str:
    return check_ring(target.admin, target.inner("logs.ring"), writers, seconds, page="/ring")


def _otlp(target: Target, tenant: Tenant, seconds: float) -> str:
    text = _text()
    return _round_trip(target, tenant, "otlp_http", otlp_line(text, "otlp"), PROTOBUF, text, seconds)


def _push(target: Target, tenant: Tenant, seconds: float) -> str:
    text = _text()
    stream = {"service_name": SERVICE, VIA: "push"}
    body = json.dumps({"streams": [{"stream": stream, "values": [[str(time.time_ns()), text]]}]}).encode()
    return _round_trip(target, tenant, "push", body, _JSON, text, seconds)


def _collector(target: Target, tenant: Tenant, seconds: float) -> str:
    text = _text()
    target.collect("logs", otlp_line(text, COLLECTOR), seconds / 2)
    return _found(target, tenant, text, seconds / 2)


def _text() -> str:
    """Return what no other run sends."""
    return f"{METRIC} {time.time_ns()}"


def _round_trip(
    target: Target, tenant: Tenant, address: str, body: bytes, headers: dict[str, str], text: str, seconds: float
) -> str:
    url = target.addresses[f"logs.{address}"]
    with target.client(tenant) as client:
        retry(lambda: ask(client, "POST", url, content=body, headers=headers), seconds / 2)
    return _found(target, tenant, text, seconds / 2)


def _found(target: Target, tenant: Tenant, text: str, seconds: float) -> str:
    sent = time.monotonic()
    with target.client(tenant) as client:
        retry(lambda: _find(client, target.addresses["logs.query"], text), seconds)
    return f"{text!r} found {time.monotonic() - sent:.2f} s after it was taken"


def _find(client: httpx.Client, url: str, text: str) -> None:
    now = time.time_ns()
    asked = {
        "query": f'{{service_name="{SERVICE}"}} |= "{text}"',
        "start": str(now - _RANGE_SECONDS * 10**9),
        "end": str(now + _RANGE_SECONDS * 10**9),
    }
    answer = ask(client, "GET", f"{url}/loki/api/v1/query_range", params=asked)
    try:
        found = [line for stream in answer.json()["data"]["result"] for _, line in stream["values"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckFailed(f"{url}: does not answer like Loki ({type(error).__name__})") from error
    if text not in found:
        raise CheckFailed(f"{url}: does not find the line that was taken; look at the roles read and write")


def _retention(context: LokiContext, target: Target, tenant: Tenant, seconds: float) -> str:
    """Compare what Loki says that it keeps of a tenant; its compactor deletes by the same figure."""
    url = f"{target.addresses['logs.query']}/loki/api/v1/drilldown-limits"
    nobody = {} if tenant.id else {TENANT_HEADER: _NOBODY}
    with target.client(tenant) as client:
        answer = retry(lambda: ask(client, "GET", url, headers=nobody), seconds)
    try:
        found = in_seconds(answer.json()["limits"]["retention_period"])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckSkipped(f"{url}: shows no retention where it should be ({type(error).__name__})") from error
    granted = context.tenants.get(tenant.id or "")
    planned = (granted and granted.retention) or context.settings.retention
    if found != planned:
        raise CheckFailed(f"retention is {duration_text(found)}, planned {duration_text(planned)}; has `up` run?")
    return f"retention {duration_text(planned)}"
