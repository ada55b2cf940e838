"""A stack's pods: which role each has, and what it uses, as its kubelet measures it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernetes import client

from sandbox.continuity.site import Site
from sandbox.nodes.images import STAND_IN
from sandbox.world.kubelets import served
from telemetry.clients.kubernetes import get

EVERY_SECONDS = 10
"""A kubelet looks at its containers every ten seconds or so."""
_COMPONENT, _NAME = "app.kubernetes.io/component", "app.kubernetes.io/name"


@dataclass(frozen=True)
class Use:
    """CPU in millicores, memory (the working set) in bytes."""

    cpu: float
    memory: int


@dataclass(frozen=True)
class Life:
    """A pod since its containers were started: its name comes again where it is a StatefulSet's."""

    pod: str
    started: str
    """Differs from any other life's of the same name."""
    use: Use


def now(api: client.ApiClient, namespace: str) -> Iterator[Life]:
    """Yield what each pod uses now (kubelet's stats/v1alpha1, Summary). Raises what `get` raises."""
    for node in get(api, "/api/v1/nodes")["items"]:
        path = f"/api/v1/nodes/{node['metadata']['name']}/proxy/stats/summary"
        for pod in get(api, path)["pods"]:
            if pod["podRef"]["namespace"] == namespace:
                containers: Sequence[Mapping[str, Any]] = pod.get("containers") or ()
                nanocores = sum(each.get("cpu", {}).get("usageNanoCores", 0) for each in containers)
                memory = sum(each.get("memory", {}).get("workingSetBytes", 0) for each in containers)
                started = " ".join([pod["podRef"]["uid"], *sorted(each["startTime"] for each in containers)])
                yield Life(pod["podRef"]["name"], started, Use(nanocores / 1e6, memory))


def listed(api: client.ApiClient, namespace: str) -> dict[str, Mapping[str, Any]]:
    """Return the pods of a namespace by name."""
    pods = get(api, f"/api/v1/namespaces/{namespace}/pods")["items"]
    return {pod["metadata"]["name"]: pod for pod in pods}


def real(site: Site) -> dict[str, Mapping[str, Any]]:
    """Return a stack's pods by name, without those that only answer probes."""
    replaced = tuple(name for name, what in served(site.engine.state).items() if what == STAND_IN)
    pods = listed(site.core.api_client, site.namespace)
    return {name: pod for name, pod in pods.items() if not any(_is(pod, image) for image in replaced)}


def role(pod: Mapping[str, Any]) -> str:
    """Return what a pod is called by its labels: a backend, and its component where there are several."""
    labels = pod["metadata"]["labels"]
    return " ".join(filter(None, (labels.get(_NAME), labels.get(_COMPONENT))))


def _is(pod: Mapping[str, Any], image: str) -> bool:
    """Whether a pod runs an image; a pod's spec may leave out the registry."""
    return any(f"/{image}".endswith(f"/{each['image']}") for each in pod["spec"]["containers"])
