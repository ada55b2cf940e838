"""What is counted while a stack on real nodes changes: requests that are refused, samples that are not found again."""

import json
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sandbox.continuity import run, traffic
from sandbox.continuity.events import EVENTS
from sandbox.continuity.metrics import METRICS, SERIES
from sandbox.continuity.run import Outcome
from sandbox.continuity.site import Site
from sandbox.continuity.traces import IN_A_REQUEST, TRACES, trace_id
from sandbox.continuity.traffic import Sent
from sandbox.marked import with_table
from tests.support import load_tree, tree

MOMENTS = [1_000_000_000_000 + 1000 * second for second in range(70)]


class Backend:
    """Takes everything, or answers as told; finds all but some samples."""

    def __init__(self, status: int = 200, missing: int = 0) -> None:
        self.status, self.missing = status, missing
        self.posted: dict[str, bytes] = {}
        self.unknown: set[str] = set()
        """Ids of traces that are not found."""

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.posted[request.url.path] = request.content
            return httpx.Response(self.status)
        if request.url.path.startswith("/tempo/api/traces/"):
            return httpx.Response(
                404 if request.url.path.rpartition("/")[2] in self.unknown else 200, json={"batches": 1}
            )
        until = float(request.url.params["time"])
        inside = [moment / 1000 for moment in MOMENTS if until - 60 < moment / 1000 <= until]
        result = [{"values": [[at, "1"] for at in inside]} for _ in range(SERIES)]
        if self.missing and MOMENTS[0] / 1000 in inside:
            result[: self.missing] = [{"values": each["values"][1:]} for each in result[: self.missing]]
        return httpx.Response(200, text=json.dumps({"data": {"result": result}}))

    @property
    def target(self) -> Any:
        names = {
            "metrics.otlp_http": "/otlp",
            "metrics.remote_write": "/push",
            "metrics.query": "/prometheus",
            "traces.otlp_http": "/spans",
            "traces.query": "/tempo",
        }
        return SimpleNamespace(
            tenants=[None],
            addresses={name: f"http://backend{path}" for name, path in names.items()},
            client=lambda _: httpx.Client(transport=httpx.MockTransport(self.answer)),
        )


@pytest.mark.parametrize("missing", [0, 3])
def test_what_was_acknowledged_is_counted_wherever_it_is_not_found(missing: int) -> None:
    sent = [Sent(moment, "otlp", "200") for moment in MOMENTS]
    assert traffic.lost(Backend(missing=missing).target, METRICS, sent) == missing


def test_a_trace_is_asked_for_by_its_id() -> None:
    backend, moments = Backend(), MOMENTS[:3]
    backend.unknown = {trace_id(moments[0], 1).hex(), trace_id(moments[2], 0).hex(), trace_id(moments[1] + 1, 0).hex()}
    sent = [Sent(moments[0], "spans", "200"), Sent(moments[1], "spans", "200"), Sent(moments[2], "spans", "503")]
    assert traffic.lost(backend.target, TRACES, sent) == 1


def test_what_strikes_a_backend_that_is_not_here_is_skipped_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    event = next(each for each in EVENTS if each.strikes == "traces")
    monkeypatch.setattr(run, "_SETTLED_SECONDS", 0)
    told: list[str] = []
    site = SimpleNamespace(signals=["metrics"], written_to=lambda _: nullcontext())
    assert list(run.run(cast("Site", site), [event], told.append)) == []
    assert told[1:] == ["traces-ingester-killed: skipped, no backend for traces is on this machine"]


def test_a_reader_that_is_refused_asks_again() -> None:
    backend = Backend()
    statuses = iter([502])

    def once_refused(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status) if (status := next(statuses, 0)) else backend.answer(request)

    target = backend.target
    target.client = lambda _: httpx.Client(transport=httpx.MockTransport(once_refused))
    assert traffic.lost(target, METRICS, [Sent(MOMENTS[0], "otlp", "200")]) == 0


def test_what_was_refused_was_promised_by_nobody() -> None:
    sent = [Sent(MOMENTS[-1] + 1000, "otlp", "503"), Sent(MOMENTS[-1] + 1000, "remote-write", "ReadTimeout")]
    assert traffic.lost(Backend().target, METRICS, sent) == 0


