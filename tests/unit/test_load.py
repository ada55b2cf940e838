"""A run of load, with doubles of the transport, the clock and the processes."""

import json
import os
import struct
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import cramjam
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from rich.console import Console

from sandbox.faults.page import Run
from sandbox.load import beside, chart, page
from sandbox.load.backend import Backend
from sandbox.load.backends import BACKENDS
from sandbox.load.figures import Answer, Step, Use, cores_for, knee, quantile_of
from sandbox.load.plan import PROTOCOLS, SENDERS, Plan, PlanError, protocols_of
from sandbox.load.requests import Batch, batches
from sandbox.load.run import Outcome, _steps
from sandbox.load.sender import Sender
from sandbox.load.site import settings_of
from sandbox.load.watch import REST, Seen, watched
from sandbox.load.ways import Cost, Way, compared
from telemetry.clients.otlp import varint
from telemetry.spec.measured import Figures
from tests.support import REPO

MIMIR, THANOS = BACKENDS.values()
MOMENT = 1_800_000_000_123
PLAN = Plan(rate=800, factor=1.5, series=1_600, samples=100, tenants=2, seconds=2, steps=4, queries=0)


@pytest.mark.parametrize("replicas", [1, 3])
@pytest.mark.parametrize("backend", BACKENDS.values(), ids=BACKENDS)
def test_settings_of_every_backend_are_taken_with_its_tenants(backend: Backend, replicas: int) -> None:
    plan = Plan(rate=1_000, steps=1, seconds=2, series=3_200, samples=100, queries=2, replicas=replicas)
    assert len(settings_of(backend, plan, "127.0.0.1").tenants) == plan.tenants


def test_series_go_into_whole_requests_of_every_tenant_and_protocol() -> None:
    made = batches(PLAN)
    assert len(made) == PLAN.batches == 16
    pairs = [(each.tenant, each.protocol) for each in made]
    assert {pair: pairs.count(pair) for pair in pairs} == {
        (tenant, protocol): 4 for tenant in (0, 1) for protocol in PROTOCOLS
    }


def test_too_few_series_for_the_senders_are_refused_with_what_would_do() -> None:
    with pytest.raises(PlanError, match=r"2 requests of 100 samples, and there are 8 senders.*; have more series"):
        Plan(series=200, samples=100, tenants=2)


def test_protocols_are_chosen_by_name() -> None:
    assert protocols_of(()) == PROTOCOLS
    assert protocols_of(["otlp"]) == ("otlp",)
    with pytest.raises(PlanError, match="no protocol grpc; there are remote-write and otlp"):
        protocols_of(["otlp", "grpc"])


def batch(protocol: str) -> Batch:
    return next(each for each in batches(PLAN) if each.protocol == protocol)


def test_a_body_of_otlp_has_the_moment_in_each_sample_and_series_of_its_own() -> None:
    sent = ExportMetricsServiceRequest.FromString(batch("otlp").body(MOMENT))
    points = sent.resource_metrics[0].scope_metrics[0].metrics[0].gauge.data_points
    assert {point.time_unix_nano for point in points} == {MOMENT * 1_000_000}
    assert len({tuple(each.value.string_value for each in point.attributes) for point in points}) == 100


def test_a_body_of_remote_write_has_the_moment_in_each_sample() -> None:
    written = bytes(cramjam.snappy.decompress_raw(batch("remote-write").body(MOMENT)))
    samples = [b"\x09" + struct.pack("<d", value) + b"\x10" + varint(MOMENT) for value in range(100)]
    assert [each for each in samples if written.count(each) != 1] == []


def test_no_series_is_in_two_requests() -> None:
    sent = [each for each in batches(PLAN) if each.protocol == "otlp"]
    names = [
        tuple(value.value.string_value for value in point.attributes)
        for each in sent
        for point in ExportMetricsServiceRequest.FromString(each.body(MOMENT))
        .resource_metrics[0]
        .scope_metrics[0]
        .metrics[0]
        .gauge.data_points
    ]
    assert len(names) == len(set(names)) == 800


