"""Sends a metric and a span to a deployed stack as any client would, and reads them back.

Everything goes through the API server's proxy to services, so that whoever may deploy can prove it, from anywhere.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import urllib3
from kubernetes import client
from tenacity import wait_fixed

from telemetry.clients.kubernetes import call
from telemetry.clients.retry import retry
from telemetry.spec.context import TENANT_HEADER

METRIC = "telemetry_smoke"
_PORTS = {"http": 80, "https": 443}
_SERVICE = {"attributes": [{"key": "service.name", "value": {"stringValue": "telemetry-smoke"}}]}
_PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 1.0


class SmokeError(Exception):
    """The stack does not do what it should; the message says what."""


@dataclass(frozen=True)
class Services:
    """The services in a cluster, under the addresses that pods know them by."""

    api: client.ApiClient
    tenant: str | None = None
    """Who asks, where backends keep tenants apart. The gateway asks for more: the proxy passes no credentials on."""

    def call(self, method: str, url: str, query: Mapping[str, str] | None = None, body: Any = None) -> Any:
        """Return the JSON of an answer.

        Raises:
            SmokeError: there is none, or it is a refusal.
        """
        status, content = self.ask(method, url, query, body)
        if status >= 300:
            raise SmokeError(f"{url}: answered {status} ({content[:200].decode(errors='replace').strip()})")
        try:
            return json.loads(content or b"{}")
        except ValueError as error:
            raise SmokeError(f"{url}: answered with what is no JSON") from error

    def ask(self, method: str, url: str, query: Mapping[str, str] | None = None, body: Any = None) -> tuple[int, bytes]:
        """Return status and content of whatever is answered.

        Raises:
            SmokeError: the API server does not answer.
        """
        where = urlsplit(url)
        service, namespace = str(where.hostname).split(".")[:2]
        port = where.port or _PORTS[where.scheme]
        proxy = f"/api/v1/namespaces/{namespace}/services/{where.scheme}:{service}:{port}/proxy"
        tenant = {TENANT_HEADER: self.tenant} if self.tenant else {}
        headers = {"Content-Type": "application/json", **tenant}
        try:
            answer = call(self.api, method, f"{proxy}{where.path}", headers=headers, query=query, body=body)
        except urllib3.exceptions.HTTPError as error:
            raise SmokeError(f"{url}: the API server does not answer ({type(error).__name__})") from error
        return answer.status, answer.body


def refuses(services: Services, url: str) -> str:
    """Return a line that says that the gateway is there and lets nobody in who shows no credential.

    Raises:
        SmokeError: it is not, or it does.
    """

    def attempt() -> None:
        status, _ = services.ask("GET", f"{url}/api/v1/query", {"query": METRIC})
        if status != HTTPStatus.UNAUTHORIZED:
            raise SmokeError(f"{url}: answered {status} to somebody without a credential; 401 is right")

    _retry(attempt)
    return "gateway: refuses who shows no credential"


def prove(services: Services, endpoints: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Send a metric and a span to endpoints, in the form of the stack's outputs; yield a line for each that came back.

    Raises:
        SmokeError: something did not come back within a minute.
    """
    metrics, traces = endpoints["metrics"], endpoints["traces"]
    value, trace = int(time.time()), secrets.token_hex(16)
    _retry(lambda: services.call("POST", metrics["otlp_http"], body=_metric(value)))
    _retry(lambda: _read_metric(services, metrics["query"], value))
    yield f"metrics: {value} sent and read back"
    _retry(lambda: services.call("POST", traces["otlp_http"], body=_span(trace)))
    _retry(lambda: services.call("GET", f"{traces['query']}/api/traces/{trace}"))
    yield f"traces: {trace} sent and read back"


def _read_metric(services: Services, url: str, value: int) -> None:
    answer = services.call("GET", f"{url}/api/v1/query", {"query": METRIC})
    try:
        found = [int(float(each["value"][1])) for each in answer["data"]["result"]]
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise SmokeError(f"{url}: does not answer like Prometheus ({type(error).__name__})") from error
    if value not in found:
        raise SmokeError(f"{url}: does not know {METRIC} {value}, which was sent before")


def _retry(attempt: Callable[[], object]) -> None:
    """Try again for a minute: a release may be up while a ring in it is still settling."""
    retry(attempt, _PATIENCE_SECONDS, on=SmokeError, wait=wait_fixed(_PAUSE_SECONDS))


def _metric(value: int) -> dict[str, Any]:
    point = {"asDouble": value, "timeUnixNano": str(time.time_ns())}
    metric = {"name": METRIC, "gauge": {"dataPoints": [point]}}
    return {"resourceMetrics": [{"resource": _SERVICE, "scopeMetrics": [{"metrics": [metric]}]}]}


def _span(trace: str) -> dict[str, Any]:
    now = time.time_ns()
    span = {
        "traceId": trace,
        "spanId": secrets.token_hex(8),
        "name": METRIC,
        "kind": 1,
        "startTimeUnixNano": str(now - 1_000_000),
        "endTimeUnixNano": str(now),
    }
    return {"resourceSpans": [{"resource": _SERVICE, "scopeSpans": [{"spans": [span]}]}]}
