"""Short load on real parts: nginx as the product configures it, and Mimir. How much is carried is the machine's."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.load.plan import Plan
from sandbox.load.requests import METRIC, batches
from sandbox.load.run import run
from sandbox.load.sender import QUERY, Sender
from sandbox.load.site import opened
from sandbox.load.watch import REST
from sandbox.toolchain import Toolchain

pytestmark = pytest.mark.nightly
PLAN = Plan(rate=1_000, steps=1, seconds=2, series=3_200, samples=100, queries=2)


@pytest.mark.parametrize("mimirs", [1, 3])
def test_what_is_acknowledged_is_found(gateway_tools: Toolchain, tmp_path: Path, mimirs: int) -> None:
    """By every protocol and tenant, with one copy of each series and with three."""
    plan = replace(PLAN, mimirs=mimirs)
    with ExitStack() as stack:
        site = stack.enter_context(opened(gateway_tools, plan, tmp_path))
        clients = [stack.enter_context(site.through_gateway(tenant)) for tenant in range(plan.tenants)]
        answers = Sender(clients).send(batches(plan), plan.rate, plan.queries, plan.seconds)
        taken = sum(each.samples for each in answers if each.taken)
        query = {"query": f"sum(count_over_time({METRIC}[10m]))"}
        found = [client.get(QUERY, params=query).raise_for_status().json()["data"]["result"] for client in clients]
    assert {each.kind for each in answers if each.taken} == {"write", "query"}
    assert sum(float(result["value"][1]) for (result,) in found) >= taken > 0


def test_a_run_has_figures_of_every_part_and_every_way_in(gateway_tools: Toolchain, tmp_path: Path) -> None:
    said: list[str] = []
    seen = run(gateway_tools, PLAN, tmp_path, requests=10, say=said.append)
    assert len(said) == len(seen.steps) == 1
    assert [len(cost.seconds) for cost in seen.costs] == [10] * 4
    assert set(seen.groups) == {"gateway", "mimir", "client", REST}
    assert min(seen.idle, *(seen.steps[0].memory(group) for group in seen.servers)) > 0
