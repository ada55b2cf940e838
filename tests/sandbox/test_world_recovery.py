"""A world that is stopped, killed or hindered is whole again after the next start, with its data."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from sandbox.world import Connections, ServiceError, World
from sandbox.world.nodes import NodePool
from sandbox.world.parts import NAMES, PORTS, WAVES, Parts
from sandbox.world.ports import Ports
from sandbox.world.service import Place
from sandbox.world.tls import ensure_tls
from tests.sandbox.reach import grafana, processes, s3

pytestmark = pytest.mark.sandbox

STARTER = """
import sys
from pathlib import Path
from sandbox.toolchain import Toolchain
from sandbox.world import World
tools = Toolchain()
tools.ensure()
print("now", flush=True)
World(Path(sys.argv[1]), tools).start()
"""


@pytest.fixture(scope="module")
def spare(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of this module's own, to be ill-treated."""
    world = World(tmp_path_factory.mktemp("spare"), toolchain)
    yield world
    world.destroy()


def state_of(world: World) -> Path:
    return world.status()[0].log.parent.parent


def pids(world: World) -> dict[str, int | None]:
    return {service.name: service.pid for service in world.status()}


def marked(world: World) -> list[str]:
    """The services that run, by what the processes themselves say: no pid file has a part in it."""
    return sorted(service for service, _ in processes(state_of(world)))


def works(connections: Connections) -> None:
    """Use every part once, in a way that leaves nothing and does not wait for SeaweedFS, which after a restart takes
    objects only when its master has waited 15 s for volume servers.
    """
    api = connections.core()
    name = f"check-{time.monotonic_ns()}"
    api.create_namespace({"metadata": {"name": name}})
    api.delete_namespace(name)
    store = s3(connections)
    store.create_bucket(Bucket=name)
    assert name in {each["Name"] for each in store.list_buckets()["Buckets"]}
    store.delete_bucket(Bucket=name)
    assert grafana(connections).get("/api/org").status_code == 200


def test_the_second_start_changes_nothing_and_is_quick(spare: World) -> None:
    begun = time.monotonic()
    first = spare.start()
    started, before = time.monotonic(), pids(spare)
    assert spare.start() == first
    assert time.monotonic() - started < (started - begun) / 2
    assert pids(spare) == before
    assert None not in before.values()


