"""One proof that a deployed stack works: a metric and a span go in as any client's would, and come out again.

Everything goes through the API server's proxy to services, so that whoever may deploy can prove it, from anywhere.
"""

import json
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3
from kubernetes import client
from tenacity import RetryError, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

METRIC = "telemetry_smoke"
_SERVICE = {"attributes": [{"key": "service.name", "value": {"stringValue": "telemetry-smoke"}}]}
_TIMEOUT_SECONDS = 10
_PATIENCE_SECONDS = 60
_PAUSE_SECONDS = 1.0


class SmokeError(Exception):
    """The stack does not do what it should; the message says what."""


@dataclass(frozen=True)
class Services:
    """The services in a cluster, under the addresses that pods know them by."""

    api: client.ApiClient

    def call(self, method: str, url: str, query: Mapping[str, str] | None = None, body: Any = None) -> Any:
        """Return the JSON of an answer.

        Raises:
            SmokeError: there is none, or it is a refusal.
        """
        where = urlsplit(url)
        service, namespace = str(where.hostname).split(".")[:2]
        proxy = f"/api/v1/namespaces/{namespace}/services/{where.scheme}:{service}:{where.port or 80}/proxy"
        request = self.api.param_serialize(
            method,
            f"{proxy}{where.path}",
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": "application/json"},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            answer = self.api.call_api(*request, _request_timeout=_TIMEOUT_SECONDS)
            content = answer.read()
        except urllib3.exceptions.HTTPError as error:
            raise SmokeError(f"{url}: the API server does not answer ({type(error).__name__})") from error
        if answer.status >= 300:
            raise SmokeError(f"{url}: answered {answer.status} ({content[:200].decode(errors='replace').strip()})")
        try:
            return json.loads(content or b"{}")
        except ValueError as error:
            raise SmokeError(f"{url}: answered with what is no JSON") from error


def prove(services: Services, endpoints: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Send a metric and a span to a stack's endpoints, as its outputs have them; yield a line for each that came back.

    Raises:
        SmokeError: something did not come back within a minute.
    """
    metrics, traces = endpoints["metrics"], endpoints["traces"]
    value, trace = int(time.time()), secrets.token_hex(16)
    _insistently(lambda: services.call("POST", metrics["otlp_http"], body=_metric(value)))
    _insistently(lambda: _read_metric(services, metrics["query"], value))
    yield f"metrics: {value} sent and read back"
    _insistently(lambda: services.call("POST", traces["otlp_http"], body=_span(trace)))
    _insistently(lambda: services.call("GET", f"{traces['query']}/api/traces/{trace}"))
    yield f"traces: {trace} sent and read back"


def _read_metric(services: Services, url: str, value: int) -> None:
    found = services.call("GET", f"{url}/api/v1/query", {"query": METRIC})["data"]["result"]
    if value not in [int(float(each["value"][1])) for each in found]:
        raise SmokeError(f"{url}: does not know {METRIC} {value}, which was sent before")


def _insistently(attempt: Any) -> None:
    """Try again for a minute: a release may be up while a ring in it is still settling."""
    try:
        Retrying(
            retry=retry_if_exception_type(SmokeError),
            stop=stop_after_delay(_PATIENCE_SECONDS),
            wait=wait_fixed(_PAUSE_SECONDS),
        )(attempt)
    except RetryError as error:
        raise error.last_attempt.exception() or error from error


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
