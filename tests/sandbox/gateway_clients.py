"""Clients of the gateway: HTTP, gRPC, and raw bytes for what no decent client would send."""

import re
import socket
import ssl
import struct
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import cramjam
import grpc
import httpx
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from sandbox.gateway.grpc_sink import EXPORT
from sandbox.gateway.process import Gateway
from telemetry.clients.otlp import PROTOBUF, REMOTE_WRITE
from telemetry.config.access import Pair
from telemetry.spec.cluster import LABEL

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


def trusting(gateway: Gateway, pair: Pair | None = None) -> ssl.SSLContext:
    """A context that trusts the gateway's authority alone, and shows a client certificate."""
    context = ssl.create_default_context(cadata=gateway.authority)
    if pair is not None:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # Python reads keys from files only
            file.write(pair.key + pair.certificate)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def http(
    gateway: Gateway,
    token: str | None = None,
    pair: Pair | None = None,
    headers: Mapping[str, str] | None = None,
    source: str | None = None,
) -> httpx.Client:
    """A client that keeps its connections; `source` is the address that it comes from."""
    sent = {**({} if token is None else {"Authorization": f"Bearer {token}"}), **(headers or {})}
    way = httpx.HTTPTransport(verify=trusting(gateway, pair), local_address=source, trust_env=False)
    return httpx.Client(base_url=gateway.url, transport=way, headers=sent, timeout=30, trust_env=False)


def raw(gateway: Gateway, head: str, *, tls: bool = True, port: int | None = None) -> int:
    """Send the head of a request as it stands, and return the answer's status; 0 if the connection is just closed."""
    text = "\r\n".join([*head.strip().splitlines(), f"Host: {gateway.layout.address}", "Connection: close", "", ""])
    place = (gateway.layout.address, port or gateway.layout.https_port)
    with socket.create_connection(place, timeout=30) as plain:
        stream = trusting(gateway).wrap_socket(plain, server_hostname=place[0]) if tls else plain
        with stream:
            stream.sendall(text.encode())
            found = _STATUS_LINE.match(_received(stream))
    return int(found[1]) if found else 0


def _received(stream: socket.socket) -> bytes:
    try:
        return stream.recv(65536)
    except ConnectionError:
        return b""


@contextmanager
def channel(gateway: Gateway, pair: Pair | None = None) -> Iterator[grpc.Channel]:
    """One gRPC connection."""
    certificate = (None, None) if pair is None else (pair.key.encode(), pair.certificate.encode())
    credentials = grpc.ssl_channel_credentials(gateway.authority.encode(), *certificate)
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    with grpc.secure_channel(gateway.grpc, credentials, options) as opened:
        yield opened


def export(opened: grpc.Channel, token: str | None = None, method: str = EXPORT, **metadata: str) -> grpc.StatusCode:
    """Send one span over gRPC, and return how that went."""
    pairs = [(name.replace("_", "-"), value) for name, value in metadata.items()]
    return call(opened, [*pairs, *([] if token is None else [("authorization", f"Bearer {token}")])], method)


def call(opened: grpc.Channel, metadata: Sequence[tuple[str, str]], method: str = EXPORT) -> grpc.StatusCode:
    """Send one span over gRPC with just this metadata, and return how that went."""
    ask = opened.unary_unary(
        method,
        request_serializer=ExportTraceServiceRequest.SerializeToString,
        response_deserializer=ExportTraceServiceResponse.FromString,
    )
    try:
        ask(spans(), metadata=metadata, timeout=30)
    except grpc.RpcError as error:
        code: grpc.StatusCode = error.code()
        return code
    return grpc.StatusCode.OK


def spans() -> ExportTraceServiceRequest:
    """One span."""
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.name, span.trace_id, span.span_id = "fake", bytes(range(16)), bytes(range(8))
    span.start_time_unix_nano = span.end_time_unix_nano = time.time_ns()
    return request


def send_spans(client: httpx.Client, **headers: str) -> httpx.Response:
    """Send one span over HTTP."""
    return client.post("/v1/traces", content=spans().SerializeToString(), headers=PROTOBUF | headers)


def send_metric(
    client: httpx.Client, name: str, value: float, path: str = "/otlp/v1/metrics", *, cluster: str | None = None
) -> httpx.Response:
    """Send one sample with OTLP over HTTP, of a resource that says its cluster if one is given."""
    request = ExportMetricsServiceRequest()
    resource = request.resource_metrics.add()
    if cluster is not None:
        resource.resource.attributes.add(key=LABEL).value.string_value = cluster
    metric = resource.scope_metrics.add().metrics.add(name=name)
    metric.gauge.data_points.add(time_unix_nano=time.time_ns(), as_double=value)
    return client.post(path, content=request.SerializeToString(), headers=PROTOBUF)


def remote_write(client: httpx.Client, samples: Mapping[str, float], at: float | None = None) -> httpx.Response:
    """Send samples, by the name of their series, as Prometheus does; `at` is in seconds since the epoch."""
    moment = int((time.time() if at is None else at) * 1000)
    request = b"".join(_field(1, _series(name, value, moment)) for name, value in samples.items())
    headers = REMOTE_WRITE
    return client.post("/api/v1/push", content=bytes(cramjam.snappy.compress_raw(request)), headers=headers)


def _series(name: str, value: float, moment: int) -> bytes:
    """A TimeSeries of one sample (prometheus/prompb/types.proto)."""
    label = _field(1, b"__name__") + _field(2, name.encode())
    sample = b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(moment)
    return _field(1, label) + _field(2, sample)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    octets = []
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*octets, number])


def query(client: httpx.Client, promql: str, at: float | None = None) -> list[dict[str, Any]]:
    """The result of an instant query."""
    moment = {} if at is None else {"time": f"{at:.3f}"}
    answer = client.get("/prometheus/api/v1/query", params={"query": promql, **moment})
    answer.raise_for_status()
    result: list[dict[str, Any]] = answer.json()["data"]["result"]
    return result


def values(client: httpx.Client, promql: str, at: float | None = None) -> dict[str, float]:
    """The values of an instant query, by the name of their series."""
    return {each["metric"]["__name__"]: float(each["value"][1]) for each in query(client, promql, at)}
