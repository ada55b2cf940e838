"""Stands in for Tempo, by the answers of its API documentation (docs/sources/tempo/api_docs/_index.md, 2026).

Its `/status/…` are as Tempo 2.10.5 answers: a line with the request, then YAML as a document of its own, with durations
as Prometheus writes them (`2w`).

It keeps the spans that come over OTLP, by tenant, and answers `/api/traces/ID` and `/api/search` in the documented
shapes, ids as Tempo writes them: base64 in a trace, hexadecimal without leading zeros in a search. Of TraceQL it knows
the one query that validation asks, by its attribute. That Tempo itself answers so cannot be shown here.
"""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from sandbox.gateway.grpc_sink import EXPORT

_OTLP_GRPC, _OTLP_HTTP, _QUERY = 4317, 4318, 3200
_HOURS = re.compile(r"\d+h")
_ATTRIBUTE = re.compile(r'span\.via = "([^"]+)"')


@dataclass
class Tempo:
    """What it has taken, by tenant; tests change how it answers."""

    overrides: dict[str, Any] = field(default_factory=dict)
    """What `/status/runtime_config` shows."""
    forgets: bool = False
    """Whether it finds nothing."""
    spans: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def take(self, tenant: str, request: ExportTraceServiceRequest) -> None:
        """Keep what an export has."""
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans[tenant] += scope.spans

    def answer(self, tenant: str, url: str) -> tuple[int, str]:
        """Return status and body for a GET."""
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
        if path == "/status/runtime_config":
            return 200, f"GET {path}\n---\n{yaml.safe_dump(self._limits())}"
        if path == "/status/config":
            kept_for = {"compaction": {"block_retention": "2w", "v2_in_buffer_bytes": 5_242_880}}
            return 200, f"GET {path}\n---\n{yaml.safe_dump({'target': 'all', 'compactor': kept_for})}"
        kept = [] if self.forgets else self.spans[tenant]
        if path == "/api/search":
            found = _ATTRIBUTE.search(query["q"][0])
            return 200, json.dumps(_search([each for each in kept if found and _via(each) == found[1]]))
        found_by_id = [each for each in kept if path == f"/api/traces/{each.trace_id.hex()}"]
        return (200, json.dumps(_trace(found_by_id))) if found_by_id else (404, "trace not found")

    def _limits(self) -> dict[str, Any]:
        """Return what holds for everybody and for each tenant; what is empty is left out."""
        overrides = {tenant: _as_written(its) for tenant, its in self.overrides.items()}
        defaults = {"ingestion": {"rate_strategy": "global", "rate_limit_bytes": 15_000_000}}
        return {"defaults": defaults, "overrides": overrides}


@contextmanager
def recorded_tempo(address: str, tempo: Tempo) -> Iterator[None]:
    """Serve on Tempo's ports of an address."""
    with ExitStack() as stack:
        stack.enter_context(_grpc(address, tempo))
        for port in (_OTLP_HTTP, _QUERY):
            stack.enter_context(_http(address, port, tempo))
        yield


def _as_written(value: Any) -> Any:
    """Return overrides with durations as Prometheus writes them: `336h` is `2w`."""
    if isinstance(value, dict):
        return {key: _as_written(each) for key, each in value.items()}
    if not isinstance(value, str) or not _HOURS.fullmatch(value):
        return value
    days, hours = divmod(int(value[:-1]), 24)
    weeks, rest = divmod(days, 7)
    if days and not rest and not hours:
        return f"{weeks}w"
    return "".join(f"{count}{unit}" for count, unit in ((days, "d"), (hours, "h")) if count)


def _via(span: Any) -> str:
    return next((str(each.value.string_value) for each in span.attributes if each.key == "via"), "")


def _trace(spans: list[Any]) -> dict[str, Any]:
    written = [
        {
            "traceId": base64.b64encode(each.trace_id).decode(),
            "spanId": base64.b64encode(each.span_id).decode(),
            "name": each.name,
        }
        for each in spans
    ]
    return {"batches": [{"resource": {"attributes": []}, "scopeSpans": [{"scope": {}, "spans": written}]}]}


def _search(spans: list[Any]) -> dict[str, Any]:
    traces = [{"traceID": each.trace_id.hex().lstrip("0"), "rootTraceName": each.name} for each in spans]
    return {"traces": traces, "metrics": {"totalBlocks": 1}}


@contextmanager
def _http(address: str, port: int, tempo: Tempo) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            tempo.take(self.headers.get("X-Scope-OrgID", ""), ExportTraceServiceRequest.FromString(body))
            self._say(200, "")

        def do_GET(self) -> None:
            self._say(*tempo.answer(self.headers.get("X-Scope-OrgID", ""), self.path))

        def _say(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((address, port), Handler)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _grpc(address: str, tempo: Tempo) -> Iterator[None]:
    def export(request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:
        tempo.take(dict(context.invocation_metadata()).get("x-scope-orgid", ""), request)
        return ExportTraceServiceResponse()

    service, _, method = EXPORT.strip("/").rpartition("/")
    handler = grpc.unary_unary_rpc_method_handler(
        export, ExportTraceServiceRequest.FromString, ExportTraceServiceResponse.SerializeToString
    )
    server = grpc.server(ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {method: handler})])
    server.add_insecure_port(f"{address}:{_OTLP_GRPC}")
    server.start()
    try:
        yield
    finally:
        server.stop(grace=0).wait()
