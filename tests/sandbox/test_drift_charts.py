"""What Helm has deployed of prod's charts is as it was deployed: no object of theirs is drift by itself."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from kubernetes import client, config

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.clients.dry_run import Cluster, connected
from telemetry.config.connections import Kubernetes
from telemetry.kubernetes.managed_fields import Json
from telemetry.operations.drift import manifests
from telemetry.operations.drift.conceal import Concealer
from telemetry.operations.drift.fields import Policy
from telemetry.operations.drift.findings import DriftFinding
from telemetry.operations.drift.objects import compare
from telemetry.redaction import Redactor
from telemetry.releases import releases_of
from telemetry.spec.release import Release
from tests.sandbox.test_exact_capacity import MOVING, SCALED
from tests.support import Change, load_stack
from tests.waiting import until

pytestmark = pytest.mark.sandbox


@dataclass(frozen=True)
class Installed:
    """Releases in a namespace of their own."""

    cluster: Cluster
    objects: tuple[Json, ...]
    """Of the releases, and the program's autoscalers."""

    def drift(self, scaled: frozenset[tuple[str, str]]) -> list[DriftFinding]:
        """Return what differs, where these are scaled by right."""
        findings: list[DriftFinding] = []
        for each in self.objects:
            policy = Policy(autoscaled=(each["kind"], each["metadata"]["name"]) in scaled)
            findings += compare(self.cluster, each, policy, Concealer(Redactor()), release="r")
        return findings


@pytest.fixture(params=[("drift-moving", MOVING), ("drift-scaled", SCALED)], ids=["prod moving", "prod autoscaled"])
def installed(request: pytest.FixtureRequest, world: Connections, toolchain: Toolchain) -> Iterator[Installed]:
    space, change = request.param
    api = config.new_client_from_config(str(world.kubeconfig), world.context)
    core = client.CoreV1Api(api)
    core.create_namespace({"metadata": {"name": space}})
    try:
        with connected(Kubernetes(kubeconfig=str(world.kubeconfig), context=world.context)) as cluster:
            yield Installed(cluster, tuple(_installed(change, space, cluster, world, toolchain)))
    finally:
        core.delete_namespace(space)


def test_no_object_of_prods_charts_is_drift_by_itself(installed: Installed) -> None:
    assert {"StatefulSet", "Deployment", "Service", "ConfigMap", "PodDisruptionBudget", "ServiceAccount"} <= {
        each["kind"] for each in installed.objects
    }
    scaled = manifests.scaled(installed.objects)
    if scaled:
        # Each begins with one replica, and the controller writes its minimum of two.
        until(lambda: {each.path for each in installed.drift(frozenset())} == {"spec.replicas"}, every=1)
    assert installed.drift(scaled) == []


def _installed(
    change: Change, space: str, cluster: Cluster, world: Connections, toolchain: Toolchain
) -> Iterator[Json]:
    stack = load_stack("prod", change)
    for release in releases_of(stack):
        manifest = _install(release, space, world, toolchain)
        for each in manifests.parsed(manifest, manifests.RecordedRelease(release.name, space, {})):
            yield cluster.placed(each, space)
        for each in release.added:
            whole = {**each, "metadata": {**each["metadata"], "namespace": space}}
            cluster.api.resources.get(api_version=each["apiVersion"], kind=each["kind"]).create(
                body=whole, namespace=space, field_manager="pulumi-kubernetes"
            )
            yield whole


def _install(release: Release, space: str, world: Connections, toolchain: Toolchain) -> str:
    where = ["--namespace", space, "--kubeconfig", str(world.kubeconfig), "--kube-context", world.context]
    helm, chart = str(toolchain.path("helm")), str(REPO / "sandbox" / "charts" / release.chart.name)
    install = [helm, "install", release.name, chart, *where, "--values", "-"]
    done = subprocess.run(install, input=json.dumps(release.values), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    get = [helm, "get", "manifest", release.name, *where]
    return subprocess.run(get, capture_output=True, text=True, check=True).stdout