def test_both_signals_are_written_in_all_ways_and_their_answers_noted(tmp_path: Path) -> None:
    backend, file, stop = Backend(status=503), tmp_path / "sent", threading.Event()
    writing = threading.Thread(target=traffic.write, args=(backend.target, [METRICS, TRACES], file, stop))
    writing.start()
    while len(backend.posted) < 3:
        stop.wait(0.01)
    stop.set()
    writing.join()
    request = ExportMetricsServiceRequest.FromString(backend.posted["/otlp"])
    points = request.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points
    assert len({str(point.attributes) for point in points}) == SERIES
    spans = ExportTraceServiceRequest.FromString(backend.posted["/spans"]).resource_spans[0].scope_spans[0].spans
    assert len({span.trace_id for span in spans}) == IN_A_REQUEST
    assert {each.via for each in traffic.read(file, TRACES, 0, sys.maxsize)} == {"spans"}
    told = traffic.read(file, METRICS, 0, sys.maxsize)
    assert {(each.via, each.answer, each.taken) for each in told} == {
        ("otlp", "503", False),
        ("remote-write", "503", False),
    }


def test_a_rollout_may_refuse_nothing_and_nothing_may_lose_anything() -> None:
    rollout = next(event for event in EVENTS if event.name == "ingesters-roll")
    killed = next(event for event in EVENTS if event.name == "ingester-killed")
    assert not Outcome(rollout, "metrics", 10, 1, ("502",), 1800, 0, 1.0, 0.0).passed
    assert Outcome(killed, "metrics", 10, 1, ("502",), 1800, 0, 1.0, 0.0).passed
    assert not Outcome(killed, "metrics", 10, 1, ("502",), 1800, 1, 1.0, 0.0).passed
    assert not Outcome(killed, "metrics", 10, 10, ("502",), 0, 0, 1.0, 0.0).passed


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


class Deployed:
    """A site that only holds what it is to deploy against the settings."""

    def __init__(self) -> None:
        self.changes = 0

    def up(self, edit: Callable[[dict[str, Any]], object]) -> None:
        config = {f"telemetry:{key}": value for key, value in tree("prod").items()}
        edit(config)
        assert load_tree({key.removeprefix("telemetry:"): value for key, value in config.items()}, "prod")
        self.changes += 1

    def kill_pod(self, selector: str) -> None:
        """No change of settings."""

    def kill_service(self, name: str, seconds: float = 0.0) -> None:
        """No change of settings."""


def test_what_is_deployed_while_others_write_can_be_deployed() -> None:
    site = Deployed()
    for event in EVENTS:
        event.strike(cast("Site", site))
    assert site.changes == 3


def killed(monkeypatch: pytest.MonkeyPatch, **choosing: Any) -> list[str]:
    """Kill one of three pods twenty times, and return which it was."""
    seen: list[str] = []
    pods = [SimpleNamespace(metadata=SimpleNamespace(name=f"ingester-{number}")) for number in (2, 0, 1)]
    core = SimpleNamespace(
        list_namespaced_pod=lambda *_, **__: SimpleNamespace(items=pods),
        delete_namespaced_pod=lambda name, *_, **__: seen.append(name),
    )
    monkeypatch.setattr(Site, "core", core)
    monkeypatch.setattr(Site, "namespace", "telemetry")
    monkeypatch.setattr(Site, "_await", lambda *_: None)
    nobody = cast("Any", None)
    site = Site("prod", nobody, nobody, nobody, **choosing)
    for _ in range(20):
        site.kill_pod("role=ingester")
    return seen


def test_the_first_pod_is_killed_or_one_by_chance_and_the_same_one_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, again = (killed(monkeypatch, choose=Random(7).choice) for _ in range(2))
    assert first == again
    assert set(first) == {"ingester-0", "ingester-1", "ingester-2"}
    assert set(killed(monkeypatch)) == {"ingester-0"}


def pods(*names: str, ready: bool = True) -> dict[str, Any]:
    """Return pods by name, each with an id of its own."""
    conditions = [SimpleNamespace(type="Ready", status=str(ready))]
    return {
        name.partition(" ")[0]: SimpleNamespace(
            metadata=SimpleNamespace(uid=name), status=SimpleNamespace(conditions=conditions)
        )
        for name in names
    }


@pytest.mark.parametrize(
    ("now", "replaced"),
    [
        (pods("a", "b"), False),
        (pods("b"), False),
        (pods("b", "c", ready=False), False),
        (pods("b", "c"), True),
        (pods("a again", "b"), True),
    ],
    ids=["as before", "gone", "not ready yet", "another one ready", "the same name again"],
)
def test_a_killed_pod_is_replaced_when_another_one_is_ready_even_if_nobody_saw_it_missing(
    now: dict[str, Any], replaced: bool
) -> None:
    assert Site._replaced(pods("a", "b"), "a", now) is replaced
