"""Credentials change while requests come in: none is dropped, and none is refused that should not be."""

import contextlib
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import grpc
import pytest
from pydantic import SecretStr

from sandbox.gateway.process import Gateway
from sandbox.gateway.volumes import put_secrets
from sandbox.toolchain import Toolchain
from telemetry.config.credentials import PreviousKey
from telemetry.gateway import access, keys
from telemetry.gateway import secrets as contents
from telemetry.stack import Stack
from tests.sandbox.edge import KEY, Edge, Tree, open_edge, stack, tenant
from tests.sandbox.gateway_clients import http, send_spans
from tests.sandbox.load import Load, send_spans_again
from tests.waiting import moments, pass_by, until

UNBOUNDED = {"requests_per_second": 100_000, "requests_burst": 100_000}
OLD, NEW = (keys.token(KEY, "dev", "payments", version) for version in (1, 2))
RELOADS = 5
LOADS, REFUSES = "nginx loads them", "nginx refuses them"


def tenants(version: int, until: str | None = None) -> list[Tree]:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    rotation = {"version": version, "previous_until": until, "issued_on": str(yesterday), "valid_for": "3d"}
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


def settle(gateway: Gateway, token: str, expected: int) -> int:
    """Wait until all of nginx answers a token so; return how often it did. During a reload old workers answer too."""
    answers = in_a_row = 0
    since = time.monotonic()

    def is_settled() -> bool:
        nonlocal answers, in_a_row, since
        if status(gateway, token) == expected:
            answers, in_a_row = answers + 1, in_a_row + 1
        else:
            in_a_row, since = 0, time.monotonic()
        return in_a_row >= 5 and time.monotonic() > since + 0.3

    until(is_settled)
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
            until(partial(has_loaded, edge.gateway, before + 1))
            time.sleep(0.3)
        until(lambda: all(min(each.so_far().values(), default=0) > 50 for each in (old, new)))
        answers = [old.end(), new.end()]
    for each in answers:
        assert set(each) == {200, grpc.StatusCode.OK}
    # Each was served once: what was sent again had not been read before.
    assert len(edge.ledger) == asked + sum(each.total() for each in answers)
    assert old.resent + new.resent < 60


def tls(edge: Edge) -> dict[str, str]:
    pair = access.server_of(edge.gateway.stack, KEY)
    assert pair is not None
    return {"tls.crt": pair.certificate, "tls.key": pair.key}


def test_a_token_that_ends_is_refused_from_then_on_and_its_successor_is_taken_before(edge: Edge) -> None:
    today = datetime.now(UTC).date()

    def put(version: int, until: str | None, issued_on: date, valid_for: str) -> None:
        rotation = {"version": version, "previous_until": until, "issued_on": str(issued_on), "valid_for": valid_for}
        changed = [tenant("payments", access={"token": rotation}, limits=UNBOUNDED), tenant("orders", limits=UNBOUNDED)]
        put_secrets(edge.gateway.mounts, stack(edge.gateway.layout.address, changed), KEY)

    put(1, None, today - timedelta(days=1), "3d")
    settle(edge.gateway, OLD, 200)
    put(2, in_an_hour(), today, "3d")
    settle(edge.gateway, NEW, 200)
    assert status(edge.gateway, OLD) == 200
    put(2, None, today - timedelta(days=3), "3d")
    settle(edge.gateway, NEW, 401)
    assert [status(edge.gateway, each) for each in (OLD, edge.token("orders"))] == [401, 200]


def test_after_a_rotation_without_grace_only_the_new_credentials_count(edge: Edge) -> None:
    issuer = access.own_authority(edge.gateway.stack, KEY)
    rotated(edge, None)
    settle(edge.gateway, NEW, 200)
    settle(edge.gateway, OLD, 401)
    for version, expected in ((1, 401), (2, 200)):
        with http(edge.gateway, pair=issuer.client("payments", version)) as client:
            assert send_spans(client).status_code == expected
    assert status(edge.gateway, edge.token("orders")) == 200


