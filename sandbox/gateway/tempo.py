"""Stands in for Tempo, which cannot be had here: OTLP over gRPC and HTTP, and the query API; it keeps no traces."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sandbox.gateway.grpc_sink import grpc_sink
from sandbox.gateway.http_sink import http_sink
from sandbox.gateway.ledger import Ledger
from sandbox.gateway.pair import PairFiles

_OTLP_GRPC, _OTLP_HTTP, _QUERY = 4317, 4318, 3200


@contextmanager
def tempo(address: str, ledger: Ledger, tls: PairFiles | None = None) -> Iterator[None]:
    """Serve on Tempo's ports; what arrives is noted down in the ledger."""
    with ExitStack() as stack:
        stack.enter_context(grpc_sink(address, _OTLP_GRPC, ledger, tls))
        stack.enter_context(http_sink(address, (_OTLP_HTTP, _QUERY), ledger, tls))
        yield
