"""The fields in which an object differs from what was deployed. Pure: both sides have been through the API server."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.kubernetes.managed_fields import Entry, Json, Path, step_to

_REPLICAS: Path = ("f:spec", "f:replicas")
_SERVERS = frozenset({"managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"})
"""Metadata that the API server writes by itself."""
_NOTES = frozenset(
    {
        "f:kubectl.kubernetes.io/restartedAt",  # kubectl rollout restart: docs/operations.md asks for it
        "f:kubectl.kubernetes.io/last-applied-configuration",  # what kubectl apply remembers; may quote a Secret
        "f:deployment.kubernetes.io/revision",
    }
)
"""Annotations that change nothing about what runs."""

_DEPLOYERS = frozenset({"helm", "pulumi-resource-kubernetes", "pulumi-kubernetes"})
"""Managers that deploy for us: helm and the provider with helm inside (named after the program), and the provider's
own for what is no release."""
_PROVIDER_PREFIX = "pulumi-kubernetes-"
"""How the provider calls itself at most objects: a random word follows, another one for each."""
CONTROLLERS = frozenset(
    {
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "openshift-controller-manager",
        "openshift-apiserver",
        "cluster-policy-controller",
        "service-ca-operator",
    }
)
"""Managers that complete objects by right: pull secrets of a ServiceAccount, a Namespace's ranges, certificates."""


def deploys(manager: str) -> bool:
    """Whether a manager deploys for us."""
    return manager in _DEPLOYERS or manager.startswith(_PROVIDER_PREFIX)


@dataclass(frozen=True)
class Policy:
    """Says which managers may write, so that their changes are no drift."""

    ignored: frozenset[str] = frozenset()
    """Further managers, such as an operator of this cluster."""
    autoscaled: bool = False
    """Whether an autoscaler of ours sets the object's replicas."""

    def is_foreign(self, entry: Entry) -> bool:
        """Whether a manager must not write here. Scaling is nobody's right but our autoscaler's (`overlooks`)."""
        manager = entry.writer.manager
        if deploys(manager) or manager in self.ignored:
            return False
        return manager not in CONTROLLERS or entry.writer.subresource == "scale"

    def is_rightful(self, owners: tuple[Entry, ...]) -> bool:
        """Whether a value that is not ours was put there by those who may."""
        return any(not deploys(entry.writer.manager) for entry in owners) and not any(map(self.is_foreign, owners))

    def overlooks(self, path: Path) -> bool:
        """Whether a field is never compared."""
        noted = len(path) > 1 and path[-2] == "f:annotations" and path[-1] in _NOTES
        return noted or (self.autoscaled and path == _REPLICAS)


@dataclass(frozen=True)
class FieldDifference:
    """A field that differs."""

    path: Path
    expected: Any
    found: Any


def additions(owned: tuple[Entry, ...], stated: Entry, policy: Policy, before: tuple[Entry, ...] = ()) -> list[Path]:
    """Return what was added to what was deployed, each as the whole that came with it.

    That is what strangers have written, and what our deployers have written that failed revisions stated (`before`).
    Of all else that deployers have written the API server's defaults cannot be told apart.
    """
    found: set[Path] = set()
    for entry in owned:
        left = before if deploys(entry.writer.manager) else ()
        for leaf in entry.leaves:
            added = policy.is_foreign(entry) or any(each.wrote(leaf) for each in left)
            if added and not _is_stated(leaf, stated) and not policy.overlooks(leaf):
                found.add(_whole(leaf, entry, stated))
    return sorted(path for path in found if not any(path[:end] in found for end in range(1, len(path))))


def _is_stated(path: Path, stated: Entry) -> bool:
    return path in stated.containers or stated.wrote(path)


def _whole(leaf: Path, entry: Entry, stated: Entry) -> Path:
    """Return the largest mapping or element of a list that the same manager has added, or the field itself."""
    ways = (leaf[:end] for end in range(1, len(leaf)))
    return next((way for way in ways if way in entry.containers and not _is_stated(way, stated)), leaf)


def differences(live: Mapping[str, Any], expected: Mapping[str, Any], named: Json) -> Iterator[FieldDifference]:
    """Yield the fields in which a live object differs from the wanted one; `named`: ownership.tree of both."""
    for each in _between(_without_server_fields(live), _without_server_fields(expected), named, ()):
        if each.path:
            yield each


def _without_server_fields(whole: Mapping[str, Any]) -> Json:
    metadata = {key: value for key, value in whole.get("metadata", {}).items() if key not in _SERVERS}
    return {**{key: value for key, value in whole.items() if key != "status"}, "metadata": metadata}


def _between(live: Any, expected: Any, named: Json, path: Path) -> Iterator[FieldDifference]:
    if live == expected:
        return
    if isinstance(live, dict) and isinstance(expected, dict):
        for key in sorted({*live, *expected}):
            step = f"f:{key}"
            yield from _between(live.get(key), expected.get(key), named.get(step, {}), (*path, step))
    elif isinstance(live, list) and isinstance(expected, list):
        yield from _between_lists(live, expected, named, path)
    else:
        yield FieldDifference(path, expected, live)


def _between_lists(live: list[Any], expected: list[Any], named: Json, path: Path) -> Iterator[FieldDifference]:
    keyed = [{step_to(each, named): each for each in side} for side in (live, expected)]
    if all(
        len(by_step) == len(side) and None not in by_step for by_step, side in zip(keyed, (live, expected), strict=True)
    ):
        for step in sorted(str(step) for step in {**keyed[0], **keyed[1]}):
            yield from _between(keyed[0].get(step), keyed[1].get(step), named.get(step, {}), (*path, step))
    elif len(live) == len(expected) and any(isinstance(each, dict | list) for each in live):
        for index, (found, stated) in enumerate(zip(live, expected, strict=True)):
            yield from _between(found, stated, {}, (*path, f"i:{index}"))
    else:
        yield FieldDifference(path, expected, live)
