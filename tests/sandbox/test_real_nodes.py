"""Pods that run: dev on a real node, its probes, its data path through the cluster's DNS, and nothing left of it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from sandbox.engine import Engine
from sandbox.nodes import oci
from sandbox.nodes.addresses import STORE, WORLD
from sandbox.nodes.cgroups import Cgroups
from sandbox.nodes.images import STAND_IN, Images
from sandbox.nodes.rights import missing
from sandbox.paths import REPO
from sandbox.plugins.install import install
from sandbox.stacks import prepare
from sandbox.toolchain import BACKEND_TOOLS, REAL_NODES_TOOLS, UP_TOOLS, Toolchain
from sandbox.world import NodePool, World
from sandbox.world.kubelets import entering, served
from telemetry.clients.kubernetes import get
from telemetry.network.evaluate import Pod, allows
from tests.image_archive import archived
from tests.sandbox.chart_servers import registry
from tests.sandbox.deployment import Deployment
from tests.sandbox.pod_connections import CLOSED, OPEN
from tests.sandbox.reach import processes
from tests.waiting import until

pytestmark = pytest.mark.sandbox

OURS = "docker.io/grafana/tempo:2.10.8"
"""An image that is given as an archive."""

# Runs among the nodes, and asks as an application in the stack's namespace would.
WRITER_AND_READER = """
import sys, time, httpx
from telemetry.clients import otlp
base, value = sys.argv[1], int(sys.argv[2])
headers = {"Content-Type": "application/x-protobuf"}
sent = httpx.post(f"{base}/otlp/v1/metrics", content=otlp.otlp_metric(value, "test"), headers=headers, timeout=20)
sent.raise_for_status()
for _ in range(60):
    found = httpx.get(f"{base}/prometheus/api/v1/query", params={"query": otlp.METRIC}, timeout=20).json()
    result = found["data"]["result"]
    if result and int(float(result[0]["value"][1])) == value:
        print("read", value)
        sys.exit()
    time.sleep(0.5)
sys.exit(f"not found: {found}")
"""


def outside() -> tuple[str, ...]:
    """What of the machine nodes could change: addresses and links, mounts, routes, settings of the kernel."""
    files = ("/proc/self/mounts", "/proc/net/route", "/proc/net/if_inet6", "/proc/net/dev")
    links = tuple(sorted(line.split(":")[0] for line in Path(files[3]).read_text().splitlines()))
    settings = ("net/ipv4/ip_forward", "vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")
    return (
        *links,
        *(Path(file).read_text() for file in files[:3]),
        *(Path("/proc/sys", s).read_text() for s in settings),
    )


@pytest.fixture(scope="module")
def before() -> tuple[str, ...]:
    return outside()


@pytest.fixture(scope="module")
def tools(before: tuple[str, ...]) -> Toolchain:  # noqa: ARG001 (seen before anything is started)
    """What real nodes are made of, where they can be had."""
    if reason := missing():
        pytest.skip(f"no real nodes here: {reason}")
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure([*UP_TOOLS, *REAL_NODES_TOOLS, *BACKEND_TOOLS["mimir"]])
    return tools


@pytest.fixture(scope="module")
def real(tools: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with one real node."""
    contents = Images({"nginx": tools.path("nginx")}).find("memcached").contents
    archive = archived(tmp_path_factory.mktemp("archives"), {OURS: contents})
    nodes = NodePool(real=True, count=1, images=str(archive.parent))
    world = World(tmp_path_factory.mktemp("real"), tools, nodes)
    try:
        yield world
    finally:
        world.destroy()


@pytest.fixture(scope="module")
def dev(real: World, tools: Toolchain) -> Deployment:
    """The dev stack, deployed: `up` has waited for its pods."""
    connections = real.start()
    state = connections.kubeconfig.parent
    engine = Engine(state, tools)
    install(engine.home, engine.toolchain)
    prepare("dev", engine, connections)
    deployment = Deployment("dev", engine, connections)
    deployment.up()
    return deployment


def state_of(world: World) -> Path:
    return world.status()[0].log.parent.parent


def test_every_pod_is_ready_by_its_own_probes(dev: Deployment) -> None:
    pods = dev.core.list_namespaced_pod(dev.namespace).items
    assert len(pods) > 10
    assert all(dev.pods().values())
    states = [status for pod in pods for status in pod.status.container_statuses]
    assert all(status.container_id.startswith("containerd://") and status.state.running for status in states)


def test_what_is_no_real_program_is_named(dev: Deployment, real: World) -> None:
    images = {
        container.image
        for pod in dev.core.list_namespaced_pod(dev.namespace).items
        for container in pod.spec.containers
    }
    told = served(state_of(real))
    assert images <= told.keys()
    kinds = {name.rpartition("/")[2].partition(":")[0]: what == STAND_IN for name, what in told.items()}
    assert (kinds["mimir"], kinds["nginx-unprivileged"]) == (False, False)
    assert told[OURS] == "an image of yours (archive.tar)"


