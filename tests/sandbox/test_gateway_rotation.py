"""Credentials change while requests come in: none is dropped, and none is refused that should not be."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import grpc
import pytest

from gateway import access, keys
from sandbox.gateway.process import Gateway
from sandbox.gateway.volumes import put_secrets
from sandbox.toolchain import Toolchain
from settings import Stack
from tests.sandbox.edge import KEY, Edge, Tree, open_edge, stack, tenant
from tests.sandbox.gateway_clients import http, send_spans
from tests.sandbox.load import Load, send_spans_again

UNBOUNDED = {"requests_per_second": 100_000, "requests_burst": 100_000}
OLD, NEW = (keys.token(KEY, "payments", version) for version in (1, 2))
RELOADS = 5
LOADS, REFUSES = "nginx loads them", "nginx refuses them"


def tenants(version: int, until: str | None = None) -> list[Tree]:
    rotation = {"version": version, "previous_until": until}
    rotated = {"accepts": "either", "token": rotation, "certificate": rotation}
    return [tenant("payments", access=rotated, limits=UNBOUNDED), tenant("orders", limits=UNBOUNDED)]


def in_an_hour() -> str:
    return (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def edge(gateway_tools: Toolchain) -> Iterator[Edge]:
    with open_edge(gateway_tools, tenants(1)) as opened:
        yield opened


def rotated(edge: Edge, until: str | None) -> Stack:
    """The program's next Secret, as the kubelet puts it before nginx."""
    chosen = stack(edge.gateway.layout.address, tenants(2, until))
    put_secrets(edge.gateway.mounts, chosen, KEY)
    return chosen


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def settle(gateway: Gateway, token: str, expected: int) -> int:
    """Wait until all of nginx answers a token so; return how often it did. During a reload old workers answer too."""
    answers, since = 0, time.monotonic()
    deadline = since + 10
    while time.monotonic() < since + 0.3:
        assert time.monotonic() < deadline
        if status(gateway, token) == expected:
            answers += 1
        else:
            since = time.monotonic()
    return answers


def has_loaded(gateway: Gateway, times: int) -> bool:
    return gateway.said().count(LOADS) >= times


def status(gateway: Gateway, token: str) -> int:
    with http(gateway, token) as client:
        return send_spans_again(client)[0]


def test_a_rotation_under_load_drops_and_refuses_nothing(edge: Edge) -> None:
    with Load() as old, Load() as new:
        for token in (OLD, edge.token("orders")):
            old.http(edge.gateway, token, 2)
            old.grpc(edge.gateway, token, 1)
        time.sleep(1)
        rotated(edge, in_an_hour())
        asked = settle(edge.gateway, NEW, 200)
        new.http(edge.gateway, NEW, 2)
        new.grpc(edge.gateway, NEW, 1)
        for number in range(RELOADS):  # whatever changes is a reload
            before = edge.gateway.said().count(LOADS)
            edge.gateway.mounts.put("tls", {**tls(edge), "touched": str(number)})
            wait_for(partial(has_loaded, edge.gateway, before + 1))
            time.sleep(0.3)
        answers = [old.end(), new.end()]
    for each in answers:
        assert set(each) == {200, grpc.StatusCode.OK}
        assert min(each.values()) > 50
    # Each was served once: what was sent again had not been read before.
    assert len(edge.ledger) == asked + sum(each.total() for each in answers)
    assert old.resent + new.resent < 60


def tls(edge: Edge) -> dict[str, str]:
    pair = access.server_of(edge.gateway.stack, KEY)
    assert pair is not None
    return {"tls.crt": pair.certificate, "tls.key": pair.key}


def test_after_a_rotation_without_grace_only_the_new_credentials_count(edge: Edge) -> None:
    issuer = access.own_authority(edge.gateway.stack, KEY)
    rotated(edge, None)
    settle(edge.gateway, NEW, 200)
    settle(edge.gateway, OLD, 401)
    for version, expected in ((1, 401), (2, 200)):
        with http(edge.gateway, pair=issuer.client("payments", version)) as client:
            assert send_spans(client).status_code == expected
    assert status(edge.gateway, edge.token("orders")) == 200


