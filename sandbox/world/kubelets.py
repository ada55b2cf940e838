"""Real nodes as services of the world: what runs among them, in which order, and how each is seen to be ready."""

import json
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from sandbox.nodes import cni, containerd, dns, kubelet, proxy, registry
from sandbox.nodes.addresses import CLUSTER_DOMAIN, DNS_PORT, NODE_RANGE, STORE, WORLD, node_address, node_name
from sandbox.nodes.cgroups import SERVICES, Cgroups
from sandbox.nodes.containerd import SOCKET
from sandbox.nodes.stores import stores
from sandbox.paths import REPO
from sandbox.toolchain import BACKEND_TOOLS, CNI_PLUGINS, OWN_TOOLS, ToolchainError
from sandbox.world.files import private_dir, write_private
from sandbox.world.nodes import NodePool
from sandbox.world.process import Launch
from sandbox.world.service import PROBE_SECONDS, Place, Service, answers

IMAGES = "images"
NETWORK = "node-network"
PORTS = (IMAGES,)
_IMAGED = ("nginx", *(tool for tools in BACKEND_TOOLS.values() for tool in tools), *OWN_TOOLS)
"""Tools that images are made of, where they are to be had."""
_SOCKET = "inside.sock"
_RESOLV_CONF = "nameserver {world}\nsearch svc.{domain} {domain}\noptions ndots:5\n"
_KUBELET_SECONDS = 90


def waves(count: int) -> tuple[tuple[str, ...], ...]:
    """Return the names of the services, each wave after those that it needs."""
    return (
        (IMAGES, NETWORK),
        ("volumes", "network-policies", "kube-proxy", "coredns", *(f"containerd-{index}" for index in range(count))),
        tuple(f"kubelet-{index}" for index in range(count)),
    )


def way_in(state: Path) -> Path:
    """Return the socket file by which programs outside reach what is inside."""
    return state / "run" / _SOCKET


def entering(state: Path, command: list[str], *, member: bool = False) -> list[str]:
    """Return the command that runs another one among the nodes, ``member``: as a part of them."""
    pid_file = state / "run" / f"{NETWORK}.pid"
    return [sys.executable, "-m", "sandbox.nodes.enter", str(pid_file), str(state) if member else "-", *command]


def served(state: Path) -> dict[str, str]:
    """Return what stands behind each image that the nodes have asked for."""
    return registry.served(state / "data" / IMAGES)


