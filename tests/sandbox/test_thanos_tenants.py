"""Tenants apart on the real Receive and Query behind the real gateway, and the limits that Receive keeps."""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from rich.console import Console

from sandbox.toolchain import Toolchain
from telemetry.gateway import access
from tests.sandbox.edge import KEY, tenant
from tests.sandbox.gateway_clients import http, query, remote_write, values
from tests.sandbox.operations import Operation, moments, operations
from tests.sandbox.thanos_world import DEV, TENANT, edge, open_world, receive, until

pytestmark = pytest.mark.sandbox

TENANTS = (TENANT, TENANT.capitalize(), "orders")
LIMITED: dict[str, dict[str, int | str]] = {
    "by_size": {"request_size": "1Ki"},
    "by_series": {"request_series": 3},
    "by_samples": {"request_samples": 3},
    "in_memory": {"max_series": 5},
}
"""Tenants, each with one of the limits that Thanos has."""
_examples = itertools.count()

ASKS = (
    '{__name__=~"PREFIX.*"}',
    '{__name__=~"PREFIX.*", tenant_id=~".*"}',
    '{__name__=~"PREFIX.*", tenant_id!="orders"} or {__name__=~"PREFIX.*", tenant_id="orders"}',
    'last_over_time({__name__=~"PREFIX.*"}[10m])',
)
"""Ways to ask for all series: each finds everything of whoever asks, and nothing else."""
Clients = dict[str, httpx.Client]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """A client of each tenant, whose samples are found as soon as they are taken."""
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure(["weed", "thanos", "prometheus", "nginx"])
    generous = {"requests_per_second": 100_000, "requests_burst": 100_000}
    tenants = [tenant(each, limits=generous, display_name=f"Team {n}") for n, each in enumerate(TENANTS)]
    tenants += [tenant(each, limits={"metrics": limits}) for each, limits in LIMITED.items()]
    with ExitStack() as opened:
        world = opened.enter_context(open_world(tools, tmp_path_factory.mktemp("thanos"), tenants, DEV))
        opened.enter_context(receive(world, stores=0, watched=True))
        gateway = opened.enter_context(edge(world, tools))
        tokens = {name: found.token for name, found in access.of_tenants(world.stack, KEY).items()}
        made = {name: opened.enter_context(http(gateway, token)) for name, token in tokens.items()}
        begun = time.time() - 120  # before everything else, so that Query knows of this time when it is asked for it
        for client in made.values():
            until(partial(_takes, client, begun))
        for client in made.values():
            until(partial(values, client, "begun", begun))
        yield made


def _takes(client: httpx.Client, at: float) -> bool:
    return remote_write(client, {"begun": 1}, at).status_code == httpx.codes.OK


def read(client: httpx.Client, ask: str, prefix: str, at: float) -> dict[str, float]:
    found = values(client, ask.replace("PREFIX", prefix), at)
    return {name.removeprefix(prefix): value for name, value in found.items()}


def names(client: httpx.Client, prefix: str) -> set[str]:
    match = {"match[]": f'{{__name__=~"{prefix}.*"}}'}
    answer = client.get("/prometheus/api/v1/label/__name__/values", params=match).raise_for_status()
    return {name.removeprefix(prefix) for name in answer.json()["data"]}


def perform(steps: Iterable[Operation], clients: Clients, prefix: str, start: float) -> dict[str, dict[str, float]]:
    """Do one after the other, see that each answer has what its tenant wrote, and return what each wrote."""
    written: dict[str, dict[str, float]] = defaultdict(dict)
    for step, at in zip(steps, moments(start), strict=False):
        client = clients[step.tenant]
        if step.what == "write":
            assert remote_write(client, {prefix + step.series: float(step.value)}, at).status_code == httpx.codes.OK
            written[step.tenant][step.series] = float(step.value)
        else:
            assert read(client, step.way, prefix, at) == written[step.tenant]
    return written


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=operations(TENANTS, ASKS))
def test_in_any_order_each_tenant_reads_what_it_wrote(clients: Clients, steps: Sequence[Operation]) -> None:
    prefix, start = f"one_by_one_{next(_examples)}_", time.time() - 60
    written = perform(steps, clients, prefix, start)
    for each in TENANTS:
        assert read(clients[each], ASKS[0], prefix, start + len(steps) / 1000) == written[each]
        assert names(clients[each], prefix) == set(written[each])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=operations(TENANTS, ASKS))
def test_at_the_same_time_each_tenant_reads_what_it_wrote(clients: Clients, steps: Sequence[Operation]) -> None:
    prefix, start = f"at_once_{next(_examples)}_", time.time() - 60

    def alone(name: str) -> dict[str, float]:
        own = (step for step in steps if step.tenant == name)
        return perform(own, clients, prefix, start)[name]

    with ThreadPoolExecutor(len(TENANTS)) as pool:
        results = dict(zip(TENANTS, pool.map(alone, TENANTS), strict=True))
    at = start + len(steps) / 1000
    assert {each: read(clients[each], ASKS[0], prefix, at) for each in TENANTS} == results


@pytest.mark.parametrize("whose", ['tenant_id="orders"', 'tenant_id=~"orders|Payments", tenant_id!="payments"'])
def test_who_asks_for_another_tenants_series_is_answered_with_its_own(clients: Clients, whose: str) -> None:
    found = query(clients[TENANT], f'{{__name__="begun", {whose}}}', time.time() - 120)
    assert {each["metric"]["tenant_id"] for each in found} == {TENANT}


@pytest.mark.parametrize(
    ("name", "most", "status"),
    [
        ("by_size", 10, httpx.codes.REQUEST_ENTITY_TOO_LARGE),
        ("by_series", 3, httpx.codes.REQUEST_ENTITY_TOO_LARGE),
        ("by_samples", 3, httpx.codes.REQUEST_ENTITY_TOO_LARGE),
        ("in_memory", 5, httpx.codes.TOO_MANY_REQUESTS),
    ],
)
def test_what_is_over_a_tenants_limit_is_refused(clients: Clients, name: str, most: int, status: int) -> None:
    """Receive asks every 15 seconds how many series each tenant has, so the first of too many are taken."""
    client = clients[name]

    def sent(many: int) -> int:
        return remote_write(client, {f"of_{name}_{number}": 1.0 for number in range(many)}).status_code

    if name != "in_memory":
        assert sent(most) == httpx.codes.OK
    until(lambda: sent(most * 10) == status)
    assert remote_write(clients["orders"], {f"of_{name}_{number}": 1.0 for number in range(most * 10)}).is_success
