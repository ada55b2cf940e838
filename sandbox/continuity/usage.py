"""What pods use of memory and CPU, as their kubelets measure it, against what they ask for."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kubernetes import client

from sandbox.continuity.site import Site
from sandbox.nodes.images import STAND_IN
from sandbox.world.kubelets import served
from telemetry.clients.kubernetes import get
from telemetry.config.quantities import parse_bytes, parse_cpu

_SAMPLES, _EVERY_SECONDS = 3, 10
"""A kubelet looks at its containers every ten seconds or so."""
_SETTLED_SECONDS = 60
_COMPONENT, _NAME = "app.kubernetes.io/component", "app.kubernetes.io/name"


@dataclass(frozen=True)
class Use:
    """CPU in millicores, memory (the working set) in bytes."""

    cpu: float
    memory: int


@dataclass(frozen=True)
class Measured:
    """One role: what a pod asks for, and what the hungriest uses, idle and while somebody writes."""

    role: str
    asked: Use
    idle: Use
    loaded: Use

    @property
    def is_too_little(self) -> bool:
        """Whether it asks for less memory than it uses when there is nothing to do."""
        return self.asked.memory < self.idle.memory


def measured(site: Site) -> list[Measured]:
    """Measure a stack's roles, without those whose pods only answer probes. Raises EngineError, RetryError."""
    api, namespace = site.core.api_client, site.namespace
    idle = used(api, namespace)
    with TemporaryDirectory(prefix="telemetry-usage-") as directory, site.written_to(Path(directory) / "sent.jsonl"):
        time.sleep(_SETTLED_SECONDS)
        loaded = used(api, namespace)
    replaced = tuple(name for name, what in served(site.engine.state).items() if what == STAND_IN)
    asked = {
        role: _requests(pod)
        for pod in _pods(api, namespace).values()
        if (role := _role(pod)) in idle and not any(_is(pod, name) for name in replaced)
    }
    return [Measured(role, asked[role], idle[role], loaded.get(role, idle[role])) for role in sorted(asked)]


def used(api: client.ApiClient, namespace: str) -> dict[str, Use]:
    """Return what the hungriest pod of each role uses: the mean of its CPU and the most memory over half a minute."""
    seen: dict[str, list[Use]] = {}
    for _ in range(_SAMPLES):
        time.sleep(_EVERY_SECONDS)
        for name, use in _now(api, namespace):
            seen.setdefault(name, []).append(use)
    roles: dict[str, Use] = {}
    for name, pod in _pods(api, namespace).items():
        if uses := seen.get(name):
            mean = Use(sum(use.cpu for use in uses) / len(uses), max(use.memory for use in uses))
            before = roles.get(_role(pod), mean)
            roles[_role(pod)] = Use(max(before.cpu, mean.cpu), max(before.memory, mean.memory))
    return roles


def _now(api: client.ApiClient, namespace: str) -> Iterator[tuple[str, Use]]:
    """Yield what each pod uses now (kubelet's stats/v1alpha1, Summary)."""
    for node in get(api, "/api/v1/nodes")["items"]:
        path = f"/api/v1/nodes/{node['metadata']['name']}/proxy/stats/summary"
        for pod in get(api, path)["pods"]:
            if pod["podRef"]["namespace"] == namespace:
                containers: Sequence[Mapping[str, Any]] = pod.get("containers") or ()
                nanocores = sum(each.get("cpu", {}).get("usageNanoCores", 0) for each in containers)
                memory = sum(each.get("memory", {}).get("workingSetBytes", 0) for each in containers)
                yield pod["podRef"]["name"], Use(nanocores / 1e6, memory)


def _pods(api: client.ApiClient, namespace: str) -> dict[str, Mapping[str, Any]]:
    listed = get(api, f"/api/v1/namespaces/{namespace}/pods")["items"]
    return {pod["metadata"]["name"]: pod for pod in listed}


def _role(pod: Mapping[str, Any]) -> str:
    labels = pod["metadata"]["labels"]
    return " ".join(filter(None, (labels.get(_NAME), labels.get(_COMPONENT))))


def _is(pod: Mapping[str, Any], image: str) -> bool:
    """Whether a pod runs an image; a pod's spec may leave out the registry."""
    return any(f"/{image}".endswith(f"/{each['image']}") for each in pod["spec"]["containers"])


def _requests(pod: Mapping[str, Any]) -> Use:
    requests = [each.get("resources", {}).get("requests") or {} for each in pod["spec"]["containers"]]
    cpu = sum(parse_cpu(each["cpu"]) for each in requests if "cpu" in each)
    return Use(cpu, sum(parse_bytes(each["memory"]) for each in requests if "memory" in each))
