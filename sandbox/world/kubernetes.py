"""The cluster: the real etcd, API server, controller-manager and scheduler, and kwok in the kubelets' place."""

import json
import secrets
from pathlib import Path
from typing import Any

import httpx
import yaml
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.nodes import dns, identities, provisioner
from sandbox.nodes.stores import stores
from sandbox.world import kubelets, operator
from sandbox.world.files import remembered, write_private
from sandbox.world.nodes import NodePool
from sandbox.world.service import Place, Service, answers
from sandbox.world.stages import stages
from sandbox.world.tls import private_key_pem

CONTEXT = "sandbox"
SERVICE_RANGE = "10.96.0.0/16"
POD_RANGE = "10.244.0.0/16"
PORTS = ("etcd", "etcd-peer", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")

# The controller-manager's own provisioner. It makes empty directories below /tmp/hostpath_pv, a place
# that is fixed in its code; where kwok is no container runs, so nothing is ever written into them.
_HOST_PATH = "kubernetes.io/host-path"
_FOR_KWOK = (
    "--enable-hostpath-provisioner=true",
    "--node-monitor-grace-period=8760h",  # a node of kwok's that says nothing is well
)
"""What the controller-manager is told where no kubelet is."""


class Cluster:
    """Services and files of the cluster."""

    def __init__(self, place: Place, nodes: NodePool) -> None:
        self._place = place
        self._nodes = nodes
        self.api_server = place.url("kube-apiserver", "https")
        self.kubeconfig = place.state / "kubeconfig"
        self._token = remembered(place.config("admin.token"), secrets.token_urlsafe(32))

    def services(self) -> list[Service]:
        """Return the cluster's services; writes the files that they read."""
        write_private(self.kubeconfig, self._kubeconfig())
        control_plane = [self._etcd(), self._api_server(), *self._controllers()]
        if not self._nodes.real:
            return [*control_plane, self._kwok()]
        ranges = (SERVICE_RANGE, POD_RANGE)
        nodes = kubelets.Kubelets(self._place, self._nodes, self.kubeconfig, CONTEXT, ranges)
        return [*control_plane, *nodes.services(self._node_ready)]

    def _etcd(self) -> Service:
        place = self._place
        client, peer = place.url("etcd", "https"), place.url("etcd-peer", "https")
        arguments = [
            "--name=sandbox",
            f"--data-dir={place.data('etcd')}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=sandbox={peer}",
            *(f"--{role}client-cert-auth=true" for role in ("", "peer-")),
            *(f"--{role}trusted-ca-file={place.tls.ca}" for role in ("", "peer-")),
            *(f"--{role}cert-file={place.tls.certificate}" for role in ("", "peer-")),
            *(f"--{role}key-file={place.tls.key}" for role in ("", "peer-")),
            "--unsafe-no-fsync",  # a sandbox may lose data with the machine, not with a process
            "--auto-compaction-retention=1h",
            "--log-level=warn",
        ]
        return Service(
            "etcd",
            ("etcd", "etcd-peer"),
            place.launch("etcd", "etcd", arguments),
            answers(f"{client}/health"),
            place.address("etcd"),
        )

    def _api_server(self) -> Service:
        place = self._place
        tokens = write_private(
            place.config("tokens.csv"), f'{self._token},sandbox-admin,sandbox-admin,"system:masters"\n'
        )
        key = self._service_account_key()
        arguments = [
            f"--etcd-servers={place.url('etcd', 'https')}",
            f"--etcd-cafile={place.tls.ca}",
            f"--etcd-certfile={place.tls.certificate}",
            f"--etcd-keyfile={place.tls.key}",
            "--bind-address=127.0.0.1",
            "--external-hostname=localhost",
            "--advertise-address=127.0.0.1",  # it would look for a route otherwise, and off the internet there is none
            f"--secure-port={place.ports['kube-apiserver']}",
            f"--tls-cert-file={place.tls.certificate}",
            f"--tls-private-key-file={place.tls.key}",
            "--authorization-mode=RBAC",
            f"--token-auth-file={tokens}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-signing-key-file={key}",
            f"--service-account-key-file={key}",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--endpoint-reconciler-type=none",  # a loopback address is no endpoint; nothing in here needs one
            "--profiling=false",
            *(self._ways_to_nodes() if self._nodes.real else ()),
        ]
        return Service(
            "kube-apiserver",
            ("kube-apiserver",),
            place.launch("kube-apiserver", "kube-apiserver", arguments, files=(tokens, key)),
            self._api_ready,
            place.address("kube-apiserver"),
            after=("etcd",),
            seconds=60,
            prepare=self._prepare,
        )

    def _controllers(self) -> list[Service]:
        place = self._place
        common = [
            f"--kubeconfig={self.kubeconfig}",
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--tls-cert-file={place.tls.certificate}",
            f"--tls-private-key-file={place.tls.key}",
            "--profiling=false",
        ]
        extra = {
            "kube-controller-manager": [
                f"--service-account-private-key-file={self._service_account_key()}",
                f"--root-ca-file={place.tls.ca}",
                "--horizontal-pod-autoscaler-sync-period=2s",  # not 15: somebody waits for it
                *(() if self._nodes.real else _FOR_KWOK),
            ],
            "kube-scheduler": [],
        }
        return [
            Service(
                name,
                (name,),
                place.launch(
                    name,
                    name,
                    [*common, f"--secure-port={place.ports[name]}", *flags],
                    files=(self.kubeconfig,),
                ),
                answers(f"{place.url(name, 'https')}/healthz"),
                place.address(name),
                after=("kube-apiserver",),
            )
            for name, flags in extra.items()
        ]

    def _kwok(self) -> Service:
        place = self._place
        config = write_private(place.config("kwok.yaml"), stages())
        arguments = [
            f"--kubeconfig={self.kubeconfig}",
            f"--config={config}",
            "--manage-all-nodes=true",
            f"--cidr={POD_RANGE}",
            "--node-ip=127.0.0.1",
            # Nobody asks for signs of life (see the controller-manager), and they take a third of what an idle world
            # does. A restarted kwok would also wait for the last one's leases to run out before it sees to any pod.
            "--node-lease-duration-seconds=0",
            f"--server-address={place.address('kwok')}",
        ]
        return Service(
            "kwok",
            ("kwok",),
            place.launch("kwok", "kwok", arguments, files=(config, self.kubeconfig)),
            self._nodes_ready,
            place.address("kwok"),
            after=("kube-apiserver",),
        )

    def _service_account_key(self) -> Path:
        path = self._place.config("service-account.key")
        remembered(path, private_key_pem(ec.generate_private_key(ec.SECP256R1())))
        return path

    def _kubeconfig(self) -> str:
        cluster = {"server": self.api_server, "certificate-authority": str(self._place.tls.ca)}
        named = {"cluster": CONTEXT, "user": CONTEXT}
        return yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": CONTEXT,
                "clusters": [{"name": CONTEXT, "cluster": cluster}],
                "users": [{"name": CONTEXT, "user": {"token": self._token}}],
                "contexts": [{"name": CONTEXT, "context": named}],
            }
        )

    def _ways_to_nodes(self) -> list[str]:
        """Return the flags by which the API server reaches kubelets and pods, which no route leads to."""
        connection = {
            "proxyProtocol": "HTTPConnect",
            "transport": {"uds": {"udsName": str(kubelets.way_in(self._place.state))}},
        }
        selector = {
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [{"name": "cluster", "connection": connection}],
        }
        file = write_private(self._place.config("egress.yaml"), yaml.safe_dump(selector))
        return [
            f"--egress-selector-config-file={file}",
            f"--kubelet-client-certificate={self._place.tls.certificate}",
            f"--kubelet-client-key={self._place.tls.key}",
            "--kubelet-preferred-address-types=InternalIP",
        ]

    @property
    def _login(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}

    def _api_ready(self, client: httpx.Client) -> bool:
        return self._call(client, "GET", "/readyz").status_code == httpx.codes.OK

    def _nodes_ready(self, client: httpx.Client) -> bool:
        """Ask for the outcome, not for kwok's own health: the scheduler needs nodes that are ready."""
        nodes = self._call(client, "GET", "/api/v1/nodes").raise_for_status().json()["items"]
        ready = [node for node in nodes if {"Ready": "True"}.items() <= _conditions(node).items()]
        return len(ready) >= self._nodes.count

    def _node_ready(self, client: httpx.Client, name: str) -> bool:
        found = self._call(client, "GET", f"/api/v1/nodes/{name}").raise_for_status().json()
        return _conditions(found).get("Ready") == "True"

    def _prepare(self, client: httpx.Client) -> None:
        """Make the default StorageClass, the DNS's Services and what else the nodes need, or bring it to its state."""
        real = self._nodes.real
        storage_class = _storage_class(provisioner.NAME if real else _HOST_PATH)
        self._apply(client, "/apis/storage.k8s.io/v1/storageclasses", storage_class)
        for namespace, name in dns.SERVICES.items():
            self._apply(client, "/api/v1/namespaces", _named("Namespace", namespace))
            ports = dns.ports() if real else [{"name": "dns", "port": 53, "protocol": "UDP"}]
            service = {**_named("Service", name), "spec": {"ports": ports}}
            self._apply(client, f"/api/v1/namespaces/{namespace}/services", service)
        self._prepare_operators_kinds(client)
        if real:
            self._prepare_for_pods(client)
        else:
            self._prepare_kwoks_nodes(client)

    def _prepare_operators_kinds(self, client: httpx.Client) -> None:
        for kind in operator.KINDS:
            path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{kind}.{operator.GROUP}"
            self._patch(client, path, operator.definition(self._place.tools, kind))
        operator.await_served(client, self.api_server, self._login)

    def _prepare_for_pods(self, client: httpx.Client) -> None:
        """Make what pods that run look for, and kubelets do not bring."""
        for namespace, name in dns.SERVICES.items():
            slices = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
            self._apply(client, slices, dns.endpoints(namespace, name))
        for namespace in sorted({store.namespace for store in stores() if not store.is_own}):
            self._apply(client, "/api/v1/namespaces", _named("Namespace", namespace))
        admission = "/apis/admissionregistration.k8s.io/v1/mutatingadmission"
        self._apply(client, f"{admission}policies", identities.policy())
        self._apply(client, f"{admission}policybindings", identities.binding())

    def _prepare_kwoks_nodes(self, client: httpx.Client) -> None:
        """Make the nodes, or bring them to their stated size."""
        for node in self._nodes.objects():
            self._apply(client, "/api/v1/nodes", node)
            self._apply(client, "/api/v1/nodes", {**node, "status": self._nodes.status()}, "/status")

    def _apply(self, client: httpx.Client, collection: str, manifest: dict[str, Any], subresource: str = "") -> None:
        self._patch(client, f"{collection}/{manifest['metadata']['name']}{subresource}", json.dumps(manifest))

    def _patch(self, client: httpx.Client, path: str, text: str) -> None:
        """Apply an object, as JSON or YAML."""
        self._call(client, "PATCH", f"{path}?fieldManager=sandbox&force=true", text).raise_for_status()

    def _call(self, client: httpx.Client, method: str, path: str, body: str | None = None) -> httpx.Response:
        headers = {**self._login, "Content-Type": "application/apply-patch+yaml"}
        return client.request(method, self.api_server + path, headers=headers, content=body, timeout=5)


def _storage_class(by: str) -> dict[str, Any]:
    """Return the default StorageClass, whose volumes a provisioner makes."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": by,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _named(kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}


def _conditions(node: dict[str, Any]) -> dict[str, str]:
    conditions = node.get("status", {}).get("conditions", [])
    return {condition["type"]: condition["status"] for condition in conditions}
