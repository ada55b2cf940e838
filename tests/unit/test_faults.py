"""What the fault matrix counts, judges and writes, without a world."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import httpx
import pytest

from sandbox.faults import page
from sandbox.faults.catalogue import UnknownFaultError, catalogue, chosen
from sandbox.faults.fault import Fault, Outcome, Struck, Try
from sandbox.faults.message import complaint, is_clear, reason
from sandbox.faults.proxy import Proxy
from sandbox.faults.site import Ran, Site
from sandbox.faults.witness import Witness
from tests.doubles import Answer, answering

BEFORE = Witness(
    buckets=frozenset({"a", "b"}),
    blocks={"a/x": "1"},
    claims={"data-0": "uid volume"},
    secrets={"s3": "1", "tls": "1"},
    datasources={"mimir": "1"},
)
LOCKED = """\
Updating (dev):

error: the stack is currently locked by 1 lock(s). Either wait or delete the lock file with `pulumi cancel`.
  file:///home/somebody/state/one.json: created by me@laptop (pid 12) at 2026-01-01T00:00:00Z
"""
REFUSED = """\
     pulumi:pulumi:Stack telemetry-dev running error: nothing was changed, because:
@ updating......
Diagnostics:
  pulumi:pulumi:Stack (telemetry-dev):
    error: nothing was changed, because:
    telemetry:kubernetes: the API server does not answer; check the network
    once that is mended: make up STACK=dev
    error: an unhandled error occurred: program exited with non-zero exit code: 1

Outputs:
    endpoints: {
        error: "none"
    }

Resources:
    + 1 created