class Clock:
    """Time that goes on only where somebody waits, for each thread by itself: no sender waits for another."""

    def __init__(self) -> None:
        self._own = threading.local()

    def __call__(self) -> float:
        return getattr(self._own, "now", 0.0)

    def wait(self, seconds: float) -> None:
        self._own.now = self() + seconds


class Taker:
    """Takes requests, each for so many seconds of the sender's time."""

    def __init__(self, clock: Clock, seconds: float = 0.0, status: int = 200) -> None:
        self.clock, self.seconds, self.status = clock, seconds, status
        self.seen: list[httpx.Request] = []

    def client(self) -> httpx.Client:
        def answer(request: httpx.Request) -> httpx.Response:
            self.clock.wait(self.seconds)
            self.seen.append(request)
            if self.status == 0:
                raise httpx.ReadError("gone")
            return httpx.Response(self.status)

        return httpx.Client(base_url="https://gateway", transport=httpx.MockTransport(answer))


def sent(backend: Taker, rate: float = 800, queries: float = 0) -> list[Answer]:
    sender = Sender([backend.client(), backend.client()], backend.clock, backend.clock.wait)
    return sender.send(batches(PLAN), rate, queries, PLAN.seconds)


def test_so_many_samples_are_sent_as_the_rate_says_each_when_it_is_due() -> None:
    backend = Taker(Clock())
    answers = sent(backend)
    assert sum(each.samples for each in answers) == 800 * 2
    assert sorted(round(each.at, 9) for each in answers) == [each / 8 for each in range(16)]
    assert {each.seconds for each in answers} == {0.0}
    assert {request.url.path for request in backend.seen} == {"/api/v1/push", "/otlp/v1/metrics"}


def test_queries_are_asked_beside() -> None:
    answers = sent(Taker(Clock()), queries=5)
    assert len([each for each in answers if each.kind == "query"]) == 10


def test_a_request_is_late_from_when_it_was_due_and_not_from_when_its_sender_was_free() -> None:
    """Each sender has a request a second, and each takes it two: the second one has waited for a second."""
    answers = sent(Taker(Clock(), seconds=1.5))
    assert sorted({round(each.seconds, 9) for each in answers}) == [1.5, 2.0]


def test_what_is_not_sent_when_the_time_is_over_is_not_sent_any_more() -> None:
    answers = sent(Taker(Clock(), seconds=10))
    assert len(answers) == SENDERS


@pytest.mark.parametrize("status", [503, 0])
def test_what_is_refused_or_broken_is_not_taken(status: int) -> None:
    answers = sent(Taker(Clock(), status=status))
    assert len(answers) == 16
    assert [each for each in answers if each.taken] == []


def step(offered: float, taken: float = 1.0, seconds: float = 0.01, refused: int = 0, begun: float = 0) -> Step:
    """A step of ten seconds with a hundred requests: which part was taken, how slow all were, how many were refused."""
    each = offered * 10 / (100 - refused) * taken
    answers = [Answer(begun + at / 10, "write", seconds, 503 if at < refused else 200, int(each)) for at in range(100)]
    cpu = offered / 50_000
    uses = {
        group: tuple(Use(begun + at, 100 + at * cpu * part, 1 << 30) for at in range(11))
        for group, part in (("gateway", 0.1), ("mimir", 1.0), ("client", 0.5), (REST, 0.0))
    }
    return Step(offered, begun, begun + 10, tuple(answers), uses)


@pytest.mark.parametrize(
    ("found", "carried"),
    [
        (step(1000), True),
        (step(1000, taken=0.96), True),
        (step(1000, taken=0.94), False),
        (step(1000, refused=1), True),
        (step(1000, refused=2), False),
        (step(1000, seconds=1.0), True),
        (step(1000, seconds=1.1), False),
    ],
)
def test_a_load_is_carried_if_nearly_all_of_it_is_taken_in_time(found: Step, carried: bool) -> None:
    assert found.is_carried is carried


