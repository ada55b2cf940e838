"""Stands in for Tempo's OTLP/gRPC receiver: takes spans, notes down every call, and knows one method."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from sandbox.gateway.ledger import Ledger, Seen
from sandbox.gateway.pair import PairFiles

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@contextmanager
def grpc_sink(address: str, port: int, ledger: Ledger, tls: PairFiles | None = None) -> Iterator[None]:
    """Serve on a port; ``tls`` is what it shows."""
    server = grpc.server(ThreadPoolExecutor(max_workers=8), handlers=[_Calls(ledger, f"{address}:{port}")])
    if tls is None:
        server.add_insecure_port(f"{address}:{port}")
    else:
        pair = (tls.key.read_bytes(), tls.certificate.read_bytes())
        server.add_secure_port(f"{address}:{port}", grpc.ssl_server_credentials([pair]))
    server.start()
    try:
        yield
    finally:
        server.stop(grace=0).wait()


class _Calls:
    """Notes down each call, whatever its method, and answers Export."""

    def __init__(self, ledger: Ledger, address: str) -> None:
        self._ledger = ledger
        self._address = address

    def service(self, handler_call_details: Any) -> Any:
        """Return how a call is handled; none is UNIMPLEMENTED (grpc.GenericRpcHandler)."""
        headers = dict(handler_call_details.invocation_metadata)
        tenants = tuple(value for name, value in handler_call_details.invocation_metadata if name == "x-scope-orgid")
        self._ledger.note(Seen("gRPC", self._address, "POST", handler_call_details.method, tenants, headers))
        if handler_call_details.method != EXPORT:
            return None
        return grpc.unary_unary_rpc_method_handler(
            _take,
            request_deserializer=ExportTraceServiceRequest.FromString,
            response_serializer=ExportTraceServiceResponse.SerializeToString,
        )


def _take(request: ExportTraceServiceRequest, context: Any) -> ExportTraceServiceResponse:  # noqa: ARG001 - grpc's
    return ExportTraceServiceResponse()