Duration: 4s
"""


def strike(_site: Site, _rng: Random) -> Struck:
    raise NotImplementedError


def fault(name: str = "one", tries: int = 1) -> Fault:
    return Fault(name, "something", strike, tries)


@pytest.mark.parametrize(
    ("after", "lost"),
    [
        (BEFORE, []),
        (Witness(frozenset({"a"}), BEFORE.blocks, BEFORE.claims, BEFORE.secrets, BEFORE.datasources), ["bucket b"]),
        (Witness(BEFORE.buckets, {}, BEFORE.claims, BEFORE.secrets, BEFORE.datasources), ["block a/x"]),
        (
            Witness(BEFORE.buckets, {"a/x": "2"}, BEFORE.claims, BEFORE.secrets, BEFORE.datasources),
            ["block a/x (changed)"],
        ),
        (
            Witness(BEFORE.buckets, BEFORE.blocks, {"data-0": "other volume"}, BEFORE.secrets, BEFORE.datasources),
            ["volume claim data-0 (changed)"],
        ),
        (
            Witness(BEFORE.buckets, BEFORE.blocks, BEFORE.claims, {"s3": "2", "tls": "2"}, {}),
            ["secret s3 (changed)", "datasource mimir"],
        ),
        (
            Witness(BEFORE.buckets, BEFORE.blocks, BEFORE.claims, {"s3": "1"}, BEFORE.datasources),
            ["secret tls"],
        ),
    ],
)
def test_a_witness_names_all_that_is_gone_or_another(after: Witness, lost: list[str]) -> None:
    assert BEFORE.lost(after, renewed=["tls"]) == lost


def test_the_complaint_is_what_follows_the_first_error_without_counts() -> None:
    assert complaint(REFUSED).splitlines() == [
        "error: nothing was changed, because:",
        "telemetry:kubernetes: the API server does not answer; check the network",
        "once that is mended: make up STACK=dev",
    ]
    assert complaint("Updating (dev):\nResources:\n    5 unchanged\n") == ""


@pytest.mark.parametrize(
    ("said", "clear"),
    [
        (LOCKED, True),
        (REFUSED, True),
        ("error: it is broken", False),
        ("", False),
        ("Traceback (most recent call last):\n  boom\nnext: make up", False),
        ("panic: runtime error\nmake up STACK=dev", False),
    ],
)
def test_a_message_is_clear_if_it_names_the_next_command_and_is_no_crash(said: str, clear: bool) -> None:
    assert is_clear(said) is clear


def test_the_reason_is_the_first_line_that_does_not_merely_introduce_others() -> None:
    assert reason(complaint(REFUSED)).startswith("telemetry:kubernetes: the API server")
    assert reason(complaint(LOCKED)).startswith("the stack is currently locked")
    assert reason('error: 1 error occurred:\n* Helm release "n/mimir" was created, but …').startswith("Helm release")
    assert reason("") == ""


def test_a_fault_passes_only_if_every_try_was_made_came_back_and_lost_nothing() -> None:
    good, bad = Try("", ("up",)), Try("", ("up", "repair"), wrong=("still locked",))
    assert Outcome(fault(tries=2), (good, good)).passed
    assert not Outcome(fault(tries=2), (good,)).passed
    assert not Outcome(fault(tries=2), (good, bad)).passed
    assert not Outcome(fault(), (Try("", ("up",), lost=("bucket a",)),)).passed


def test_a_row_says_what_was_seen_and_nothing_of_the_machine() -> None:
    run = page.Run("2026-01-01", "abc")
    cells = page.row(Outcome(fault(), (Try(complaint(LOCKED), ("up", "repair", "up")),)), run)
    assert cells[2:5] == ("1", "1", "0")
    assert cells[6:] == ("up, repair, up", "2026-01-01, abc")
    private = "error: /tmp/telemetry-x/state.json at 127.0.0.1:20123 is held by me@laptop (pid 12); make up"
    seen = page.row(Outcome(fault(), (Try(private, ("up",)),)), run)[5]
    assert [text for text in ("/tmp", "20123", "laptop") if text in seen] == []
    lost = page.row(Outcome(fault(), (Try("", ("up",), lost=("bucket a",)),)), run)
    assert lost[4:6] == ("1", "**bucket a**")


def test_a_page_keeps_the_rows_of_faults_that_were_not_tried_again() -> None:
    order = [fault("one"), fault("two")]
    run = page.Run("2026-01-01", "abc")
    empty = f"# Title\n\n{page.BEGIN}\n\n{page.END}\n\nThe end.\n"
    first = page.page(empty, [page.row(Outcome(each, (Try("", ("up",)),)), run) for each in reversed(order)], order)
    again = page.page(first, [page.row(Outcome(order[1], (Try("", ("up", "again")),)), run)], order)
    rows = [line for line in again.splitlines() if line.startswith("| `")]
    assert [row.split(" | ")[0] for row in rows] == ["| `one`", "| `two`"]
    assert "up, again" not in rows[0]
    assert "up, again" in rows[1]
    assert again.startswith("# Title\n")
    assert again.endswith("The end.\n")
    with pytest.raises(ValueError, match="no lines"):
        page.page("# Title\n", [], order)


def test_names_choose_faults_and_an_unknown_one_is_told() -> None:
    names = [each.name for each in catalogue()]
    assert len(set(names)) == len(names)
    assert sum(each.tries for each in catalogue() if each.name.startswith("engine-killed")) == 20
    assert [each.name for each in chosen(["grafana-4"])] == ["grafana-401"]
    assert chosen([]) == catalogue()
    with pytest.raises(UnknownFaultError, match="there is no fault 'nothing'; there are store-down-before"):
        chosen(["nothing"])


@contextmanager
def proxied(answer: Answer) -> Iterator[tuple[Proxy, httpx.Client]]:
    with answering(answer) as address:
        proxy = Proxy(address.removeprefix("http://"))
        with httpx.Client(base_url=f"http://{proxy.address}", timeout=5, trust_env=False) as client:
            yield proxy, client
        proxy.refuse()


def test_a_proxy_passes_on_answers_in_its_place_and_refuses() -> None:
    with proxied(Answer(body="hello")) as (proxy, client):
        assert client.get("/").text == "hello"
        proxy.rule = lambda request: 503 if request.startswith(b"GET /broken") else None
        assert client.get("/broken").status_code == 503
        assert client.get("/").text == "hello"
        proxy.refuse()
        with pytest.raises(httpx.TransportError):
            client.get("/")
        proxy.listen()
        assert client.get("/broken").text == "hello"


def test_a_proxy_is_late_by_its_latency_both_ways() -> None:
    with proxied(Answer()) as (proxy, client):
        proxy.latency = 0.2
        assert client.get("/").elapsed.total_seconds() >= 0.4


def test_a_proxy_in_front_of_nothing_ends_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        address = f"127.0.0.1:{gone.getsockname()[1]}"
    proxy = Proxy(address)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://{proxy.address}", timeout=5, trust_env=False)
    proxy.refuse()
    assert threading.active_count() < 50


def test_what_failed_says_so() -> None:
    assert Ran("up", 255, "").failed
    assert not Ran("up", 0, "").failed