def test_a_certificate_of_the_gateway_is_renewed_while_it_runs(edge: Edge) -> None:
    def shown() -> bytes | None:
        with http(edge.gateway, OLD) as client, client.stream("GET", "/") as answer:
            certificate: bytes | None = (
                answer.extensions["network_stream"].get_extra_info("ssl_object").getpeercert(True)
            )
            return certificate

    before = shown()
    issued = edge.gateway.stack.gateway.issued if edge.gateway.stack.gateway else None
    assert issued is not None
    renewed = stack(
        edge.gateway.layout.address, tenants(1), issued={"issued_on": issued.issued_on, "version": issued.version + 1}
    )
    put_secrets(edge.gateway.mounts, renewed, KEY)
    wait_for(lambda: shown() != before)
    assert status(edge.gateway, OLD) == 200


@pytest.mark.parametrize(
    "broken",
    ["map $token {", "", "no_such_directive on;", f'map $x $y {{ "{NEW}" "{NEW}'],
    ids=["cut off", "empty", "unknown", "with a token in it"],
)
def test_a_broken_file_leaves_the_old_one_serving_and_a_mended_one_is_loaded(edge: Edge, broken: str) -> None:
    edge.gateway.mounts.put("tenants", {"tenants.conf": broken})
    wait_for(lambda: REFUSES in edge.gateway.said())
    for _ in range(3):
        assert status(edge.gateway, OLD) == 200
        time.sleep(0.2)
    assert edge.gateway.said().count(REFUSES) == 1  # said once
    assert NEW not in edge.gateway.said()
    rotated(edge, in_an_hour())
    settle(edge.gateway, NEW, 200)
    assert status(edge.gateway, OLD) == 200


BAD_TOKENS = [
    "two words",
    'quo"te',
    "dol$lar",
    "semi;colon",
    "{brace}",
    "back\\slash",
    "line\nend",
    "",
    "=",
    "x" * 5000,
]


def test_a_token_of_an_existing_secret_is_followed_and_a_bad_one_lets_nobody_in(gateway_tools: Toolchain) -> None:
    first, second, others = "fake-first.token~1==", "fake-Second/token+2", "fake-other"
    names = ["own", "other", *(f"bad-{number}" for number in range(len(BAD_TOKENS)))]
    theirs = [tenant(name, access={"token_secret": f"of-{name}"}) for name in names]
    bad = dict(zip(names[2:], BAD_TOKENS, strict=True))
    with open_edge(gateway_tools, theirs, existing={"own": first, "other": others, **bad}) as edge:

        def put(own: str, other: str) -> None:
            edge.gateway.mounts.put("existing", {"own/token": own, "other/token": other})

        assert status(edge.gateway, first) == 200
        assert status(edge.gateway, others) == 200
        assert edge.gateway.said().count("not a bearer token") == len(bad)
        assert [each for each in BAD_TOKENS if len(each) > 1 and each in edge.gateway.said()] == []
        put(second, others)
        settle(edge.gateway, second, 200)
        settle(edge.gateway, first, 401)
        put('fake"quote', others)
        settle(edge.gateway, second, 401)
        assert status(edge.gateway, others) == 200
        put(second + "\n", second.swapcase())  # alike but for case, which nginx's maps ignore
        settle(edge.gateway, others, 401)
        assert status(edge.gateway, second) == 401
        put(second + "\n", others)  # as `kubectl create secret --from-file` leaves it
        settle(edge.gateway, second, 200)


def test_at_the_end_what_is_open_is_served(edge: Edge) -> None:
    with ThreadPoolExecutor(1) as pool, http(edge.gateway, OLD) as client:
        before = len(edge.ledger)
        slow = pool.submit(send_spans, client, **{"User-Agent": "slow/2"})
        wait_for(lambda: len(edge.ledger) > before)
        assert edge.gateway.drain() == 0
        assert slow.result().status_code == 200
