"""What credentials may do, whose they are, and which of them count: of tenants and their readers, epochs and keys."""

from functools import partial
from typing import Literal

import pytest
from pydantic import SecretStr

from telemetry.config.credentials import PreviousKey
from telemetry.config.gateway import Federation
from telemetry.gateway import keys
from telemetry.gateway.certificates import subject
from tests.unit.nginx_maps import maps
from tests.unit.test_gateway_maps import (
    ENVIRONMENT,
    KEY,
    READS,
    asked,
    conf,
    federation_token,
    outcome,
    reader_token,
    tenant,
    token,
)


def test_a_tenant_may_do_what_its_scopes_say_and_its_reader_may_read() -> None:
    writer = {"traces": ["write"], "metrics": ["write", "admin"], "logs": [], "profiles": []}
    known = maps(conf([tenant("a"), tenant("b"), tenant("c", access={"scopes": writer})], Federation()))
    both = " ".join(
        f"{each}:{right}" for each in ("logs", "metrics", "profiles", "traces") for right in ("read", "write")
    )
    for each, scopes in (("a", both), ("c", "metrics:admin metrics:alerts metrics:write traces:write")):
        assert asked(known, token(each, 1)).value("scopes") == scopes
        request = asked(known, reader_token(each, 1))
        assert (outcome(request), request.value("scopes")) == (each, READS)
    assert asked(known, "tlm_wrong").value("scopes") == ""


def test_a_reader_silences_where_alerts_are_sent_and_its_tenant_may() -> None:
    rights = {"a": ["read"], "b": ["read", "alerts"], "c": ["read", "write", "admin"]}
    tenants = [tenant(each, access={"scopes": {"metrics": of}}) for each, of in rights.items()]
    known, without = maps(conf(tenants, Federation(), alerting=True)), maps(conf(tenants, Federation()))
    for each in rights:
        also = "" if each == "a" else " metrics:alerts"
        assert asked(known, reader_token(each, 1)).value("scopes") == f"{READS}{also}"
        assert asked(without, reader_token(each, 1)).value("scopes") == READS
    assert asked(known, federation_token(1)).value("scopes") == READS


def test_a_reader_comes_as_its_tenant_must() -> None:
    """A token alone reads nothing of a tenant that asks for both, and the two are of one party."""
    known = maps(conf([tenant("a", access={"accepts": "both"}), tenant("b", access={"accepts": "certificate"})]))
    own, reads = subject("a", 1), subject("a", 1, reader=True)
    assert outcome(asked(known, reader_token("a", 1), reads)) == "a"
    assert asked(known, reader_token("a", 1), reads).value("scopes") == READS
    assert outcome(asked(known, reader_token("a", 1))) == "403"
    assert outcome(asked(known, reader_token("a", 1), own)) == "403"
    assert outcome(asked(known, token("a", 1), reads)) == "403"
    assert outcome(asked(known, reader_token("b", 1))) == "401"
    assert asked(known, None, subject("b", 1, reader=True)).value("scopes") == READS


def test_after_another_epoch_nothing_of_the_one_before_counts() -> None:
    rotation = {"version": 2, "previous_until": "2026-12-01T00:00:00Z"}
    access = {"accepts": "either", "token": rotation, "certificate": rotation, "reader": rotation}
    known = maps(conf([tenant("a", access=access | {"epoch": 2})]))
    for version in (1, 2):
        assert outcome(asked(known, token("a", version, 2))) == "a"
        assert outcome(asked(known, reader_token("a", version, 2))) == "a"
        assert outcome(asked(known, None, subject("a", version, 2))) == "a"
        assert outcome(asked(known, None, subject("a", version, 2, reader=True))) == "a"
        for old in (token("a", version), reader_token("a", version), keys.first_token(KEY, "a", version)):
            assert outcome(asked(known, old)) == "401"
        for dn in (subject("a", version), subject("a", version, reader=True)):
            assert outcome(asked(known, None, dn)) == "401"


@pytest.mark.parametrize("derivation", [1, 2])
@pytest.mark.parametrize(("now", "counts"), [("2026-11-30T23:59:59+00:00", True), ("2026-12-01T00:00:00+00:00", False)])
def test_a_key_before_counts_until_its_moment(derivation: Literal[1, 2], now: str, counts: bool) -> None:
    """By the derivation that it was used with, with the versions that count, and none of them for longer."""
    old = "fake-key-before"
    until = {"version": 2, "previous_until": "2030-01-01T00:00:00Z"}
    previous = PreviousKey(key=SecretStr(old), until="2026-12-01T00:00:00Z", derivation=derivation)
    known = maps(conf([tenant("a", access={"token": until})], Federation(), previous))
    of = {
        1: (partial(keys.first_token, old), keys.first_federation_token(old, 1)),
        2: (partial(keys.token, old, ENVIRONMENT), keys.federation_token(old, ENVIRONMENT, 1)),
    }
    theirs, everybodys = of[derivation]
    for version in (1, 2):
        assert outcome(asked(known, theirs("a", version), time_iso8601=now)) == ("a" if counts else "401")
        assert outcome(asked(known, token("a", version), time_iso8601=now)) == "a"
    request = asked(known, everybodys, time_iso8601=now)
    assert (outcome(request), request.value("scopes")) == (("a", READS) if counts else ("401", ""))
    other, _ = of[3 - derivation]
    assert outcome(asked(known, other("a", 2), time_iso8601=now)) == "401"
