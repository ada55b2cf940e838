"""What validation says of a Loki that does not do what it should; tests/sandbox/test_loki.py asks the real one."""

import json
from collections.abc import Callable

import httpx
import pytest

from telemetry.backends.loki import checks as logs
from telemetry.clients.reach import Reach
from telemetry.clients.target import Tenant
from telemetry.operations.validation import plan
from telemetry.operations.validation.addresses import admin, backends
from telemetry.operations.validation.target import StackTarget
from telemetry.spec.checks import Check, CheckFailed, CheckSkipped, Refused
from telemetry.stack import Stack
from tests.support import WITH_LOGS, WITH_LOGS_IN_PROD, load_stack, put

TENANTS = [{"id": "a", "display_name": "A", "retention": {"logs": "14d"}}, {"id": "b", "display_name": "B"}]
Answer = Callable[[httpx.Request], httpx.Response]


def logs_checks(target: StackTarget, tenant: Tenant) -> list[Check]:
    return logs.checks(target.stack.backend("logs").context, target, tenant)


class Told(StackTarget):
    """A target whose Loki answers as it is told."""

    answer: Answer

    def client(self, tenant: Tenant) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.answer), headers=self.identity(tenant))


def target(answer: Answer, stack: Stack | None = None) -> StackTarget:
    chosen = stack or load_stack("dev", WITH_LOGS, put("tenants", TENANTS))
    made = Told(chosen, backends(chosen), [Tenant(each.id) for each in chosen.tenants], Reach())
    object.__setattr__(made, "answer", answer)
    return made


def check(name: str, answer: Answer, tenant: str | None = "a", stack: Stack | None = None) -> str:
    (found,) = (each for each in logs_checks(target(answer, stack), Tenant(tenant)) if each.name.startswith(name))
    return found.run(0.1)


def echoing(request: httpx.Request) -> httpx.Response:
    """Answer a query with the very text that it asks for."""
    if request.method == "POST":
        return httpx.Response(204)
    text = request.url.params["query"].partition('|= "')[2].removesuffix('"')
    return httpx.Response(200, json={"data": {"result": [{"values": [["1", text]]}]}})


def keeps(period: str) -> Answer:
    return lambda _: httpx.Response(200, json={"limits": {"retention_period": period}})


@pytest.mark.parametrize("name", ["OTLP", "push"])
def test_a_line_that_is_found_is_told_of(name: str) -> None:
    assert "found" in check(name, echoing)


@pytest.mark.parametrize("name", ["OTLP", "push"])
def test_a_line_that_was_taken_and_is_not_found_is_a_failure(name: str) -> None:
    def loses(request: httpx.Request) -> httpx.Response:
        return httpx.Response(204) if request.method == "POST" else httpx.Response(200, json={"data": {"result": []}})

    with pytest.raises(CheckFailed, match="does not find the line"):
        check(name, loses)


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"data": {"result": [{}]}}'])
def test_what_answers_something_else_is_no_loki(body: str) -> None:
    def other(request: httpx.Request) -> httpx.Response:
        return httpx.Response(204) if request.method == "POST" else httpx.Response(200, text=body)

    with pytest.raises(CheckFailed, match="does not answer like Loki"):
        check("OTLP", other)


def test_a_credential_that_is_refused_is_not_tried_again() -> None:
    with pytest.raises(Refused):
        check("push", lambda _: httpx.Response(401))


@pytest.mark.parametrize(("tenant", "period"), [("a", "2w"), ("a", "336h"), ("b", "12w6d"), ("b", "2160h0m0s")])
def test_a_tenants_own_retention_counts_before_the_backends(tenant: str, period: str) -> None:
    assert check("retention", keeps(period), tenant).startswith("retention ")


def test_another_retention_is_a_failure() -> None:
    with pytest.raises(CheckFailed, match="retention is 720h, planned 336h; has `up` run"):
        check("retention", keeps("30d"))


def test_a_page_of_another_form_is_no_fault_of_the_stack() -> None:
    with pytest.raises(CheckSkipped, match="shows no retention"):
        check("retention", lambda _: httpx.Response(200, text=json.dumps({"limits": {}})))


def test_without_tenants_it_asks_in_the_name_that_loki_has_for_nobody() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["X-Scope-OrgID"])
        return keeps("90d")(request)

    check("retention", answer, None, load_stack("dev", WITH_LOGS))
    assert asked == ["fake"]


def test_a_stack_has_checks_of_logs_where_it_has_logs_and_of_the_ring_where_there_is_one() -> None:
    def signals(stack: Stack) -> list[str]:
        made = StackTarget(stack, {**backends(stack), **admin(stack)}, [Tenant(None)], Reach())
        return [f"{check.signal}: {check.name}" for lane in plan.lanes(made, {}) for check in lane.checks]

    assert not [each for each in signals(load_stack("dev")) if each.startswith("logs")]
    assert len([each for each in signals(load_stack("dev", WITH_LOGS)) if each.startswith("logs")]) == 3
    assert "logs: ingester ring" in signals(load_stack("prod", WITH_LOGS_IN_PROD))
    assert admin(load_stack("prod", WITH_LOGS_IN_PROD))["logs.ring"] == "http://loki-write.ca7f8f-prod.svc:3100"
