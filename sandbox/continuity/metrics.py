"""Samples, over OTLP and by remote-write: each request has one of each of 200 series."""

from collections.abc import Mapping, Sequence

import httpx
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from sandbox.continuity.traffic import Signal, Way, asked
from telemetry.clients import otlp

SERIES = 200
METRIC = "telemetry_continuity"
OTLP, REMOTE_WRITE = "otlp", "remote-write"
_LABEL = "series"
_WINDOW_SECONDS = 60


def _missing(client: httpx.Client, addresses: Mapping[str, str], via: str, moments: Sequence[int]) -> int:
    found = _found(client, addresses["metrics.query"], via, moments)
    return sum(max(0, SERIES - found.get(moment, 0)) for moment in moments)


def _found(client: httpx.Client, url: str, via: str, moments: Sequence[int]) -> dict[int, int]:
    """Return in how many series each moment has a sample."""
    counts: dict[int, int] = {}
    until = moments[0] / 1000 - 0.001 if moments else 0.0
    while moments and until <= moments[-1] / 1000:
        until += _WINDOW_SECONDS
        query = {"query": f'{METRIC}{{{otlp.VIA}="{via}"}}[{_WINDOW_SECONDS}s]', "time": f"{until:.3f}"}
        for series in asked(client, f"{url}/api/v1/query", query)["data"]["result"]:
            for at, _ in series["values"]:
                counts[round(at * 1000)] = counts.get(round(at * 1000), 0) + 1
    return counts


def _otlp(moment: int) -> bytes:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=METRIC)
    for number in range(SERIES):
        point = metric.gauge.data_points.add(time_unix_nano=moment * 1_000_000, as_double=number)
        for name, value in ((otlp.VIA, OTLP), (_LABEL, str(number))):
            attribute = point.attributes.add(key=name)
            attribute.value.string_value = value
    return bytes(request.SerializeToString())


def _remote_write(moment: int) -> bytes:
    labels = {"__name__": METRIC, otlp.VIA: REMOTE_WRITE}
    requests = (
        otlp.write_request({**labels, _LABEL: str(number)}, number, (moment + 0.5) / 1000) for number in range(SERIES)
    )
    return otlp.compressed(b"".join(requests))


METRICS = Signal(
    "metrics",
    [
        Way(OTLP, "metrics.otlp_http", _otlp, otlp.PROTOBUF),
        Way(REMOTE_WRITE, "metrics.remote_write", _remote_write, otlp.REMOTE_WRITE),
    ],
    SERIES,
    _missing,
)
