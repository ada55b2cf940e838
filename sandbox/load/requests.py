"""Bodies of requests, made once: another moment is put into each before it is sent, so that sending costs little."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice

import cramjam
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from sandbox.load.plan import Plan, Protocol
from telemetry.clients import otlp

METRIC = "telemetry_load"
_LABELS = ("batch", "series")
_TEMPLATE = 0x1234_5678_9AB
"""The moment that a body is made with, in milliseconds: as long in protobuf as one of our days."""
_PATHS: dict[Protocol, str] = {"remote-write": "/api/v1/push", "otlp": "/otlp/v1/metrics"}
_HEADERS: dict[Protocol, Mapping[str, str]] = {"remote-write": otlp.REMOTE_WRITE, "otlp": otlp.PROTOBUF}


@dataclass(frozen=True)
class Batch:
    """One request, as it is sent again and again: a sample of each of its series."""

    tenant: int
    protocol: Protocol
    template: bytes
    samples: int

    @property
    def path(self) -> str:
        """Where it goes."""
        return _PATHS[self.protocol]

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes with it."""
        return _HEADERS[self.protocol]

    def body(self, moment: int) -> bytes:
        """Return what is sent at a moment, in milliseconds since the epoch."""
        written = self.template.replace(_written(_TEMPLATE, self.protocol), _written(moment, self.protocol))
        return bytes(cramjam.snappy.compress_raw(written)) if self.protocol == "remote-write" else written


def batches(plan: Plan) -> list[Batch]:
    """Return the requests of a plan: tenants and protocols take turns."""
    turns = zip(cycle(range(plan.tenants)), cycle(_per_tenant(plan)), strict=False)
    return [
        Batch(tenant, protocol, _TEMPLATES[protocol](number, plan.samples), plan.samples)
        for number, (tenant, protocol) in enumerate(islice(turns, plan.batches))
    ]


def _per_tenant(plan: Plan) -> list[Protocol]:
    """Return protocols so that each tenant has every one: each as often in a row as there are tenants."""
    return [protocol for protocol in plan.protocols for _ in range(plan.tenants)]


def _written(moment: int, protocol: Protocol) -> bytes:
    """Return a moment as protobuf has it: a varint of milliseconds behind its key, or nanoseconds of fixed length."""
    if protocol == "otlp":
        return struct.pack("<Q", moment * 1_000_000)
    return b"\x10" + otlp.varint(moment)


def _remote_write(number: int, samples: int) -> bytes:
    """Return a WriteRequest, uncompressed."""
    return b"".join(
        otlp.write_request({"__name__": METRIC, **_labels(number, series)}, series, (_TEMPLATE + 0.5) / 1000)
        for series in range(samples)
    )


def _otlp(number: int, samples: int) -> bytes:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=METRIC)
    for series in range(samples):
        point = metric.gauge.data_points.add(time_unix_nano=_TEMPLATE * 1_000_000, as_double=series)
        for name, value in _labels(number, series).items():
            point.attributes.add(key=name).value.string_value = value
    return bytes(request.SerializeToString())


_TEMPLATES = {"remote-write": _remote_write, "otlp": _otlp}


def _labels(number: int, series: int) -> dict[str, str]:
    return dict(zip(_LABELS, (f"b{number}", f"s{series}"), strict=True))