def test_the_knee_is_the_most_that_was_carried() -> None:
    steps = [step(1000), step(2000), step(4000, taken=0.5), step(3000)]
    assert knee(steps) is steps[3]
    assert knee([step(1000, taken=0)]) is None


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_a_value_that_so_many_are_not_above(values: list[float], part: float) -> None:
    found = quantile_of(values, part)
    assert found in values
    assert sum(value <= found for value in values) >= part * len(values) - 1e-9
    assert sum(value < found for value in values) < part * len(values) + 1e-9


def test_a_straight_line_is_gone_on_with_exactly_and_without_error() -> None:
    steps = [step(rate) for rate in (1000, 2000, 4000)]
    found = cores_for(steps, "mimir", 100_000)
    assert found is not None
    assert (found.value, found.error) == pytest.approx((2.0, 0.0), abs=1e-6)


def test_the_error_grows_with_the_distance_and_nothing_is_said_of_two_points() -> None:
    bent = [step(1000), step(2000), step(4000), Step(8000, 0, 10, step(8000).answers, step(16_000).uses)]
    near, far = cores_for(bent, "mimir", 8_000), cores_for(bent, "mimir", 100_000)
    assert near and far
    assert 0 < near.error < far.error
    assert cores_for(bent[:2], "mimir", 8_000) is None


class UpTo(Sender):
    """A sender whose backend takes so many samples a second, and no more."""

    def __init__(self, most: float) -> None:
        super().__init__([])
        self.most = most

    def now(self) -> float:
        return 0.0

    def send(self, _: Any, rate: float, __: float, seconds: float) -> list[Answer]:
        return [Answer(0.5, "write", 0.01, 200, int(min(rate, self.most) * seconds))]


def tried(most: float) -> list[float]:
    return [each.offered for each in _steps(PLAN, [], UpTo(most), Seen({"mimir": []}))]


def test_load_grows_until_it_is_not_carried_then_the_knee_is_looked_for_in_between() -> None:
    assert tried(1500) == [800, 1200, 1800, 1500, 1650, 1575]


def test_a_run_that_is_carried_throughout_has_no_more_steps_than_it_may() -> None:
    assert tried(1e9) == [800, 1200, 1800, 2700]


def test_a_run_whose_first_step_is_not_carried_ends() -> None:
    assert tried(10) == [800]


def test_ways_in_take_turns_and_each_has_its_own_costs() -> None:
    clock, order = Clock(), list[str]()
    spent = {1: 0.0}

    def way(name: str, seconds: float, cpu: float) -> Way:
        def answer(request: httpx.Request) -> httpx.Response:
            assert request.url.path == f"/{name}"
            clock.wait(seconds)
            spent[1] += cpu
            order.append(name)
            return httpx.Response(200)

        return Way(httpx.Client(base_url="https://x", transport=httpx.MockTransport(answer)), f"/{name}")

    ways = {"direct": way("direct", 0.002, 0.001), "gateway": way("gateway", 0.003, 0.004)}
    costs = compared(ways, batch("otlp"), {"mimir": [1]}, 10, clock, lambda pids: spent[pids[0]])
    assert order == ["direct", "gateway", *["direct", "direct", "gateway", "gateway"] * 5]
    assert [each.median for each in costs] == pytest.approx([0.002, 0.003])
    assert [each.cpu["mimir"] for each in costs] == pytest.approx([0.001, 0.004])


def test_a_way_that_is_refused_ends_the_comparison_and_is_named() -> None:
    with pytest.raises(RuntimeError, match="gateway: 401"):
        compared({"gateway": Way(Taker(Clock(), status=401).client(), "/")}, batch("otlp"), {}, 1)