class Kubelets:
    """The services of real nodes."""

    def __init__(self, place: Place, nodes: NodePool, kubeconfig: Path, context: str, ranges: tuple[str, str]) -> None:
        self._place = place
        self._count = nodes.count
        self._archives = nodes.images
        self._kubeconfig = kubeconfig
        self._context = context
        self._service_range, self._pod_range = ranges
        self._cgroups = Cgroups(place.state)

    def services(self, node_ready: Callable[[httpx.Client, str], bool]) -> list[Service]:
        """Return the services, each after those that it needs; writes the files that they read."""
        nodes = range(self._count)
        return [
            self._images(),
            self._network(),
            self._volumes(),
            self._policies(),
            self._dns(),
            self._proxy(),
            *map(self._containerd, nodes),
            *(self._kubelet(index, node_ready) for index in nodes),
        ]

    def _images(self) -> Service:
        place, programs = self._place, {}
        for name in _IMAGED:
            with suppress(ToolchainError):  # its image is one that only answers probes then
                programs[name] = str(place.tools.path(name))
        arguments = ["-m", "sandbox.nodes.registry", str(place.ports[IMAGES]), str(place.data(IMAGES))]
        return Service(
            IMAGES,
            PORTS,
            self._python(IMAGES, [*arguments, json.dumps(programs), *filter(None, [self._archives])]),
            answers(f"{place.url(IMAGES)}/v2/"),
            place.address(IMAGES),
        )

    def _network(self) -> Service:
        place = self._place
        private_dir(place.state / "run")
        own = (IMAGES, "kube-apiserver", "seaweedfs", "grafana")
        settings = {
            "state": str(place.state),
            "groups": [SERVICES, *map(node_name, range(self._count))],
            "addresses": [WORLD, STORE, *map(node_address, range(self._count))],
            "service_range": self._service_range,
            "source": WORLD,
            "resolv_conf": _RESOLV_CONF.format(world=WORLD, domain=CLUSTER_DOMAIN),
            "kept": [str(path) for path in (place.state, REPO, Path.home(), Path(sys.prefix))],
            "forwards": [
                *(("127.0.0.1", place.ports[name], place.ports[name]) for name in own),
                *((STORE, port, place.ports["seaweedfs"]) for port in sorted({store.port for store in stores()})),
            ],
            "socket": str(way_in(place.state)),
        }
        file = write_private(place.config("node-network.json"), json.dumps(settings, indent=2))
        launch = self._python(NETWORK, ["-m", "sandbox.nodes.namespaces", str(file)], files=(file,))
        return Service(NETWORK, (), launch, lambda _: self._open(way_in(place.state)), NODE_RANGE)

    def _volumes(self) -> Service:
        place = self._place
        arguments = ["-m", "sandbox.nodes.provisioner", str(self._kubeconfig), str(place.data("volumes"))]
        launch = self._python("volumes", arguments, files=(self._kubeconfig,))
        return Service("volumes", (), launch, lambda _: True, "", after=("kube-apiserver",))

    def _policies(self) -> Service:
        neighbours = {WORLD: list(dns.SERVICES), STORE: sorted({store.namespace for store in stores()})}
        arguments = ["-m", "sandbox.nodes.enforcer", str(self._kubeconfig), self._tool("nft"), json.dumps(neighbours)]
        launch = self._inside("network-policies", sys.executable, arguments, (self._kubeconfig,))
        return Service("network-policies", (), launch, lambda _: True, "", after=(NETWORK, "kube-apiserver"))

    def _dns(self) -> Service:
        names = sorted({store.host for store in stores()})
        file = write_private(self._place.config("Corefile"), dns.configuration(self._kubeconfig, self._context, names))
        launch = self._inside("coredns", self._tool("coredns"), [f"-conf={file}"], (file, self._kubeconfig))
        ready = self._listens(WORLD, DNS_PORT)
        return Service("coredns", (), launch, ready, f"{WORLD}:{DNS_PORT}", after=(NETWORK, "kube-apiserver"))

    def _proxy(self) -> Service:
        file = write_private(
            self._place.config("kube-proxy.yaml"), proxy.configuration(self._kubeconfig, self._pod_range)
        )
        path = {"PATH": f"{self._place.tools.path('nft').parent}:/usr/sbin:/usr/bin:/sbin:/bin"}
        launch = self._inside("kube-proxy", self._tool("kube-proxy"), [f"--config={file}"], (file,), path)
        ready = self._listens("127.0.0.1", proxy.HEALTH_PORT)
        # It waits for its node, which a kubelet makes at the same time.
        return Service("kube-proxy", (), launch, ready, "", after=(NETWORK, "kube-apiserver"), seconds=_KUBELET_SECONDS)

    def _containerd(self, index: int) -> Service:
        place, name = self._place, f"containerd-{index}"
        folder = private_dir(place.config(name))
        write_private(folder / "certs.d" / "_default" / "hosts.toml", containerd.hosts(place.url(IMAGES)))
        write_private(folder / "cni" / "10-pods.conflist", cni.configuration(index))
        text = containerd.configuration(
            index,
            place.data(name) / "root",
            runc=place.tools.path("runc"),
            shim=place.tools.path("containerd-shim-runc-v2"),
            plugins=list(dict.fromkeys(place.tools.path(plugin).parent for plugin in CNI_PLUGINS)),
            cni=folder / "cni",
            hosts=folder / "certs.d",
        )
        file = write_private(folder / "config.toml", text)
        launch = self._inside(name, self._tool("containerd"), [f"--config={file}"], (file,))
        return Service(name, (), launch, lambda _: self._serves(index), "", after=(NETWORK, IMAGES))

    def _kubelet(self, index: int, node_ready: Callable[[httpx.Client, str], bool]) -> Service:
        place, name, node = self._place, f"kubelet-{index}", node_name(index)
        data = place.data(name)
        text = kubelet.configuration(
            index,
            cgroup=self._cgroups.path(node),
            data=data,
            ca=place.tls.ca,
            certificate=place.tls.certificate,
            key=place.tls.key,
        )
        file = write_private(place.config(f"{name}.yaml"), text)
        arguments = [
            f"--config={file}",
            f"--kubeconfig={self._kubeconfig}",
            f"--root-dir={data / 'root'}",
            f"--cert-dir={data / 'certificates'}",
            f"--hostname-override={node}",
            f"--node-ip={node_address(index)}",
            "--node-labels=topology.kubernetes.io/zone=sandbox",
        ]
        launch = self._inside(name, self._tool("kubelet"), arguments, (file, self._kubeconfig))
        return Service(
            name,
            (),
            launch,
            lambda client: node_ready(client, node),
            f"{node_address(index)}:{kubelet.PORT}",
            after=(f"containerd-{index}", "kube-apiserver"),
            seconds=_KUBELET_SECONDS,
        )

    def _tool(self, name: str) -> str:
        return str(self._place.tools.path(name))

    def _python(self, service: str, arguments: list[str], files: tuple[Path, ...] = ()) -> Launch:
        return self._place.launch(Path(sys.executable), service, arguments, env={"PYTHONPATH": str(REPO)}, files=files)

    def _inside(
        self,
        service: str,
        program: str,
        arguments: list[str],
        files: tuple[Path, ...],
        env: dict[str, str] | None = None,
    ) -> Launch:
        command = entering(self._place.state, [program, *arguments], member=True)
        environment = {"PYTHONPATH": str(REPO), **(env or {})}
        return self._place.launch(Path(command[0]), service, command[1:], env=environment, files=files)

    def _listens(self, address: str, port: int) -> Callable[[httpx.Client], bool]:
        """Return a probe of an address among the nodes."""

        def probe(_: httpx.Client) -> bool:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PROBE_SECONDS)
                try:
                    connection.connect(str(way_in(self._place.state)))
                    connection.sendall(f"CONNECT {address}:{port} HTTP/1.1\r\n\r\n".encode())
                    return b" 200 " in connection.recv(64)
                except OSError:
                    return False

        return probe

    def _serves(self, index: int) -> bool:
        """Whether a containerd listens, at a socket that is seen through the process which holds the namespaces."""
        try:
            pid = json.loads((self._place.state / "run" / f"{NETWORK}.pid").read_text())["pid"]
        except (OSError, ValueError, KeyError):
            return False
        return self._open(Path(f"/proc/{pid}/root{SOCKET.format(index=index)}"))

    def _open(self, path: Path) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(path))
            except OSError:
                return False
        return True
