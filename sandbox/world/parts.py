"""The parts of a world put together: which services there are, and how their users reach them."""

from sandbox.world import grafana_service, kubelets, kubernetes, seaweedfs
from sandbox.world.connections import Connections
from sandbox.world.nodes import NodePool
from sandbox.world.service import Place, Service

PORTS = (*kubernetes.PORTS, *seaweedfs.PORTS, *grafana_service.PORTS)

# The services in waves: a wave needs only earlier ones. Stopping goes the other way round. It is stated here
# so that a world can be stopped and looked at without tools, ports or certificates; a test compares it with
# what the services say of themselves.
WAVES = (
    ("etcd", "seaweedfs", "grafana"),
    ("kube-apiserver",),
    ("kube-controller-manager", "kube-scheduler", "kwok"),
)
NAMES = tuple(name for wave in WAVES for name in wave)


def waves(nodes: NodePool) -> tuple[tuple[str, ...], ...]:
    """Return the waves of a world with such nodes: real ones are in kwok's place."""
    if not nodes.real:
        return WAVES
    return (*(tuple(name for name in wave if name != "kwok") for wave in WAVES), *kubelets.waves(nodes.count))


def ports(nodes: NodePool) -> tuple[str, ...]:
    """Return the names of the ports of a world with such nodes."""
    return (*PORTS, *kubelets.PORTS) if nodes.real else PORTS


class Parts:
    """Cluster, object store and Grafana in one place."""

    def __init__(self, place: Place, nodes: NodePool) -> None:
        self._real = nodes.real
        self._cluster = kubernetes.Cluster(place, nodes)
        self._store = seaweedfs.ObjectStore(place)
        self._grafana = grafana_service.Grafana(place)

    def services(self) -> list[Service]:
        """Return all services, each after those that it needs; writes the files that they read."""
        return [*self._cluster.services(), self._store.service(), self._grafana.service()]

    def connections(self) -> Connections:
        """Return how to reach them."""
        return Connections(
            kubeconfig=self._cluster.kubeconfig,
            context=kubernetes.CONTEXT,
            api_server=self._cluster.api_server,
            s3_endpoint=self._store.endpoint,
            s3_version=seaweedfs.VERSION,
            s3_identities=self._store.identities,
            grafana_url=self._grafana.url,
            grafana_auth=self._grafana.auth,
            real_nodes=self._real,
        )
