"""Where each part of a stack is asked: what its outputs say, and what stands behind that."""

from collections.abc import Mapping
from typing import Any

from telemetry.backends.loki import values as loki
from telemetry.backends.loki.endpoints import HTTP_PORT as LOKI_HTTP
from telemetry.backends.mimir import values as mimir
from telemetry.backends.mimir.endpoints import HTTP_PORT as MIMIR_HTTP
from telemetry.backends.tempo.endpoints import HTTP_PORT as TEMPO_HTTP
from telemetry.backends.tempo.endpoints import TRACES_QUERY
from telemetry.backends.tempo.release import TEMPO
from telemetry.spec.values.transport import scheme
from telemetry.stack import Stack

Addresses = Mapping[str, str]
"""By name, such as `metrics.query`."""
CLIENTS = (
    "traces.otlp_grpc",
    "traces.otlp_http",
    "traces.query",
    "metrics.remote_write",
    "metrics.otlp_http",
    "metrics.query",
    "logs.push",
    "logs.otlp_http",
    "logs.query",
)
"""What clients are given (docs/outputs.md); those of logs only where there is a Loki."""
ADMIN = ("metrics.admin", "metrics.flush", "traces.admin", "traces.ring", "logs.ring")
"""Backends' own pages, which no gateway offers: limits and ring of Mimir, its ingesters, limits and ring of Tempo, and
the ring of Loki."""


def clients(endpoints: Mapping[str, Mapping[str, Any] | None]) -> Addresses:
    """Return what a stack's outputs say."""
    there = {signal: some for signal, some in endpoints.items() if some}  # no Loki, no addresses for logs
    return {f"{signal}.{name}": str(url) for signal, some in there.items() for name, url in some.items()}


def backends(stack: Stack) -> Addresses:
    """Return where the backends themselves take and give what clients do."""
    return clients({backend.signal: backend.endpoints._asdict() for backend in stack.backends})


def admin(stack: Stack) -> Addresses:
    """Return where the backends' own pages are."""
    protocol, namespace = scheme(stack), stack.namespace.name

    def at(service: str, port: int) -> str:
        return f"{protocol}://{service}.{namespace}.svc:{port}"

    query = at(TRACES_QUERY, TEMPO_HTTP)
    distributed = stack.traces.topology == "distributed"
    return {
        "metrics.admin": at(f"{mimir.RELEASE}-distributor", MIMIR_HTTP),
        "metrics.flush": at(f"{mimir.RELEASE}-ingester", MIMIR_HTTP),
        "traces.admin": query,
        "traces.ring": at(f"{TEMPO['distributed']}-distributor", TEMPO_HTTP) if distributed else query,
        **({"logs.ring": at(loki.service(stack.logs.topology, "write"), LOKI_HTTP)} if stack.logs else {}),
    }
