"""Names of the cluster on the real nginx, with a pod's resolv.conf in place of the system's, and a client in Go."""

import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from sandbox.gateway.http_sink import http_sink
from sandbox.gateway.ledger import Ledger
from sandbox.gateway.loopback import network
from sandbox.gateway.mimir import PORT
from sandbox.gateway.names import Names
from sandbox.gateway.pod import pod
from sandbox.gateway.process import Gateway, gateway
from sandbox.gateway.tempo import tempo
from sandbox.gateway.volumes import point
from sandbox.toolchain import Toolchain
from telemetry.config.connections import Family
from telemetry.gateway import access
from telemetry.gateway.layout import Layout
from telemetry.gateway.secrets import pod_layout
from telemetry.stack import Stack
from tests.sandbox.edge import KEY, stack, tenant
from tests.sandbox.gateway_clients import http, send_spans

KNOWN = Layout().known_name
SEARCHED = "corp.example"
"""A domain of the node's, with a record for everything in it."""


class Place(NamedTuple):
    """A gateway whose DNS is asked by the system's resolver too, and how to start a program that has the same one."""

    gateway: Gateway
    names: Names
    ledger: Ledger
    inside: tuple[str, ...]


def with_resolver(folder: Path, server: str, namespace: str) -> tuple[str, ...]:
    """What a program is started by to have a pod's resolv.conf in place of this machine's."""
    search = f"{namespace}.svc.cluster.local svc.cluster.local cluster.local {SEARCHED}"
    file = folder / "resolv.conf"
    file.write_text(f"nameserver {server}\nsearch {search}\noptions ndots:5 timeout:10 attempts:2\n")
    return ("unshare", "--mount", "sh", "-c", f'mount --bind {file} /etc/resolv.conf && exec "$@"', "sh")


@contextmanager
def opened(tools: Toolchain, folder: Path, **layout: Any) -> Iterator[Place]:
    """Open a gateway in front of stand-ins, in a cluster with such a node."""
    ledger = Ledger()
    with ExitStack() as stays:
        net = stays.enter_context(network())
        address, dns, traces, metrics, nobody = (net.address() for _ in range(5))
        chosen = stack(address, [tenant("payments")])
        inside = with_resolver(folder, dns, chosen.namespace.name)
        if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
            pytest.skip("another resolv.conf takes the right to mount")
        names = stays.enter_context(Names(dns, port=53))
        stays.enter_context(tempo(traces, ledger))
        stays.enter_context(http_sink(metrics, (PORT,), ledger))
        point(names, chosen, traces=[traces], metrics=[metrics])
        names.set(pod_layout(chosen).resolver, [dns])
        names.set(f"gateway.{chosen.namespace.name}.svc.cluster.local", [address])
        names.set(f"*.{SEARCHED}", [nobody])
        made = {"address": address, "resolver": pod_layout(chosen).resolver, **layout}
        files = stays.enter_context(pod(chosen, KEY, program=tools.path("nginx"), names=names, inside=inside, **made))
        yield Place(stays.enter_context(gateway(files)), names, ledger, inside)


def token_of(chosen: Stack) -> str:
    token = access.of_tenants(chosen, KEY)["payments"].token
    assert token is not None
    return token


def status(place: Place) -> int:
    with http(place.gateway, token_of(place.gateway.stack)) as client:
        return send_spans(client).status_code


def test_the_nodes_domains_are_not_searched_for_the_dns(gateway_tools: Toolchain, tmp_path: Path) -> None:
    with opened(gateway_tools, tmp_path) as place:
        assert place.gateway.health("ready").status_code == 200
        assert status(place) == 200


def test_without_the_final_dot_they_are_and_readiness_tells(gateway_tools: Toolchain, tmp_path: Path) -> None:
    whole = pod_layout(stack("127.0.0.1", [tenant("payments")])).resolver
    with opened(gateway_tools, tmp_path, resolver=whole.rstrip(".")) as place:
        assert status(place) == 502
        assert place.gateway.health("ready").status_code == 503
        assert place.gateway.health("live").status_code == 200


def test_readiness_follows_whether_names_can_be_resolved(gateway_tools: Toolchain, tmp_path: Path) -> None:
    with opened(gateway_tools, tmp_path) as place:
        place.names.forget(KNOWN)
        unready = place.gateway.health("ready")
        assert (unready.status_code, KNOWN in unready.text) == (503, True)
        assert place.gateway.requests()[-1]["status"] == 503  # the one line that the health listener logs
        place.names.set(KNOWN, ["10.0.0.1"])
        assert place.gateway.health("ready").text == "ready\n"
        assert "timed out" not in place.gateway.said()  # nobody is there, and nobody has to be


@pytest.mark.parametrize(("families", "expected"), [(("IPv6",), 200), (("IPv4", "IPv6"), 200), (("IPv4",), 503)])
def test_names_with_ipv6_addresses_are_found_where_pods_have_some(
    gateway_tools: Toolchain, tmp_path: Path, families: tuple[Family, ...], expected: int
) -> None:
    with opened(gateway_tools, tmp_path, families=families) as place:
        place.names.set(KNOWN, ["fd00:10::1"])
        assert place.gateway.health("ready").status_code == expected


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET6) as tried:
        try:
            tried.bind(("::1", port))
        except OSError:
            return False
        return True


def test_it_listens_at_an_ipv6_address(gateway_tools: Toolchain, tmp_path: Path) -> None:
    """For clients, and for itself behind that."""
    names = ("https_port", "grpc_port", "health_port")
    ports = dict(zip(names, filter(is_free, range(20_000, 22_000)), strict=False))
    with opened(gateway_tools, tmp_path, families=("IPv6",), address="[::1]", inner="[::1]", **ports) as place:
        assert place.gateway.health("ready").status_code == 200
        own = {"sni_hostname": f"gateway.{place.gateway.stack.namespace.name}.svc"}
        with http(place.gateway, token_of(place.gateway.stack)) as client:
            assert client.get("/", extensions=own).status_code == 404


@pytest.mark.parametrize(("ending", "arrives"), [(".cluster.local.", True), (".cluster.local", False), ("", True)])
def test_a_client_in_go_takes_the_final_dot_and_the_certificate(
    gateway_tools: Toolchain, tmp_path: Path, ending: str, arrives: bool
) -> None:
    """As Alloy, Tempo and Grafana are; promtool has the same HTTP client as they."""
    gateway_tools.ensure(["promtool"])
    with opened(gateway_tools, tmp_path) as place:
        (tmp_path / "ca.crt").write_text(place.gateway.authority)
        trusts = {
            "tls_config": {"ca_file": str(tmp_path / "ca.crt")},
            "authorization": {"credentials": token_of(place.gateway.stack)},
        }
        (tmp_path / "http.yaml").write_text(yaml.safe_dump(trusts))
        name = f"gateway.{place.gateway.stack.namespace.name}.svc{ending}"
        url = f"https://{name}:{place.gateway.layout.https_port}/prometheus"
        command = ["query", "instant", f"--http.config.file={tmp_path / 'http.yaml'}", url, "up"]
        done = subprocess.run(
            [*place.inside, gateway_tools.path("promtool"), *command], capture_output=True, text=True, check=False
        )
        assert (len(place.ledger) > 0) is arrives, done.stderr
        assert "x509" not in done.stderr
