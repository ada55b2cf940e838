"""Short load on real parts: nginx as the product has it, Mimir and Thanos. How much is carried is the machine's."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sandbox.load.backends import BACKENDS
from sandbox.load.plan import Plan
from sandbox.load.requests import METRIC, batches
from sandbox.load.run import run
from sandbox.load.sender import QUERY, Sender, await_served
from sandbox.load.site import opened
from sandbox.load.watch import REST
from sandbox.toolchain import Toolchain

pytestmark = pytest.mark.nightly
PLAN = Plan(rate=1_000, steps=1, seconds=2, series=3_200, samples=100, queries=2)


@pytest.fixture(scope="module")
def tools() -> Toolchain:
    found = Toolchain(console=Console(stderr=True))
    found.ensure(["nginx", *(tool for backend in BACKENDS.values() for tool in backend.tools)])
    return found


@pytest.mark.parametrize(("name", "replicas"), [("mimir", 1), ("mimir", 3), ("thanos", 3)])
def test_what_is_acknowledged_is_found(tools: Toolchain, tmp_path: Path, name: str, replicas: int) -> None:
    """By every protocol and tenant, with one copy of each series and with three."""
    plan = replace(PLAN, replicas=replicas)
    sent = batches(plan)
    with ExitStack() as stack:
        site = stack.enter_context(opened(tools, BACKENDS[name], plan, tmp_path))
        clients = [stack.enter_context(site.through_gateway(tenant)) for tenant in range(plan.tenants)]
        for client, batch in zip(clients, sent, strict=False):
            await_served(client, batch)
        answers = Sender(clients).send(sent, plan.rate, plan.queries, plan.seconds)
        taken = sum(each.samples for each in answers if each.taken)
        query = {"query": f"sum(count_over_time({METRIC}[10m]))"}
        found = [client.get(QUERY, params=query).raise_for_status().json()["data"]["result"] for client in clients]
    assert {each.kind for each in answers if each.taken} == {"write", "query"}
    assert sum(float(result["value"][1]) for (result,) in found) >= taken > 0


@pytest.mark.parametrize(("name", "parts"), [("mimir", ("mimir",)), ("thanos", ("receive", "query"))])
def test_a_run_has_figures_of_every_part_and_every_way_in(
    tools: Toolchain, tmp_path: Path, name: str, parts: tuple[str, ...]
) -> None:
    said: list[str] = []
    seen = run(tools, BACKENDS[name], PLAN, tmp_path, requests=10, say=said.append)
    assert len(said) == len(seen.steps) == 1
    assert [len(cost.seconds) for cost in seen.costs] == [10] * 4
    assert seen.parts == parts
    assert set(seen.groups) == {"gateway", *parts, "client", REST}
    assert min(seen.idle, *(seen.steps[0].memory(group) for group in seen.servers)) > 0
