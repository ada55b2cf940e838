"""The pods and containers that Kubernetes objects make, wherever in an object they stand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.policies.model import Breach, Manifest, Object, World

_TEMPLATES = (
    ("spec", "jobTemplate", "spec", "template"),
    ("spec", "template"),
    ("template",),
)
"""Where a pod's template may stand: a CronJob's, that of all other workloads, a PodTemplate's."""
CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True)
class Pod:
    """What an object says of the pods that it makes."""

    of: Manifest
    path: str
    """Where its spec stands: `spec.template.spec`."""
    spec: Object
    labels: Mapping[str, Any]

    def breach(self, path: str, found: str, allowed: str = "") -> Breach:
        """Return a breach in a field of the spec."""
        return Breach(self.of.title, f"{self.path}.{path}", found, allowed)


@dataclass(frozen=True)
class Container:
    """A container of a pod, of whichever sort."""

    pod: Pod
    path: str
    """Where it stands in the pod's spec: `initContainers[wait]`."""
    spec: Object

    @property
    def security(self) -> Object:
        """Return its security context."""
        return self.spec.get("securityContext") or {}

    def breach(self, path: str, found: str, allowed: str = "") -> Breach:
        """Return a breach in one of its fields."""
        return self.pod.breach(f"{self.path}.{path}", found, allowed)


def pods(world: World) -> Iterator[Pod]:
    """Yield the pods of all objects."""
    for manifest in world.manifests:
        if manifest.kind == "Pod":
            yield _pod(manifest, manifest.object, "spec")
            continue
        for place in _TEMPLATES:
            template = _at(manifest.object, place)
            if "containers" in (template.get("spec") or {}):
                yield _pod(manifest, template, ".".join((*place, "spec")))
                break


def containers(world: World) -> Iterator[Container]:
    """Yield the containers of all pods, those that only run at first included."""
    for pod in pods(world):
        for sort in CONTAINERS:
            for index, spec in enumerate(pod.spec.get(sort) or ()):
                yield Container(pod, f"{sort}[{spec.get('name', index)}]", spec)


def _pod(manifest: Manifest, template: Object, path: str) -> Pod:
    labels = (template.get("metadata") or {}).get("labels") or {}
    return Pod(manifest, path, template.get("spec") or {}, labels)


def _at(tree: Object, path: tuple[str, ...]) -> Object:
    for step in path:
        found = tree.get(step)
        tree = found if isinstance(found, Mapping) else {}
    return tree