@pytest.mark.parametrize("derivation", [1, 2])
def test_another_key_leaves_the_one_before_until_its_moment(edge: Edge, derivation: Literal[1, 2]) -> None:
    """By clients who trust the old authority only; derivation 1 is what the program did before the environment."""
    chosen, new_key = edge.gateway.stack, f"{KEY}-another"
    given, issuer = access.of_tenants(chosen, new_key)["payments"], access.own_authority(chosen, KEY)
    assert given.token is not None
    old = OLD if derivation == 2 else keys.first_token(KEY, "payments", 1)
    pairs = (given.pair, issuer.client("payments", 1))

    def statuses() -> list[int]:
        tokens = [status(edge.gateway, each) for each in (given.token or "", old)]
        certificates = []
        for pair in pairs:
            with http(edge.gateway, pair=pair) as client:
                certificates.append(send_spans_again(client)[0])
        return [*tokens, *certificates]

    for moment in moments():
        previous = PreviousKey(
            key=SecretStr(KEY), until=moment.isoformat().replace("+00:00", "Z"), derivation=derivation
        )
        put_secrets(edge.gateway.mounts, chosen, new_key, previous)
        settle(edge.gateway, given.token, 200)
        said = statuses()
        if datetime.now(UTC) >= moment:
            continue
        assert said == [200] * 4
        pass_by(moment)
        assert statuses() == [200, 401, 200, 403]
        break


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
    until(lambda: shown() != before)
    assert status(edge.gateway, OLD) == 200


@pytest.mark.parametrize(
    "broken",
    ["map $token {", "", "no_such_directive on;", f'map $x $y {{ "{NEW}" "{NEW}'],
    ids=["cut off", "empty", "unknown", "with a token in it"],
)
def test_a_broken_file_leaves_the_old_one_serving_and_a_mended_one_is_loaded(edge: Edge, broken: str) -> None:
    edge.gateway.mounts.put("tenants", {"tenants.conf": broken})
    until(lambda: REFUSES in edge.gateway.said())
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
        until(lambda: len(edge.ledger) > before)
        assert edge.gateway.drain() == 0
        assert slow.result().status_code == 200


METRIC = "telemetry_gateway_configuration_loaded"


def is_loaded(gateway: Gateway) -> bool:
    """What its metrics say of whether it has loaded what is mounted."""
    (value,) = (line.split()[1] for line in gateway.health("metrics").text.splitlines() if line.startswith(METRIC))
    return value == "1"


@pytest.mark.skipif(os.geteuid() != 0, reason="a volume that can be filled takes root")
def test_a_full_volume_keeps_no_token_in_force_and_is_tried_again(gateway_tools: Toolchain) -> None:
    """The list of tokens comes to more than a page of the volume, so that half of it has room."""
    before, after = ({f"t{number}": f"{when}-{number}-{'x' * 1000}" for number in range(6)} for when in ("old", "new"))
    theirs = [tenant(name, access={"token_secret": f"of-{name}"}) for name in before]
    with open_edge(gateway_tools, theirs, existing=before, room=64 * 1024) as edge:
        assert is_loaded(edge.gateway)
        filler = Path(edge.gateway.layout.state) / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as full:
            while True:
                full.write(b"x" * 1024)
        with filler.open("r+b") as full:
            full.truncate(filler.stat().st_size - 8 * 1024)
        edge.gateway.mounts.put("existing", {f"{name}/token": token for name, token in after.items()})
        until(lambda: "cannot be written" in edge.gateway.said())
        assert not is_loaded(edge.gateway)
        assert not has_loaded(edge.gateway, 1)
        filler.unlink()
        settle(edge.gateway, after["t0"], 200)
        settle(edge.gateway, before["t5"], 401)
        assert is_loaded(edge.gateway)


def test_what_a_reload_refuses_although_a_check_does_not_is_known_and_tried_again(edge: Edge) -> None:
    """A zone of a running nginx keeps its key: only a reload finds it."""
    files = contents_of(edge)
    zone = "limit_req_zone ${key} zone=tried:1m rate=1r/s;\n"

    def put(key: str) -> None:
        conf = files["nginx.conf"].replace("http {\n", "http {\n" + zone.replace("{key}", key), 1)
        edge.gateway.mounts.put("config", {**files, "nginx.conf": conf})

    put("uri")
    until(partial(has_loaded, edge.gateway, 1))
    until(partial(is_loaded, edge.gateway))
    put("host")
    until(lambda: edge.gateway.said().count('limit_req "..." key') > 1)  # log.sh passes on no word that nginx quotes
    assert "was told and keeps the ones before" in edge.gateway.said()
    assert not is_loaded(edge.gateway)
    assert not has_loaded(edge.gateway, 2)
    assert status(edge.gateway, OLD) == 200
    put("uri")
    until(partial(is_loaded, edge.gateway))


def test_a_refused_configuration_is_told(edge: Edge) -> None:
    assert is_loaded(edge.gateway)
    edge.gateway.mounts.put("tenants", {"tenants.conf": "map $token {"})
    until(lambda: not is_loaded(edge.gateway))
    assert edge.gateway.health("live").status_code == 200


def contents_of(edge: Edge) -> dict[str, str]:
    chosen = edge.gateway.stack
    assert chosen.gateway is not None
    return contents.config_map(chosen, chosen.gateway, edge.gateway.layout)
