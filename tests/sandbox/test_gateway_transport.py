"""How requests travel: gRPC is balanced, DNS is followed, dead backends are skipped, TLS is verified on both sides."""

import socket
import ssl
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest

from sandbox.gateway.pair import written
from sandbox.gateway.tempo import tempo
from sandbox.gateway.volumes import point
from sandbox.toolchain import Toolchain
from telemetry.config.access import Pair
from telemetry.gateway import access
from telemetry.gateway.certificates import Authority
from telemetry.spec.values.transport import server_name
from tests.sandbox.edge import KEY, Edge, open_edge, stack, tenant
from tests.sandbox.gateway_clients import channel, export, http, send_metric, send_spans, trusting, values
from tests.waiting import until

FAST = tenant("payments", limits={"requests_per_second": 100_000, "requests_burst": 100_000})


@pytest.fixture(scope="module")
def edge(gateway_tools: Toolchain) -> Iterator[Edge]:
    with open_edge(gateway_tools, [FAST]) as opened:
        yield opened


def lead_to(edge: Edge, *addresses: str) -> None:
    point(edge.names, edge.gateway.stack, traces=list(addresses), metrics=[])


def test_both_protocols_are_balanced_over_backends_and_follow_dns_while_nginx_runs(edge: Edge) -> None:
    """Over one connection of the client each: gRPC stays connected for hours, and still reaches new backends."""
    first, second, dead = (edge.network.address() for _ in range(3))

    def served_by(calls: int) -> dict[str, Counter[str]]:
        before = len(edge.ledger)
        for _ in range(calls):
            assert export(opened, token) == grpc.StatusCode.OK
            assert send_spans(client).status_code == 200
        seen = edge.ledger.all()[before:]
        hosts = {protocol: Counter[str]() for protocol in ("gRPC", "HTTP/1.1")}
        for each in seen:
            hosts[each.protocol][each.address.partition(":")[0]] += 1
        assert len(seen) == 2 * calls  # each once, whatever was tried on the way
        return hosts

    token = edge.token("payments")
    with (
        tempo(first, edge.ledger),
        tempo(second, edge.ledger),
        channel(edge.gateway) as opened,
        http(edge.gateway, token) as client,
    ):
        lead_to(edge, first, second)
        until(lambda: all(set(hosts) <= {first, second} for hosts in served_by(5).values()))
        for hosts in served_by(100).values():
            assert set(hosts) == {first, second}
            assert min(hosts.values()) >= 25
        lead_to(edge, second, dead)
        until(lambda: all(set(hosts) == {second} for hosts in served_by(20).values()))
        logged = len(edge.gateway.requests())
        for hosts in served_by(50).values():
            assert hosts == {second: 50}
        assert sum(seconds_at(dead, edge.gateway.requests()[logged:])) < 1  # nobody waits for what is dead


def seconds_at(host: str, requests: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return how long each try of a request at a backend took, by the log."""
    tries = [zip(each["upstream"].split(", "), each["upstream_seconds"].split(", "), strict=True) for each in requests]
    return [float(seconds) for tried in tries for address, seconds in tried if address.startswith(f"{host}:")]


def test_a_backend_that_cannot_be_had_is_told_as_such(edge: Edge) -> None:
    lead_to(edge, edge.network.address())
    with http(edge.gateway, edge.token("payments")) as client, channel(edge.gateway) as opened:
        until(lambda: send_spans(client).status_code == 502)
        assert export(opened, edge.token("payments")) == grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize(
    ("version", "served"),
    [
        (ssl.TLSVersion.TLSv1, False),
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
@pytest.mark.parametrize("port", ["https_port", "grpc_port"])
def test_tls_is_at_least_1_2(edge: Edge, version: ssl.TLSVersion, served: bool, port: str) -> None:
    context = trusting(edge.gateway)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's own word on the old versions
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")  # so that it is not this side that refuses
    layout = edge.gateway.layout
    with socket.create_connection((layout.address, getattr(layout, port))) as plain:
        if served:
            with context.wrap_socket(plain, server_hostname=layout.address) as stream:
                assert stream.version() == version.name.replace("_", ".")
        else:
            with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
                context.wrap_socket(plain, server_hostname=layout.address)


def test_the_gateways_certificate_is_for_its_names_and_from_its_authority(edge: Edge) -> None:
    ours, anybody, layout = trusting(edge.gateway), ssl.create_default_context(), edge.gateway.layout

    def shake(context: ssl.SSLContext, name: str) -> None:
        with socket.create_connection((layout.address, layout.https_port)) as plain:
            context.wrap_socket(plain, server_hostname=name).close()

    shake(ours, layout.address)
    shake(ours, f"gateway.{edge.gateway.stack.namespace.name}.svc")
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        shake(ours, "gateway.other.svc")
    with pytest.raises(ssl.SSLCertVerificationError, match="issuer certificate"):
        shake(anybody, layout.address)


def backends_pair(which: str) -> Pair | None:
    """What the backends show: what the program makes for them, or something that is not quite that."""
    chosen = stack("127.0.0.1", [FAST], backend_tls={})
    assert chosen.gateway is not None
    ours = access.own_authority(chosen, KEY)
    strange = Authority.of(KEY[::-1], chosen.environment, chosen.gateway.issued)
    pairs = {
        "right": access.backends_of(chosen, KEY),
        "another's name": ours.server(["gateway.other.svc"]),
        "another's authority": strange.server([server_name(chosen.namespace.name)]),
        "nothing": None,
    }
    return pairs[which]


@pytest.mark.parametrize("which", ["right", "another's name", "another's authority", "nothing"])
def test_tls_to_the_backends_is_verified(gateway_tools: Toolchain, tmp_path: Path, which: str) -> None:
    """The real Mimir and the stand-in for Tempo alike."""
    pair = backends_pair(which)
    shows = written(pair, tmp_path / "tls") if pair else None
    with (
        open_edge(gateway_tools, [FAST], directory=tmp_path / "mimir", shows=shows, backend_tls={}) as edge,
        http(edge.gateway, edge.token("payments")) as client,
        channel(edge.gateway) as opened,
    ):
        before = edge.reached()
        answers = {send_metric(client, "secured", 1.0).status_code, send_spans(client).status_code}
        code = export(opened, edge.token("payments"))
        if which == "right":
            assert (answers, code) == ({200}, grpc.StatusCode.OK)
            assert values(client, "secured") == {"secured": 1.0}
        else:
            assert (answers, code) == ({502}, grpc.StatusCode.UNAVAILABLE)
            assert edge.reached() == before
