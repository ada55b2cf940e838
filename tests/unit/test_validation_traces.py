"""Tempo's half against recorded answers: at any address, over both protocols, and with answers that are wrong."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from sandbox.gateway.loopback import network
from sandbox.gateway.recorded_tempo import Tempo, recorded_tempo
from telemetry.backends.tempo import checks as traces
from telemetry.backends.tempo.values_common import tenant_overrides
from telemetry.clients.otlp import span
from telemetry.clients.reach import Reach
from telemetry.clients.target import COLLECTOR_ADDRESS, Tenant
from telemetry.config.quantities import in_seconds
from telemetry.operations.validation.target import StackTarget
from telemetry.spec.checks import Check, CheckFailed, CheckSkipped
from telemetry.stack import Stack
from tests.support import load_stack, put

TENANT = {"id": "payments", "display_name": "Payments", "retention": {"traces": "14d"}}
PAYMENTS = Tenant("payments")
OTHER = '{"batches": [{"scopeSpans": [{"spans": [{"spanId": "AAAAAAAAAAA="}]}]}]}'


def traces_checks(target: StackTarget, tenant: Tenant) -> list[Check]:
    return traces.checks(target.stack.backend("traces").context, target, tenant)


def traces_platform_checks(target: StackTarget) -> list[Check]:
    return traces.platform_checks(target.stack.backend("traces").context, target)


@pytest.fixture
def tempo() -> Tempo:
    return Tempo()


@pytest.fixture
def target(tempo: Tempo) -> Iterator[StackTarget]:
    with network() as net:
        address = net.address()
        with recorded_tempo(address, tempo):
            yield target_at(load_stack("prod", put("tenants", [TENANT])), address)


def target_at(stack: Stack, address: str) -> StackTarget:
    places = {
        "traces.otlp_grpc": f"{address}:4317",
        "traces.otlp_http": f"http://{address}:4318/v1/traces",
        "traces.query": f"http://{address}:3200",
        "traces.admin": f"http://{address}:3200",
        "traces.ring": f"http://{address}:3200",
    }
    return StackTarget(stack=stack, addresses=places, tenants=[PAYMENTS], reach=Reach(), behind_gateway=True)


def test_any_tempo_is_asked_over_both_protocols(target: StackTarget, tempo: Tempo) -> None:
    tempo.overrides = tenant_overrides(target.stack.backend("traces").context, generates=False)
    said = [each.run(20) for each in traces_checks(target, PAYMENTS)]
    assert said[-1] == "retention 336h, ingestion rate as planned"
    assert len(tempo.spans["payments"]) == 2


def test_the_collector_is_sent_a_span_that_no_sampler_leaves_out(target: StackTarget, tempo: Tempo) -> None:
    # The stand-in takes OTLP as a collector does, and has it at once; the real way is in tests/sandbox.
    places = {**target.addresses, COLLECTOR_ADDRESS: target.addresses["traces.otlp_http"].removesuffix("/v1/traces")}
    nobody = replace(target, stack=load_stack("dev"), addresses=places, collects_as=(None,))
    checks = {each.name: each for each in traces_checks(nobody, Tenant(None))}
    checks["collector in, by id out"].run(20)
    checks["collector in, by TraceQL out"].run(20)
    (taken,) = tempo.spans[""]
    assert {each.key: each.value.int_value for each in taken.attributes}["sampling.priority"] == 1
    assert not [each.name for each in traces_checks(nobody, PAYMENTS) if each.name.startswith("collector")]


def test_a_trace_that_was_not_taken_is_not_searched_for(target: StackTarget) -> None:
    _, search, *_ = traces_checks(target, PAYMENTS)
    with pytest.raises(CheckSkipped, match="was not taken"):
        search.run(1)


def test_a_retention_that_is_not_as_planned_is_named(target: StackTarget, tempo: Tempo) -> None:
    tempo.overrides = tenant_overrides(
        load_stack("prod", put("tenants", [TENANT | {"retention": {}}])).backend("traces").context, generates=False
    )
    with pytest.raises(CheckFailed, match=r"retention is \d+h, planned 336h"):
        traces_checks(target, PAYMENTS)[-1].run(1)


def test_without_tenants_the_configuration_is_read(target: StackTarget, tempo: Tempo) -> None:
    stack = load_stack("dev", put("traces.retention", "14d"))
    assert traces_checks(replace(target, stack=stack), Tenant(None))[-1].run(1) == "retention 336h"
    assert tempo.answer("", "/status/config")[1].startswith("GET /status/config\n---\n")


def test_limits_in_a_layout_that_is_not_documented_are_neither_passed_nor_failed(target: StackTarget) -> None:
    with pytest.raises(CheckSkipped, match="where they should be"):
        traces_checks(target, PAYMENTS)[-1].run(1)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("336h", 1_209_600), ("336h0m0s", 1_209_600), ("2w", 1_209_600), ("1w1d", 691_200), ("1y", 31_536_000)],
)
def test_a_duration_is_the_same_however_tempo_writes_it(written: str, seconds: int) -> None:
    assert in_seconds(written) == seconds


@pytest.mark.parametrize(
    "body", ["<html>", "[]", "{}", '{"batches": [{}]}', '{"batches": [{"scopeSpans": [{}]}]}', OTHER]
)
def test_what_is_no_answer_of_tempo_is_told(body: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=body))
    with httpx.Client(transport=transport) as client:
        with pytest.raises(CheckFailed, match=r"like Tempo|without the span"):
            traces._has_span(client, "http://tempo/api/traces/1", span("http"))
        with pytest.raises(CheckFailed, match=r"like Tempo|does not find"):
            traces._search(client, "http://tempo/api/search", "http", span("http"))


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_trace_in_otlps_own_json_will_do(wrapped: bool) -> None:
    new = span("http")
    trace = {"resourceSpans": [{"scopeSpans": [{"spans": [{"spanId": new.span_id}]}]}]}
    answer = {"trace": trace} if wrapped else trace
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer))) as client:
        traces._has_span(client, "http://tempo/api/traces/1", new)


def test_the_ring_is_asked_for_only_where_there_is_one(target: StackTarget) -> None:
    assert [each.name for each in traces_platform_checks(target)] == ["ingester ring"]
    assert traces_platform_checks(replace(target, stack=load_stack("dev"))) == []
