"""What Tempo must do, by its documented API (grafana.com/docs/tempo/latest/api_docs): take spans, and find them."""

import base64
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import grpc
import httpx
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from telemetry.backends.tempo.context import TempoContext
from telemetry.clients.otlp import COLLECTOR, METRIC, PROTOBUF, VIA, Span, span
from telemetry.clients.reach import ask
from telemetry.clients.retry import retry
from telemetry.clients.ring import check_ring
from telemetry.clients.target import Target, Tenant
from telemetry.config.quantities import duration_text, in_seconds
from telemetry.spec.checks import SERVICE, Check, CheckFailed, CheckSkipped, Refused
from telemetry.spec.context import TENANT_HEADER

_RANGE_SECONDS = 600
"""How far around now is searched; without a range Tempo looks at recent data only."""
_REFUSALS = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)
_GRPC_SECONDS = 10


class _Trip:
    """A span's way in; looking for it is another check."""

    def __init__(self, target: Target, tenant: Tenant, via: str) -> None:
        self._target, self._tenant, self._via = target, tenant, via
        self._sent: Span | None = None

    def by_id(self, seconds: float) -> str:
        """Send it, and find it by its id."""
        new = span(self._via)
        self._send(new, seconds / 2)
        self._sent, begun = new, time.monotonic()
        url = f"{self._target.addresses['traces.query']}/api/traces/{new.trace_id}"
        with self._target.client(self._tenant) as client:
            retry(lambda: _has_span(client, url, new), seconds / 2)
        return f"{new.trace_id} found {time.monotonic() - begun:.2f} s after it was taken"

    def _send(self, new: Span, seconds: float) -> None:
        if self._via == COLLECTOR:
            self._target.collect("traces", new.request.SerializeToString(), seconds)
            return
        send = {"grpc": _send_grpc, "http": _send_http}[self._via]
        retry(lambda: send(self._target, self._tenant, new), seconds)

    def by_traceql(self, seconds: float) -> str:
        """Find it by what is in it."""
        if self._sent is None:
            raise CheckSkipped("the span was not taken: see the check before")
        sent, url = self._sent, f"{self._target.addresses['traces.query']}/api/search"
        with self._target.client(self._tenant) as client:
            retry(lambda: _search(client, url, self._via, sent), seconds)
        return f"{sent.trace_id} found by service and attribute"


def checks(context: TempoContext, target: Target, tenant: Tenant) -> list[Check]:
    """Return a tenant's checks."""
    found, ways = [], {"grpc": "OTLP/gRPC", "http": "OTLP/HTTP"}
    if tenant.id in target.collects_as:
        ways[COLLECTOR] = "collector"
    for via, protocol in ways.items():
        trip = _Trip(target, tenant, via)
        found += [
            Check("traces", f"{protocol} in, by id out", trip.by_id),
            Check("traces", f"{protocol} in, by TraceQL out", trip.by_traceql),
        ]
    return [*found, Check("traces", "retention and limits in force", partial(_limits, context, target, tenant))]


def platform_checks(context: TempoContext, target: Target) -> list[Check]:
    """Return what is no tenant's: the ring, where there is one of several processes."""
    if context.settings.topology != "distributed":
        return []
    members = context.settings.roles["ingester"].replicas
    return [Check("traces", "ingester ring", partial(_ring, target, members))]


def _ring(target: Target, members: int, seconds: float) -> str:
    return check_ring(target.admin, target.inner("traces.ring"), members, seconds)


def _send_http(target: Target, tenant: Tenant, new: Span) -> None:
    with target.client(tenant) as client:
        url = target.addresses["traces.otlp_http"]
        ask(client, "POST", url, content=new.request.SerializeToString(), headers=PROTOBUF)


def _send_grpc(target: Target, tenant: Tenant, new: Span) -> None:
    address = target.addresses["traces.otlp_grpc"]
    place, name = target.reach.target(address)
    metadata = [(key.lower(), value) for key, value in target.identity(tenant).items()]
    with _channel(target, tenant, place, name) as channel:
        try:
            _stub(channel).Export(new.request, metadata=metadata, timeout=_GRPC_SECONDS)
        except grpc.RpcError as error:
            said = f"{address}: {error.code().name} ({error.details()})"
            if error.code() in _REFUSALS:
                raise Refused(f"{said}; it does not take this credential: see docs/tenants.md") from error
            raise CheckFailed(f"{said}; is it up, and is its certificate of the stack's authority?") from error


