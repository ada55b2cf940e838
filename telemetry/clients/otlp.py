"""Samples, spans and log lines that are sent as a test, under one name by which people recognise them."""

import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass

import cramjam
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as OtlpResource
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from telemetry.spec.checks import SERVICE

PROTOBUF = {"Content-Type": "application/x-protobuf"}
REMOTE_WRITE = PROTOBUF | {"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}
"""Headers of OTLP, and of what remote-write sends."""
METRIC = "telemetry_validation"
VIA = "via"
"""The label, and the span's attribute, that says by which protocol it came."""
COLLECTOR = "collector"
"""What it says of what went by the stack's own collector."""
_TAKEN = {"sampling.priority": 1}
"""Has a sampler take a span that it would leave out (docs/collector.md)."""
_RESOURCE = Resource({"service.name": SERVICE})


@dataclass(frozen=True)
class Span:
    """A span that is a trace of its own; ids in hexadecimal."""

    trace_id: str
    span_id: str
    request: ExportTraceServiceRequest


def span(via: str) -> Span:
    """Return a new span."""
    made = InMemorySpanExporter()
    provider = TracerProvider(resource=_RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(made))
    with provider.get_tracer(SERVICE).start_as_current_span(METRIC, attributes={VIA: via, **_TAKEN}) as current:
        context = current.get_span_context()
    request = encode_spans(made.get_finished_spans())
    return Span(f"{context.trace_id:032x}", f"{context.span_id:016x}", request)


def otlp_metric(value: int, via: str) -> bytes:
    """Return a sample as OTLP has it."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], _RESOURCE, shutdown_on_exit=False)
    provider.get_meter(SERVICE).create_gauge(METRIC).set(value, {VIA: via})
    data = reader.get_metrics_data()
    assert data is not None  # noqa: S101 - it was just set
    return bytes(encode_metrics(data).SerializeToString())


def otlp_line(text: str, via: str) -> bytes:
    """Return a line as OTLP has it."""
    record = LogRecord(time_unix_nano=time.time_ns(), body=AnyValue(string_value=text))
    record.attributes.append(KeyValue(key=VIA, value=AnyValue(string_value=via)))
    scope = ScopeLogs(log_records=[record])
    service = KeyValue(key="service.name", value=AnyValue(string_value=SERVICE))
    source = OtlpResource(attributes=[service])
    request = ExportLogsServiceRequest(resource_logs=[ResourceLogs(resource=source, scope_logs=[scope])])
    return bytes(request.SerializeToString())


def remote_write(value: float, via: str) -> bytes:
    """Return a sample as Prometheus' remote-write 1.0 has it: a compressed WriteRequest (prompb/types.proto)."""
    return compressed(write_request({"__name__": METRIC, VIA: via}, value, time.time()))


def compressed(requests: bytes) -> bytes:
    """Return a WriteRequest as it is sent; several in a row are one."""
    return bytes(cramjam.snappy.compress_raw(requests))


def write_request(labels: Mapping[str, str], value: float, at: float) -> bytes:
    """Return a WriteRequest of one sample; `at` is in seconds since the epoch."""
    pairs = b"".join(
        field(1, field(1, name.encode()) + field(2, text.encode())) for name, text in sorted(labels.items())
    )
    sample = b"\x09" + struct.pack("<d", value) + b"\x10" + varint(int(at * 1000))
    return field(1, pairs + field(2, sample))


def field(number: int, content: bytes) -> bytes:
    """Return a field of text, bytes or a message as protobuf writes it; numbers up to 15."""
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """Return a whole number as protobuf writes it."""
    octets = []
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*octets, number])
