"""Which services a world with real nodes has, in which order, and that it keeps the kind that it began with."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.stand_ins import rows
from sandbox.world import NodePool, WorldError
from sandbox.world.connections import Connections
from sandbox.world.parts import NAMES, Parts, ports, waves
from sandbox.world.ports import Ports
from sandbox.world.service import Place, Service
from sandbox.world.tls import ensure_tls

REAL = NodePool(real=True, count=2)


class Tools:
    """Tools that are never run."""

    def path(self, tool: str) -> Path:
        return Path("/tools", tool, tool)


def parts(state: Path, nodes: NodePool) -> Parts:
    chosen = Ports(state / "ports.json")
    chosen.settle(ports(nodes))
    return Parts(Place(state, chosen, ensure_tls(state / "tls"), Tools()), nodes)


@pytest.fixture
def services(tmp_path: Path) -> dict[str, Service]:
    return {service.name: service for service in parts(tmp_path, REAL).services()}


def test_the_waves_are_what_the_services_need(services: dict[str, Service]) -> None:
    wave_of = {name: number for number, wave in enumerate(waves(REAL)) for name in wave}
    assert sorted(services) == sorted(wave_of)
    for service in services.values():
        assert all(wave_of[name] < wave_of[service.name] for name in service.after), service.name


def test_every_service_comes_after_those_that_it_needs(services: dict[str, Service]) -> None:
    seen: set[str] = set()
    for service in services.values():
        assert seen.issuperset(service.after), service.name
        seen.add(service.name)


def test_real_nodes_are_in_kwoks_place(services: dict[str, Service]) -> None:
    assert set(NAMES) - set(services) == {"kwok"}
    assert {"kubelet-0", "kubelet-1", "containerd-0", "containerd-1"} <= set(services)
    assert len(rows({}, real_nodes=True)) == len(rows({})) - 1


def test_the_api_server_is_another_only_with_real_nodes(services: dict[str, Service], tmp_path: Path) -> None:
    plain = {service.name: service for service in parts(tmp_path / "kwok", NodePool()).services()}
    added = [
        flag.partition("=")[0]
        for flag in services["kube-apiserver"].launch.argv
        if flag.partition("=")[0] not in {each.partition("=")[0] for each in plain["kube-apiserver"].launch.argv}
    ]
    assert added == [
        "--egress-selector-config-file",
        "--kubelet-client-certificate",
        "--kubelet-client-key",
        "--kubelet-preferred-address-types",
    ]
    assert sorted(plain) == sorted(NAMES)


def test_connections_say_whether_pods_run(tmp_path: Path) -> None:
    found: list[Connections] = [parts(tmp_path, nodes).connections() for nodes in (REAL, NodePool())]
    assert [each.real_nodes for each in found] == [True, False]


def test_a_cluster_keeps_its_kind_of_nodes(tmp_path: Path) -> None:
    real, plain = tmp_path / "real", tmp_path / "kwok"
    for state, nodes in ((real, REAL), (plain, NodePool())):
        state.mkdir()
        nodes.remember(state)
        (state / "data" / "etcd").mkdir(parents=True)
        nodes.remember(state)
        assert NodePool.remembered(state).real == nodes.real
    assert NodePool.remembered(real).count == 2
    with pytest.raises(WorldError, match="kwok's nodes; `make clean`"):
        REAL.remember(plain)
    with pytest.raises(WorldError, match="real nodes; `make clean`"):
        NodePool().remember(real)
    with pytest.raises(WorldError, match="nodes began with no images of yours; `make clean`"):
        replace(REAL, images="/archives").remember(real)
