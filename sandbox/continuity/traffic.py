"""Steady writing through a stack's own addresses, as its first tenant would, and the count of what is found again.

Each second one request over OTLP and one of remote-write, of 200 series each; none is sent again. A request that was
acknowledged has promised that all of its samples are kept.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from telemetry.clients import otlp
from telemetry.clients.target import Target

SERIES = 200
METRIC = "telemetry_continuity"
_LABEL = "series"
_OTLP, _REMOTE_WRITE = "otlp", "remote-write"
_EVERY_SECONDS = 1.0
_WINDOW_SECONDS = 60
_PROTOBUF = {"Content-Type": "application/x-protobuf"}
_SNAPPY = {"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"}


@dataclass(frozen=True)
class Sent:
    """A request: its samples' moment in milliseconds since the epoch, the protocol, and how it was answered."""

    moment: int
    via: str
    answer: str

    @property
    def taken(self) -> bool:
        """Whether it was acknowledged."""
        return self.answer.startswith("2")


def write(target: Target, file: Path, stop: threading.Event) -> None:
    """Write until told to stop; each request becomes a line of the file as soon as it is answered."""
    lock = threading.Lock()

    def run(via: str, address: str, body: Callable[[int], bytes], headers: dict[str, str]) -> None:
        with target.client(target.tenants[0]) as client, file.open("a") as lines:
            while not stop.wait(_EVERY_SECONDS - time.time() % _EVERY_SECONDS):
                moment = int(time.time() * 1000)
                answer = _posted(client, target.addresses[f"metrics.{address}"], body(moment), headers)
                with lock:
                    lines.write(json.dumps(asdict(Sent(moment, via, answer))) + "\n")
                    lines.flush()

    ways = [
        (_OTLP, "otlp_http", _otlp, _PROTOBUF),
        (_REMOTE_WRITE, "remote_write", _remote_write, _PROTOBUF | _SNAPPY),
    ]
    threads = [threading.Thread(target=run, args=way) for way in ways]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def read(file: Path, begin: int, until: int) -> list[Sent]:
    """Return the requests of a while, in milliseconds since the epoch, both ends included."""
    sent = (Sent(**json.loads(line)) for line in file.read_text().splitlines())
    return [each for each in sent if begin <= each.moment <= until]


def lost(target: Target, sent: Iterable[Sent]) -> int:
    """Return how many samples were acknowledged and are not found."""
    taken = {
        via: sorted(each.moment for each in sent if each.taken and each.via == via) for via in (_OTLP, _REMOTE_WRITE)
    }
    missing = 0
    with target.client(target.tenants[0]) as client:
        for via, moments in taken.items():
            found = _found(client, target.addresses["metrics.query"], via, moments)
            missing += sum(max(0, SERIES - found.get(moment, 0)) for moment in moments)
    return missing


def _found(client: httpx.Client, url: str, via: str, moments: list[int]) -> dict[int, int]:
    """Return in how many series each moment has a sample."""
    counts: dict[int, int] = {}
    until = moments[0] / 1000 - 0.001 if moments else 0.0
    while moments and until <= moments[-1] / 1000:
        until += _WINDOW_SECONDS
        asked = {"query": f'{METRIC}{{{otlp.VIA}="{via}"}}[{_WINDOW_SECONDS}s]', "time": f"{until:.3f}"}
        for series in _queried(client, f"{url}/api/v1/query", asked):
            for at, _ in series["values"]:
                counts[round(at * 1000)] = counts.get(round(at * 1000), 0) + 1
    return counts


@retry(retry=retry_if_exception_type(httpx.HTTPError), stop=stop_after_delay(120), wait=wait_fixed(1), reraise=True)
def _queried(client: httpx.Client, url: str, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what a query finds; a reader that is refused asks again."""
    result: list[dict[str, Any]] = client.get(url, params=asked, timeout=60).raise_for_status().json()["data"]["result"]
    return result


def _posted(client: httpx.Client, url: str, body: bytes, headers: dict[str, str]) -> str:
    try:
        return str(client.post(url, content=body, headers=headers).status_code)
    except httpx.HTTPError as error:
        return type(error).__name__


def _otlp(moment: int) -> bytes:
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name=METRIC)
    for number in range(SERIES):
        point = metric.gauge.data_points.add(time_unix_nano=moment * 1_000_000, as_double=number)
        for name, value in ((otlp.VIA, _OTLP), (_LABEL, str(number))):
            attribute = point.attributes.add(key=name)
            attribute.value.string_value = value
    return bytes(request.SerializeToString())


def _remote_write(moment: int) -> bytes:
    labels = {"__name__": METRIC, otlp.VIA: _REMOTE_WRITE}
    requests = (
        otlp.write_request({**labels, _LABEL: str(number)}, number, (moment + 0.5) / 1000) for number in range(SERIES)
    )
    return otlp.compressed(b"".join(requests))