def test_processes_are_looked_at_before_anything_is_done_and_so_is_the_machine() -> None:
    with watched({"this": [os.getpid()], "gone": [2**22 + 1]}, lambda: 7.0) as seen:
        pass
    first = {name: uses[0] for name, uses in seen.between(7.0, 7.0).items()}
    assert first["this"].memory > 1 << 20
    assert first["this"].cpu > 0
    assert (first["gone"].cpu, first["gone"].memory, first[REST].memory) == (0, 0, 0)


def outcome(*steps: Step, replicas: int = 1, backend: Backend = MIMIR) -> Outcome:
    cost = [Cost(way, (0.001, 0.002), {"gateway": 0.0001, "mimir": 0.001}) for way in ("direct", "gateway")]
    return Outcome(backend, Plan(replicas=replicas), steps, tuple(cost), 100 << 20)


def kept_in(file: Path, backend: Backend) -> Backend:
    """The backend, whose figures are kept in a file of its own."""
    file.write_text("{}")
    return replace(backend, measurements=replace(backend.measurements, file=file))


STEPS = (step(1000), step(2000, begun=10), step(4000, begun=20), step(8000, taken=0.5, begun=30))


def test_the_page_gets_its_tables_a_picture_and_the_machine(tmp_path: Path) -> None:
    copy = tmp_path / "load.md"
    copy.write_text((REPO / "docs" / "load.md").read_text())
    for backend in BACKENDS.values():
        for replicas in (1, 3):
            page.write(outcome(*STEPS, replicas=replicas, backend=backend), Run("2026-01-01", "abc"), copy)
    text = copy.read_text()
    assert text.count("| `8,000` |") == 4
    assert text.count("The knee: 4,000 samples a second were carried, 8,000 were not.") == 4
    assert "![Throughput, latency, CPU and memory over time](load-thanos-prod.svg)" in text
    assert "2026-01-01, abc; " in text
    assert "3 ingestors, each with every series, of Thanos' Receive, a router, Query and a Store behind" in text
    assert (tmp_path / "load-mimir-dev.svg").exists()
    page.write(outcome(*STEPS), Run("2026-01-01", "abc"), copy)
    assert copy.read_text() == text, "written again, it is the same"


def test_figures_of_the_knee_are_kept_for_sizing_and_none_where_there_is_none(tmp_path: Path) -> None:
    backend = kept_in(tmp_path / "measured.json", MIMIR)
    page.record(outcome(step(1000, taken=0), backend=backend), Run("2026-01-01", "abc"))
    assert backend.measurements.figures() == {}
    for replicas in (1, 3):
        page.record(outcome(*STEPS, replicas=replicas, backend=backend), Run("2026-01-01", "abc"))
    found = backend.measurements.figures()
    assert found[1].where.startswith("2026-01-01, abc; ")
    assert (found[1].samples_per_second, found[1].series, found[1].samples_per_cpu_second) == (4_000, 100_000, 50_000)
    grown = (1 << 30) - (100 << 20)
    assert (found[1].bytes_per_series, found[3].bytes_per_series) == (round(grown / 1e5), round(grown / 3e5))


def test_a_knee_that_is_the_senders_own_is_said_to_be() -> None:
    assert "it was the sender that could do no more" in " ".join(page.notes(outcome(step(1000), step(100_000, 0.5))))


def test_what_is_shown_fits_a_terminal_and_says_when_there_was_no_knee() -> None:
    console = Console(width=100, record=True)
    page.show(console, outcome(*STEPS[:3]))
    said = console.export_text()
    assert "4,000 samples a second were carried, and so was every step: the knee is beyond." in said
    assert "…" not in said