def test_an_image_is_pulled_from_its_registry_where_that_can_be_reached(
    dev: Deployment, real: World, tools: Toolchain, tmp_path: Path
) -> None:
    with registry(tools) as address:
        image = f"{address}/team/sleeper:1"
        push(address, "team/sleeper", "1", oci.write(Images({}).find("pause").contents, tmp_path), tmp_path)
        pod = {"metadata": {"name": "sleeper"}, "spec": {"containers": [{"name": "sleeper", "image": image}]}}
        dev.core.create_namespaced_pod("default", pod)
        until(lambda: dev.core.read_namespaced_pod("sleeper", "default").status.phase == "Running")
    assert served(state_of(real))[image] == f"the image itself, of {address}"


def push(address: str, repository: str, tag: str, digest: str, blobs: Path) -> None:
    """Put an image whose blobs are in a folder into a registry."""
    with httpx.Client(base_url=f"http://{address}/v2/{repository}") as client:
        for blob in set(blobs.iterdir()) - {blobs / digest}:
            client.post("/blobs/uploads/", params={"digest": blob.name}, content=blob.read_bytes()).raise_for_status()
        headers = {"Content-Type": oci.MANIFEST}
        content = (blobs / digest).read_bytes()
        client.put(f"/manifests/{tag}", headers=headers, content=content).raise_for_status()


def test_a_metric_is_written_and_read_by_the_names_of_the_cluster(dev: Deployment, real: World) -> None:
    base = f"http://mimir-gateway.{dev.namespace}.svc.cluster.local"
    value = str(int(time.time()))
    command = entering(state_of(real), [sys.executable, "-c", WRITER_AND_READER, base, value])
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout.strip() == f"read {value}", done.stdout + done.stderr


def test_the_api_server_reaches_what_a_pod_says(dev: Deployment) -> None:
    name = next(name for name in dev.pods() if "distributor" in name)
    assert "Starting application" in dev.core.read_namespaced_pod_log(name, dev.namespace)


def pods_of(dev: Deployment) -> dict[str, Pod]:
    """The stack's pods as policies see them."""
    labels = get(dev.core.api_client, f"/api/v1/namespaces/{dev.namespace}")["metadata"]["labels"]
    listed = get(dev.core.api_client, f"/api/v1/namespaces/{dev.namespace}/pods")["items"]
    return {
        each["metadata"]["name"]: Pod(
            dev.namespace,
            each["metadata"]["labels"],
            labels,
            {
                (port["name"], port.get("protocol", "TCP")): port["containerPort"]
                for container in each["spec"]["containers"]
                for port in container.get("ports") or ()
            },
            each["status"]["podIP"],
        )
        for each in listed
    }


def processes_of(world: World, dev: Deployment) -> dict[str, int]:
    """A process of each pod, found by the pod's control group."""
    found = {}
    for pod in dev.core.list_namespaced_pod(dev.namespace).items:
        groups = [path for top in Cgroups(state_of(world)).left() for path in top.rglob(f"pod{pod.metadata.uid}/*")]
        files = (group / "cgroup.procs" for group in groups if group.is_dir())
        found[pod.metadata.name] = next(int(pid) for file in files for pid in file.read_text().split())
    return found


def test_policies_let_pass_what_they_allow_between_every_two_pods_and_nothing_else(
    dev: Deployment, real: World
) -> None:
    pods = pods_of(dev)
    dns = Pod("openshift-dns", {}, {"kubernetes.io/metadata.name": "openshift-dns"}, {}, WORLD)
    store = Pod(dev.namespace, {}, next(iter(pods.values())).namespace_labels, {}, STORE)
    ports = sorted({53, 8333, 9094, 14250, *(port for pod in pods.values() for port in pod.ports.values())})
    targets = [(end, port) for end in (*pods.values(), dns, store) for port in ports]
    asked = {"sources": processes_of(real, dev), "targets": [(str(end.address), port) for end, port in targets]}
    command = [sys.executable, "-m", "tests.sandbox.pod_connections"]
    done = subprocess.run(command, cwd=REPO, input=json.dumps(asked), capture_output=True, text=True, check=True)
    policies = get(dev.core.api_client, f"/apis/networking.k8s.io/v1/namespaces/{dev.namespace}/networkpolicies")
    seen = json.loads(done.stdout)
    wrong = [
        (name, str(end.address), port, how)
        for name, pod in pods.items()
        for (end, port), how in zip(targets, seen[name], strict=True)
        if how != (OPEN if allows(policies["items"], pod, end, port) else CLOSED)
    ]
    assert wrong == []
    assert {how for hows in seen.values() for how in hows} == {OPEN, CLOSED}


@retry(retry=retry_if_result(bool), stop=stop_after_delay(5), wait=wait_fixed(0.1))
def left_of(state: Path) -> list[object]:
    return [*processes(state), *Cgroups(state).left()]


@pytest.mark.usefixtures("dev")
def test_nothing_is_left_of_it(real: World, before: tuple[str, ...]) -> None:
    state = state_of(real)
    assert left_in_groups(state)
    real.stop()
    assert left_of(state) == []
    assert outside() == before


def left_in_groups(state: Path) -> list[str]:
    """The pods' groups, by which it is seen that there is something to be removed."""
    return [path.name for top in Cgroups(state).left() for path in top.glob("sandbox-0/kubepods/*/pod*")]