def _stub(channel: grpc.Channel) -> Any:
    return TraceServiceStub(channel)  # type: ignore[no-untyped-call]


def _channel(target: Target, tenant: Tenant, place: str, name: str) -> grpc.Channel:
    options = [
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_http_proxy", 0),
        ("grpc.ssl_target_name_override", name),
    ]
    if TENANT_HEADER in target.identity(tenant) or target.stack.gateway is None:
        return grpc.insecure_channel(place, options)  # backends' own gRPC; with TLS behind the gateway it is refused
    pair = (tenant.pair.key.encode(), tenant.pair.certificate.encode()) if tenant.pair else (None, None)
    authority = target.authority.encode() if target.authority else None
    return grpc.secure_channel(place, grpc.ssl_channel_credentials(authority, *pair), options)


def _has_span(client: httpx.Client, url: str, sent: Span) -> None:
    """See that a trace has our span. Ids are base64 in Tempo's JSON, and hexadecimal in OTLP's own."""
    answer = ask(client, "GET", url, headers={"Accept": "application/json"})
    wanted = {sent.span_id, base64.b64encode(bytes.fromhex(sent.span_id)).decode()}
    try:
        if not wanted & set(_span_ids(answer.json())):
            raise CheckFailed(f"{url}: answers, but without the span that was taken")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckFailed(f"{url}: does not answer like Tempo ({type(error).__name__})") from error


def _span_ids(answer: dict[str, Any]) -> Iterator[str]:
    trace = answer.get("trace", answer)
    for resource in trace.get("batches") or trace.get("resourceSpans") or ():
        for scope in resource["scopeSpans"]:
            yield from (each["spanId"] for each in scope["spans"])


def _search(client: httpx.Client, url: str, via: str, sent: Span) -> None:
    now = int(time.time())
    asked = {
        "q": f'{{ resource.service.name = "{SERVICE}" && name = "{METRIC}" && span.{VIA} = "{via}" }}',
        "start": str(now - _RANGE_SECONDS),
        "end": str(now + _RANGE_SECONDS),
        "limit": "100",
    }
    answer = ask(client, "GET", url, params=asked)
    try:
        # Tempo leaves zeros at the beginning of an id out.
        found = {each["traceID"].lstrip("0") for each in answer.json().get("traces") or ()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckFailed(f"{url}: does not answer like Tempo ({type(error).__name__})") from error
    if sent.trace_id.lstrip("0") not in found:
        raise CheckFailed(f"{url}: TraceQL does not find {sent.trace_id}, which was taken; look at the ingesters")


def _limits(context: TempoContext, target: Target, tenant: Tenant, seconds: float) -> str:
    """Compare what Tempo says of itself: of a tenant its overrides, else its configuration.

    Both are a line that repeats the request, and then YAML as another document (Tempo 2.10, cmd/tempo/app/app.go).
    """
    page = "/status/runtime_config" if tenant.id else "/status/config"
    url = f"{target.addresses['traces.admin']}{page}"
    with target.admin(tenant) as client:
        text = retry(lambda: ask(client, "GET", url), seconds).text
    found, rate = _shown(url, text, tenant)
    granted = context.tenants.get(tenant.id or "")
    retention = (granted and granted.retention) or context.settings.retention
    if found != retention:
        raise CheckFailed(f"retention is {duration_text(found)}, planned {duration_text(retention)}; has `up` run?")
    if granted and rate != granted.limits.ingestion_rate:
        raise CheckFailed(f"ingestion rate is {rate} B/s, planned {granted.limits.ingestion_rate}; has `up` run?")
    return f"retention {duration_text(retention)}" + (", ingestion rate as planned" if granted else "")


def _shown(url: str, text: str, tenant: Tenant) -> tuple[int, int | None]:
    """Return retention in seconds, and of a tenant its ingestion rate in bytes per second."""
    try:
        content = next(each for each in yaml.safe_load_all(text) if isinstance(each, dict))
        own = content["overrides"][tenant.id] if tenant.id else content["compactor"]
        retention = in_seconds(own["compaction"]["block_retention"])
        return retention, int(own["ingestion"]["rate_limit_bytes"]) if tenant.id else None
    except (yaml.YAMLError, KeyError, StopIteration, TypeError, ValueError) as error:
        # The documentation does not promise a layout, so another one is no fault of the stack.
        said = f"{type(error).__name__}: {error}"
        raise CheckSkipped(
            f"{url}: shows no retention and limits of this tenant where they should be ({said})"
        ) from error
