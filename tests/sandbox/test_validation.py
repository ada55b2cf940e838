"""Validation of two tenants: real nginx before real Mimir, and a Tempo of recorded answers; then with faults."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.gateway.recorded_tempo import Tempo, recorded_tempo
from sandbox.toolchain import Toolchain
from telemetry.backends.mimir import checks as metrics
from telemetry.backends.tempo import checks as traces
from telemetry.backends.tempo.values_common import tenant_overrides
from telemetry.clients.reach import Reach
from telemetry.clients.target import Tenant
from telemetry.operations.validation import plan, report
from telemetry.operations.validation.runner import Bounds, run
from telemetry.operations.validation.target import StackTarget, tenants_of
from telemetry.spec.checks import Check, Lane, Result
from telemetry.stack import Stack
from tests.doubles import refused
from tests.sandbox import edge as edges
from tests.sandbox.edge import KEY, Edge, open_edge, tenant
from tests.sandbox.test_runbooks import LINES as RUNBOOKS
from tests.support import load_stack

LIMITS = {"metrics": {"ingestion_rate": 1234, "max_series": 567}, "traces": {"ingestion_rate": "3Mi"}}
TENANTS = [
    tenant("payments", limits=LIMITS, retention={"metrics": "90d", "traces": "14d"}),
    tenant("search", access={"accepts": "both"}),
]
BOUNDS = Bounds(check=40, overall=120)
SOON = Bounds(check=4, overall=120)


def metrics_checks(target: StackTarget, tenant: Tenant) -> list[Check]:
    return metrics.checks(target.stack.backend("metrics").context, target, tenant)


def traces_checks(target: StackTarget, tenant: Tenant) -> list[Check]:
    return traces.checks(target.stack.backend("traces").context, target, tenant)


@pytest.fixture(scope="module")
def tempo() -> Tempo:
    return Tempo()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mimir") / "data"


@pytest.fixture(scope="module")
def edge(gateway_tools: Toolchain, files: Path, tempo: Tempo) -> Iterator[Edge]:
    @contextmanager
    def recorded(address: str, *_: Any) -> Iterator[None]:
        tempo_at.append(address)
        with recorded_tempo(address, tempo):
            yield

    tempo_at: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edges, "tempo", recorded)
        with open_edge(gateway_tools, TENANTS, directory=files) as opened:
            opened.network.tempo = tempo_at[0]  # type: ignore[attr-defined]
            tempo.overrides = tenant_overrides(opened.gateway.stack.backend("traces").context, generates=False)
            yield opened


@pytest.fixture
def target(edge: Edge, files: Path) -> StackTarget:
    url, mimir = edge.gateway.url, f"http://{edge.mimir.address if edge.mimir else ''}"
    tempo = f"http://{edge.network.tempo}:3200"  # type: ignore[attr-defined]
    stack = edge.gateway.stack
    return StackTarget(
        stack=stack,
        addresses={
            "traces.otlp_grpc": edge.gateway.grpc,
            "traces.otlp_http": f"{url}/v1/traces",
            "traces.query": f"{url}/tempo",
            "metrics.remote_write": f"{url}/api/v1/push",
            "metrics.otlp_http": f"{url}/otlp/v1/metrics",
            "metrics.query": f"{url}/prometheus",
            "metrics.admin": mimir,
            "metrics.flush": mimir,
            "traces.admin": tempo,
            "traces.ring": tempo,
        },
        tenants=tenants_of(stack, KEY, {}),
        reach=Reach(),
        authority=edge.gateway.authority,
        blocks=lambda who: {str(each) for each in (files / "blocks" / who).glob("*/meta.json")},
    )


def validated(target: StackTarget, bounds: Bounds = BOUNDS) -> list[Result]:
    return run(plan.lanes(target, {}), bounds, lambda _: None)


def failures(results: list[Result], lane: str | None = None) -> dict[str, str]:
    return {
        f"{each.signal}: {each.name}": each.detail
        for each in results
        if each.state == "failed" and lane in (None, each.lane)
    }


def test_a_stack_that_works_passes_every_check(target: StackTarget, tempo: Tempo) -> None:
    results = validated(target)
    assert failures(results) == {}
    assert {each.state for each in results} == {"passed"}
    assert len(results) == 2 * 9 + 1
    assert report.exit_code(results, allow_skipped=False) == 0
    said = {(each.lane, each.name): each.detail for each in results if each.signal == "metrics"}
    assert said["payments", "retention and limits in force"] == "retention 2160h, 3 limits as planned"
    assert said[plan.PLATFORM, "ingester ring"] == "1 of 1 ingesters ACTIVE"
    assert "/payments/" in said["payments", "block in the bucket after a flush"]
    assert {tenant: len(spans) for tenant, spans in tempo.spans.items()} == {"payments": 2, "search": 2}
    assert json.loads(report.as_json("dev", results))["passed"] == len(results)


def test_the_pages_that_runbooks_ask_are_mimirs_own(edge: Edge) -> None:
    asked = {found[1] for line in RUNBOOKS if (found := re.match(r"metrics \S+ (\S+)", line))}
    asked |= {found[1] for line in RUNBOOKS if (found := re.search(r":8080/(prometheus/\S+)", line))}
    assert asked >= {"metrics", "ingester/ring", "distributor/all_user_stats", "prometheus/api/v1/rules"}
    assert edge.mimir is not None
    answers = {
        path: httpx.get(
            f"http://{edge.mimir.address}/{path}", headers={"X-Scope-OrgID": "payments"}, params={"query": "up"}
        ).status_code
        for path in asked
    }
    assert {path: code for path, code in answers.items() if code != httpx.codes.OK} == {}


def test_a_wrong_token_fails_that_tenants_checks_alone_and_at_once(target: StackTarget) -> None:
    payments, search = target.tenants
    results = validated(replace(target, tenants=[replace(payments, token="wrong"), search], flush=False))
    assert set(failures(results)) == set(failures(results, "payments"))
    found = failures(results, "payments")
    for name in (
        "metrics: OTLP in, PromQL out",
        "metrics: remote-write in, PromQL out",
        "traces: OTLP/HTTP in, by id out",
    ):
        assert "answered 401" in found[name]
        assert "docs/tenants.md, 'Credentials'" in found[name]
    assert "UNAUTHENTICATED" in found["traces: OTLP/gRPC in, by id out"]
    assert max(each.seconds for each in results if each.name.endswith("out")) < 10, "a refusal is not waited for"


def test_limits_that_are_not_as_planned_are_named(target: StackTarget) -> None:
    planned = other(target.stack, ingestion_rate=4321)
    found = failures(validated(replace(target, stack=planned, tenants=target.tenants[:1])))
    (said,) = found.values()
    assert said.startswith("ingestion_rate is 1234, planned 4321; has `up` run")


def other(stack: Stack, **limits: int) -> Stack:
    """The same stack with other limits of its first tenant."""
    first, *rest = stack.tenants
    metrics = first.limits.metrics.model_copy(update=limits)
    changed = first.model_copy(update={"limits": first.limits.model_copy(update={"metrics": metrics})})
    return stack.model_copy(update={"tenants": [changed, *rest]})


def test_fewer_ingesters_than_planned_are_told(target: StackTarget) -> None:
    found = failures(validated(replace(target, stack=three_ingesters(target.stack), tenants=[]), SOON))
    assert found == {
        "metrics: ingester ring": "ring of 1 ACTIVE, planned are 3 ACTIVE; see: kubectl get pods, and each one's log"
    }


def three_ingesters(stack: Stack) -> Stack:
    roles = stack.metrics.roles | {"ingester": load_stack("prod").metrics.roles["ingester"]}
    return stack.model_copy(update={"metrics": stack.metrics.model_copy(update={"roles": roles})})


def test_a_query_side_that_is_down_is_told_after_what_was_taken(target: StackTarget) -> None:
    down = {**target.addresses, "metrics.query": f"{refused()}/prometheus"}
    unread = replace(target, addresses=down)
    lane = Lane("payments", tuple(metrics_checks(unread, target.tenants[0])[:2]))
    found = failures(run([lane], SOON, lambda _: None))
    assert set(found) == {"metrics: OTLP in, PromQL out", "metrics: remote-write in, PromQL out"}
    assert all("/prometheus/api/v1/query: does not answer (ConnectError" in each for each in found.values())


def test_a_tempo_that_finds_nothing_is_told(target: StackTarget, tempo: Tempo) -> None:
    tempo.forgets = True
    try:
        lane = Lane("payments", tuple(traces_checks(target, target.tenants[0])))
        found = failures(run([lane], SOON, lambda _: None))
    finally:
        tempo.forgets = False
    assert set(found) == {
        f"traces: OTLP/{each} in, by {way} out" for each in ("gRPC", "HTTP") for way in ("id", "TraceQL")
    }
