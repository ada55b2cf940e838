"""A thousand tenants cost no more than one: nginx starts and answers in about the same time."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from statistics import median

import pytest

from sandbox.gateway.pod import Pod, pod
from sandbox.gateway.process import gateway
from sandbox.toolchain import Toolchain
from telemetry.gateway import access
from tests.sandbox.edge import KEY, Edge, open_edge, stack, tenant
from tests.sandbox.gateway_clients import http, send_spans

pytestmark = pytest.mark.nightly  # by day: unit tests of the maps, and a few tenants in every other test of the gateway
COUNTS = (1, 1_000)
MOST = 1.2
"""How many times longer it may take with the second count than with the first."""
STARTS, ANSWERS, ROUNDS = 11, 500, 5
LIMITS = {"requests_per_second": 100_000, "requests_burst": 100_000}


@pytest.fixture(scope="module")
def edge(gateway_tools: Toolchain) -> Iterator[Edge]:
    with open_edge(gateway_tools, [tenant("only")]) as opened:
        yield opened


@pytest.fixture(scope="module")
def pods(edge: Edge, gateway_tools: Toolchain) -> Iterator[list[Pod]]:
    """Pods of so many tenants each, before the same backends; nothing runs in them yet."""
    with ExitStack() as opened:
        made = []
        for count in COUNTS:
            address = edge.network.address()
            each = [tenant(f"tenant-{number}", access={"accepts": "either"}, limits=LIMITS) for number in range(count)]
            files = pod(
                stack(address, each), KEY, program=gateway_tools.path("nginx"), address=address, names=edge.names
            )
            made.append(opened.enter_context(files))
        yield made


def last_tenant(files: Pod) -> access.Credential:
    """The credential that is the last one in the maps."""
    return list(access.of_tenants(files.stack, KEY).values())[-1]


def compared(measured: Callable[[], tuple[float, float]]) -> None:
    """Hold two times against each other, in more rounds where something else on the machine may have added to one."""
    told = []
    for _ in range(ROUNDS):
        few, many = measured()
        if many <= MOST * few:
            return
        told.append(f"{few * 1e3:.2f} ms with one tenant, {many * 1e3:.2f} ms with {COUNTS[1]}")
    pytest.fail("; ".join(told))


def test_many_tenants_start_as_fast_as_one(pods: Sequence[Pod]) -> None:
    """From watch.sh, which has nginx check its configuration first, to the first answer to a tenant."""
    given = [last_tenant(files) for files in pods]
    few: list[float] = []
    many: list[float] = []

    def measured() -> tuple[float, float]:
        for _ in range(STARTS):
            for files, credential, taken in zip(pods, given, (few, many), strict=True):
                begun = time.perf_counter()
                with gateway(files) as running, http(running, credential.token) as client:
                    assert send_spans(client).status_code == 200
                    taken.append(time.perf_counter() - begun)
        return min(few), min(many)

    compared(measured)


@pytest.mark.parametrize("way", ["token", "certificate"])
def test_many_tenants_are_answered_as_fast_as_one(pods: Sequence[Pod], way: str) -> None:
    with ExitStack() as opened:
        clients = []
        for files in pods:
            running, credential = opened.enter_context(gateway(files)), last_tenant(files)
            shown = (credential.token, None) if way == "token" else (None, credential.pair)
            clients.append(opened.enter_context(http(running, *shown)))

        def measured() -> tuple[float, float]:
            few: list[float] = []
            many: list[float] = []
            for _ in range(ANSWERS):
                for client, taken in zip(clients, (few, many), strict=True):
                    begun = time.perf_counter()
                    assert send_spans(client).status_code == 200
                    taken.append(time.perf_counter() - begun)
            return median(few), median(many)

        compared(measured)
