"""What is counted while a stack on real nodes changes: requests that are refused, samples that are not found again."""

import json
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from sandbox.continuity import traffic
from sandbox.continuity.events import EVENTS
from sandbox.continuity.run import Outcome
from sandbox.continuity.traffic import SERIES, Sent
from sandbox.marked import with_table

MOMENTS = [1_000_000_000_000 + 1000 * second for second in range(70)]


class Backend:
    """Takes everything, or answers as told; finds all but some samples."""

    def __init__(self, status: int = 200, missing: int = 0) -> None:
        self.status, self.missing = status, missing
        self.posted: dict[str, bytes] = {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.posted[request.url.path] = request.content
            return httpx.Response(self.status)
        until = float(request.url.params["time"])
        inside = [moment / 1000 for moment in MOMENTS if until - 60 < moment / 1000 <= until]
        result = [{"values": [[at, "1"] for at in inside]} for _ in range(SERIES)]
        if self.missing and MOMENTS[0] / 1000 in inside:
            result[: self.missing] = [{"values": each["values"][1:]} for each in result[: self.missing]]
        return httpx.Response(200, text=json.dumps({"data": {"result": result}}))

    @property
    def target(self) -> Any:
        names = {"otlp_http": "/otlp", "remote_write": "/push", "query": "/prometheus"}
        return SimpleNamespace(
            tenants=[None],
            addresses={f"metrics.{name}": f"http://backend{path}" for name, path in names.items()},
            client=lambda _: httpx.Client(transport=httpx.MockTransport(self.answer)),
        )


@pytest.mark.parametrize("missing", [0, 3])
def test_what_was_acknowledged_is_counted_wherever_it_is_not_found(missing: int) -> None:
    sent = [Sent(moment, "otlp", "200") for moment in MOMENTS]
    assert traffic.lost(Backend(missing=missing).target, sent) == missing


def test_a_reader_that_is_refused_asks_again() -> None:
    backend = Backend()
    statuses = iter([502])

    def once_refused(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status) if (status := next(statuses, 0)) else backend.answer(request)

    target = backend.target
    target.client = lambda _: httpx.Client(transport=httpx.MockTransport(once_refused))
    assert traffic.lost(target, [Sent(MOMENTS[0], "otlp", "200")]) == 0


def test_what_was_refused_was_promised_by_nobody() -> None:
    sent = [Sent(MOMENTS[-1] + 1000, "otlp", "503"), Sent(MOMENTS[-1] + 1000, "remote-write", "ReadTimeout")]
    assert traffic.lost(Backend().target, sent) == 0


def test_both_protocols_are_written_with_all_series_and_their_answers_noted(tmp_path: Path) -> None:
    backend, file, stop = Backend(status=503), tmp_path / "sent", threading.Event()
    writing = threading.Thread(target=traffic.write, args=(backend.target, file, stop))
    writing.start()
    while len(backend.posted) < 2:
        stop.wait(0.01)
    stop.set()
    writing.join()
    request = ExportMetricsServiceRequest.FromString(backend.posted["/otlp"])
    points = request.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points
    assert len({str(point.attributes) for point in points}) == SERIES
    told = traffic.read(file, 0, sys.maxsize)
    assert {(each.via, each.answer, each.taken) for each in told} == {
        ("otlp", "503", False),
        ("remote-write", "503", False),
    }


def test_a_rollout_may_refuse_nothing_and_nothing_may_lose_anything() -> None:
    rollout = next(event for event in EVENTS if event.name == "ingesters-roll")
    killed = next(event for event in EVENTS if event.name == "ingester-killed")
    assert not Outcome(rollout, 10, 1, ("502",), 1800, 0, 1.0).passed
    assert Outcome(killed, 10, 1, ("502",), 1800, 0, 1.0).passed
    assert not Outcome(killed, 10, 1, ("502",), 1800, 1, 1.0).passed
    assert not Outcome(killed, 10, 10, ("502",), 0, 0, 1.0).passed


def test_a_table_takes_the_place_of_the_one_before_and_nothing_else() -> None:
    marks, order = ("<b>", "<e>"), ["`x`", "`y`"]
    page = "before\n<b>\nold\n<e>\nafter\n"
    for number in "12":
        page = with_table(page, marks, ["A", "B"], [["`x`", number]], order, "Here.")
    assert page == "before\n<b>\n\n| A | B |\n| --- | --- |\n| `x` | 2 |\n\nHere.\n\n<e>\nafter\n"
    both = with_table(page, marks, ["A", "B"], [["`y`", "3"]], order)
    assert both == "before\n<b>\n\n| A | B |\n| --- | --- |\n| `x` | 2 |\n| `y` | 3 |\n\n<e>\nafter\n"
    with pytest.raises(ValueError, match="no lines"):
        with_table(page, ("<b>", "<other>"), ["A"], [], [])