def test_parts_of_a_backend_are_counted_together() -> None:
    apart = step(2000)
    uses = {"receive": apart.uses["mimir"], "query": apart.uses["mimir"][:-1]}
    both = replace(
        apart, uses={"gateway": apart.uses["gateway"], **uses, "client": apart.uses["client"], REST: apart.uses[REST]}
    )
    found = outcome(both, backend=THANOS)
    assert ">query<" in chart.svg(found)
    assert found.parts == ("receive", "query")
    assert both.cores(*found.parts) == pytest.approx(2 * apart.cores("mimir"))
    assert found.bytes_per_series == ((2 << 30) - (100 << 20)) / 100_000


def test_backends_stand_beside_each_other_in_the_shapes_that_all_were_measured_in(tmp_path: Path) -> None:
    copy = tmp_path / "load.md"
    copy.write_text((REPO / "docs" / "load.md").read_text())
    mimir, thanos = (kept_in(tmp_path / each.name, each) for each in BACKENDS.values())
    for backend, copies, samples in ((mimir, 1, 8_000), (mimir, 3, 4_000), (thanos, 1, 6_000)):
        backend.measurements.write(copies, Figures(samples, 100, samples / 2, 2_048, f"run {samples}"))
    beside.write((mimir, thanos), copy)
    _, _, table = copy.read_text().partition("| Shape and figure | Mimir | Thanos | Thanos to Mimir |")
    assert "| `dev`: samples a second carried | 8,000 | 6,000 | 0.75x |" in table
    assert "| `dev`: KiB of memory for each series and copy | 2.0 | 2.0 | 1.00x |" in table
    assert "Thanos, dev's shape: run 6000." in table
    assert "`prod`: samples" not in table


def test_a_backend_of_whose_cores_no_rule_speaks_is_said_to_be_one() -> None:
    found = outcome(*STEPS, backend=THANOS)
    assert page.document(found)["cores_by_the_rules"] is None
    assert "For that load Thanos used 0.08 cores; the rules of `make size` do not say how many." in page.notes(found)


@pytest.mark.parametrize(("replicas", "series_cores"), [(1, 1 / 3), (3, 1.0)])
def test_what_was_used_is_held_against_the_backends_rules(replicas: int, series_cores: float) -> None:
    """A core for each 25,000 samples, and for each 300,000 series of each copy; a query a second takes 0.206 more."""
    found = outcome(*STEPS, replicas=replicas)
    by_rules = 4_000 / 25_000 + series_cores + 1 / 10 + 1 / 10 + 1 / 250 + 1 / 500 + 100_000 / 20_000_000
    assert page.document(found)["cores_by_the_rules"] == pytest.approx(by_rules)
    assert f"used 0.08 cores; the rules of `make size` ask for {by_rules:.2f}." in " ".join(page.notes(found))


def test_what_programs_read_is_plain_json() -> None:
    shown = page.document(outcome(*STEPS))
    assert json.loads(json.dumps(shown)) == json.loads(json.dumps(shown))
    assert shown["knee"] == 4000
    assert shown["steps"][3]["carried"] is False
    assert shown["cores_for"]["mimir"]["value"] == pytest.approx(2.0)


def test_the_picture_has_every_line_inside_and_fetches_nothing() -> None:
    drawn = chart.svg(outcome(*STEPS))
    assert drawn == chart.svg(outcome(*STEPS))
    assert drawn.count("http") == 1
    image = ET.fromstring(drawn)  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    words = [each.text for each in image.iter(f"{space}text")]
    assert {"taken", "offered", "half of them", "99 %", "gateway", "mimir", "client", REST} <= set(words)
    width, height = float(image.get("width", 0)), float(image.get("height", 0))
    for line in image.iter(f"{space}polyline"):
        for x, y in (map(float, point.split(",")) for point in line.get("points", "").split()):
            assert 0 <= x <= width
            assert 0 <= y <= height
    shaded = [each for each in image.iter(f"{space}rect") if each.get("fill") == "#fbe9e7"]
    assert len(shaded) == 4, "the step that was not carried, in each panel"
