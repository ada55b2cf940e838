"""Tenants see their own series and nobody else's, in whatever order they write and read, through real parts."""

import itertools
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from sandbox.toolchain import Toolchain
from telemetry.gateway import access
from tests.sandbox.edge import KEY, Edge, open_edge, tenant
from tests.sandbox.gateway_clients import http, query, remote_write, values
from tests.sandbox.operations import Operation, moments, operations

TENANTS = ("payments", "Payments", "orders")
WAYS = ("token", "certificate")
"""Ways to show who one is."""
_examples = itertools.count()
Clients = dict[tuple[str, str], httpx.Client]


@pytest.fixture(scope="module")
def edge(gateway_tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    either = {"accepts": "either"}
    limits = {"requests_per_second": 100_000, "requests_burst": 100_000}
    tenants = [
        tenant(each, display_name=f"Team {number}", access=either, limits=limits) for number, each in enumerate(TENANTS)
    ]
    with open_edge(gateway_tools, tenants, directory=tmp_path_factory.mktemp("mimir") / "data") as opened:
        yield opened


@pytest.fixture(scope="module")
def clients(edge: Edge) -> Iterator[Clients]:
    with ExitStack() as opened:
        yield {
            (each, way): opened.enter_context(
                http(edge.gateway, edge.token(each)) if way == "token" else http(edge.gateway, pair=edge.pair(each))
            )
            for each in TENANTS
            for way in WAYS
        }


@pytest.fixture(scope="module")
def reader(edge: Edge) -> Iterator[httpx.Client]:
    federation = access.of_federation(edge.gateway.stack, KEY)
    assert federation is not None
    with http(edge.gateway, federation.token) as opened:
        yield opened


def perform(operation: Operation, clients: Clients, prefix: str, at: float) -> dict[str, float] | None:
    """Do it; return what was read, by the series' own names."""
    client = clients[operation.tenant, operation.way]
    if operation.what == "write":
        name = prefix + operation.series
        assert remote_write(client, {name: float(operation.value)}, at).status_code == 200
        return None
    return read(client, prefix, at)


def read(client: httpx.Client, prefix: str, at: float) -> dict[str, float]:
    found = values(client, f'{{__name__=~"{prefix}.*"}}', at)
    return {name.removeprefix(prefix): value for name, value in found.items()}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=operations(TENANTS, WAYS))
def test_in_any_order_each_tenant_reads_what_it_wrote(
    clients: Clients, reader: httpx.Client, steps: Sequence[Operation]
) -> None:
    prefix, clock = f"one_by_one_{next(_examples)}_", moments(time.time() - 60)
    written: dict[str, dict[str, float]] = defaultdict(dict)
    at = next(clock)
    for step, at in zip(steps, clock, strict=False):
        seen = perform(step, clients, prefix, at)
        if step.what == "write":
            written[step.tenant][step.series] = float(step.value)
        else:
            assert seen == written[step.tenant]
    for each in TENANTS:
        assert read(clients[each, "token"], prefix, at) == written[each]
    assert seen_by_all(reader, prefix, at) == {
        (each, series): value for each, own in written.items() for series, value in own.items()
    }


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=operations(TENANTS, WAYS))
def test_at_the_same_time_each_tenant_reads_what_it_wrote(
    clients: Clients, reader: httpx.Client, steps: Sequence[Operation]
) -> None:
    prefix, start = f"at_once_{next(_examples)}_", time.time() - 60

    def alone(name: str) -> dict[str, float]:
        written: dict[str, float] = {}
        own = (step for step in steps if step.tenant == name)
        for step, at in zip(own, moments(start), strict=False):
            seen = perform(step, clients, prefix, at)
            if step.what == "write":
                written[step.series] = float(step.value)
            else:
                assert seen == written
        return written

    with ThreadPoolExecutor(len(TENANTS)) as pool:
        results = dict(zip(TENANTS, pool.map(alone, TENANTS), strict=True))
    at = start + len(steps) / 1000
    assert {each: read(clients[each, "certificate"], prefix, at) for each in TENANTS} == results
    assert seen_by_all(reader, prefix, at) == {
        (each, series): value for each, own in results.items() for series, value in own.items()
    }


def seen_by_all(reader: httpx.Client, prefix: str, at: float) -> dict[tuple[str, str], float]:
    """What the federation reads: values by tenant and series."""
    return {
        (each["metric"]["__tenant_id__"], each["metric"]["__name__"].removeprefix(prefix)): float(each["value"][1])
        for each in query(reader, f'{{__name__=~"{prefix}.*"}}', at)
    }