def test_the_waves_are_what_the_services_need(toolchain: Toolchain, tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    ports.settle(PORTS)
    place = Place(tmp_path, ports, ensure_tls(tmp_path / "tls"), toolchain)
    services = {service.name: service for service in Parts(place, NodePool()).services()}
    assert sorted(services) == sorted(NAMES)
    wave_of = {name: number for number, wave in enumerate(WAVES) for name in wave}
    for service in services.values():
        assert all(wave_of[name] < wave_of[service.name] for name in service.after), service.name


def interrupted_at_once(world: World) -> bool:
    """Press Ctrl-C in the middle of a start, and return whether it ends without waiting for anything."""
    command = [sys.executable, "-c", STARTER, str(state_of(world))]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"now\n"
        time.sleep(0.5)
        starter.send_signal(signal.SIGINT)
        begun = time.monotonic()
        _, said = starter.communicate(timeout=120)
    assert b"KeyboardInterrupt" in said
    return time.monotonic() - begun < 25  # less than the shortest time that a service may take to start


def test_data_and_addresses_survive_a_stop_and_a_start_that_ctrl_c_ends_at_once(spare: World) -> None:
    connections = spare.start()
    connections.core().create_namespaced_config_map("default", {"metadata": {"name": "kept"}, "data": {"a": "1"}})
    s3(connections).create_bucket(Bucket="kept")
    s3(connections).put_object(Bucket="kept", Key="a", Body=b"1")
    source = {"name": "Kept", "uid": "kept", "type": "tempo"}
    grafana(connections).post("/api/datasources", json=source).raise_for_status()

    spare.stop()
    assert marked(spare) == []
    assert not any(service.running for service in spare.status())

    assert interrupted_at_once(spare)
    assert spare.start() == connections
    assert marked(spare) == sorted(NAMES)
    assert connections.core().read_namespaced_config_map("kept", "default").data == {"a": "1"}
    assert s3(connections).get_object(Bucket="kept", Key="a")["Body"].read() == b"1"
    s3(connections).put_object(Bucket="kept", Key="a", Body=b"2")
    assert grafana(connections).get("/api/datasources/uid/kept").json()["name"] == "Kept"
    works(connections)


BY_DAY = ("etcd", "seaweedfs", "grafana")
"""One that others need, one with data of its own, one that nobody needs."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in BY_DAY else pytest.mark.nightly) for name in NAMES]
)
def test_a_killed_service_is_started_again(spare: World, name: str) -> None:
    spare.start()
    before = pids(spare)
    os.kill(before[name] or 0, signal.SIGKILL)
    connections = spare.start()
    assert pids(spare)[name] not in (None, before[name])
    assert marked(spare) == sorted(NAMES)
    works(connections)


@pytest.mark.nightly
def test_all_killed_at_once(spare: World) -> None:
    spare.start()
    for pid in pids(spare).values():
        os.kill(pid or 0, signal.SIGKILL)
    works(spare.start())
    assert marked(spare) == sorted(NAMES)


@pytest.mark.nightly  # by day: services that were killed, above
def test_a_service_that_hangs_is_replaced(spare: World) -> None:
    spare.start()
    before = pids(spare)["kube-scheduler"] or 0
    os.kill(before, signal.SIGSTOP)
    spare.start()
    assert pids(spare)["kube-scheduler"] != before
    assert marked(spare) == sorted(NAMES)


@pytest.mark.nightly
def test_a_pid_of_somebody_else_is_left_alone(spare: World) -> None:
    """The pid file names a living process that is not ours: it was written before that one was born."""
    spare.start()
    spare.stop()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        record = f'{{"pid": {stranger.pid}, "created": 1000.0, "fingerprint": ""}}'
        (state_of(spare) / "run" / "kwok.pid").write_text(record)
        spare.start()
        spare.stop()
        assert stranger.poll() is None
        stranger.kill()


# While processes begin. By day a start is given up while they wait for each other, above.
@pytest.mark.nightly
@pytest.mark.parametrize("seconds", [0.02, 0.15, 0.4, 1.0, 2.0])
def test_a_killed_start_is_made_up_for(spare: World, seconds: float) -> None:
    spare.stop()
    command = [sys.executable, "-c", STARTER, str(state_of(spare))]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"now\n"
        time.sleep(seconds)
        starter.kill()
    works(spare.start())
    assert marked(spare) == sorted(NAMES)


@pytest.mark.nightly
def test_a_process_without_a_pid_file_does_not_stay(spare: World) -> None:
    """The starter was killed after it had started the process and before it had written that down."""
    spare.start()
    before = pids(spare)["etcd"] or 0
    (state_of(spare) / "run" / "etcd.pid").unlink()
    works(spare.start())
    assert not psutil.pid_exists(before) or psutil.Process(before).status() == psutil.STATUS_ZOMBIE
    assert marked(spare) == sorted(NAMES)


@pytest.mark.nightly
def test_a_port_that_was_taken_meanwhile_is_given_up(spare: World) -> None:
    connections = spare.start()
    spare.stop()
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        thief.bind(("127.0.0.1", httpx.URL(connections.grafana_url).port or 0))
        thief.listen()
        moved = spare.start()
        assert moved.grafana_url != connections.grafana_url
        assert moved.s3_endpoint == connections.s3_endpoint
        works(moved)
    spare.stop()


def test_a_changed_configuration_restarts_its_service_only(spare: World) -> None:
    spare.start()
    before = pids(spare)
    (state_of(spare) / "config" / "grafana.auth").write_text("admin:another")
    connections = spare.start()
    assert grafana(connections).get("/api/org").status_code == 200
    assert {name for name, pid in pids(spare).items() if pid != before[name]} == {"grafana"}


class Broken:
    """A toolchain whose scheduler says something and dies."""

    def __init__(self, tools: Toolchain, program: Path) -> None:
        self.tools = tools
        self.program = program
        program.write_text("#!/bin/sh\necho the scheduler is out of sorts\nexit 3\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def path(self, tool: str) -> Path:
        return self.program if tool == "kube-scheduler" else self.tools.path(tool)


def test_a_service_that_dies_is_named_with_its_log(spare: World, toolchain: Toolchain, tmp_path: Path) -> None:
    with pytest.raises(ServiceError) as raised:
        World(state_of(spare), Broken(toolchain, tmp_path / "scheduler")).start()
    message = str(raised.value)
    assert message.startswith("kube-scheduler: ended while it was being started")
    assert str(state_of(spare) / "logs" / "kube-scheduler.log") in message
    assert message.endswith("| the scheduler is out of sorts")
    works(spare.start())


@retry(stop=stop_after_delay(120), wait=wait_fixed(0.1), reraise=True)
def created(create: Callable[[], object]) -> None:
    """A namespace that was just made has no service account for a moment, as on any cluster."""
    create()


def test_destroy_leaves_nothing(spare: World, toolchain: Toolchain, tmp_path: Path) -> None:
    """Of a world that never was, there is nothing to do; the module's own has to be used by no test after this one."""
    World(tmp_path / "never", toolchain).destroy()
    connections, state = spare.start(), state_of(spare)
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    connections.core().create_namespaced_persistent_volume_claim("default", claim)
    mount = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    container = {"name": "main", "image": "example.org/none"}
    pod = {"metadata": {"name": "user"}, "spec": {"containers": [container], "volumes": [mount]}}

    @retry(stop=stop_after_delay(120), wait=wait_fixed(0.1))
    def volume() -> Path:
        return Path(connections.core().list_persistent_volume().items[0].spec.host_path.path)

    created(lambda: connections.core().create_namespaced_pod("default", pod))
    made = volume()
    assert made.exists()
    spare.destroy()
    assert marked(spare) == []
    assert not made.exists()
    assert not state.exists()
