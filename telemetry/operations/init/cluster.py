"""What a cluster shows of itself, so that less has to be asked; what it does not show is none of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import urllib3
from kubernetes import client
from kubernetes.utils.quantity import parse_quantity

from telemetry.clients.kubernetes import METADATA_LIST, ClusterError, connect, get
from telemetry.config.connections import Kubernetes
from telemetry.config.quantities import bytes_text, cpu_text
from telemetry.monitoring.operator import GROUP, VERSION

_OPENSHIFT = "project.openshift.io"
_PROJECTS = f"/apis/{_OPENSHIFT}/v1/projects"
_COUNTED = {"cpu": ("requests.cpu", "cpu"), "memory": ("requests.memory", "memory"), "storage": ("requests.storage",)}
"""What a ResourceQuota calls the resources that a stack's quota has."""
_HELMS = "sh.helm.release."
_MIB = 2**20


@dataclass(frozen=True)
class Cluster:
    """The cluster of a context, asked for what its user may list."""

    settings: Kubernetes
    _known: dict[str, Mapping[str, Any]] = field(default_factory=dict, compare=False)
    """Answers by path: several questions depend on one, and who does not answer is waited for once."""

    @property
    def platform(self) -> str | None:
        """What it is, as `kubernetes.platform` calls it; None where it does not answer."""
        groups = {str(each["name"]) for each in self._listed("/apis", "groups")}
        return None if not groups else "openshift" if _OPENSHIFT in groups else "kubernetes"

    @cached_property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that its user may see; on OpenShift, where few may list all, their own projects."""
        found = self._listed("/api/v1/namespaces") or self._listed(_PROJECTS)
        return tuple(sorted(str(each["metadata"]["name"]) for each in found))

    def allowed(self, namespace: str) -> Mapping[str, str]:
        """Return CPU, memory and storage of a namespace's quotas, the least of several; nothing unless all three count.

        As settings write them, rounded down.
        """
        found = self._amounts(namespace, "hard")
        return {resource: _text(resource, min(each)) for resource, each in found.items()} if all(found.values()) else {}

    def used(self, namespace: str) -> Mapping[str, str]:
        """Return what is used of these, rounded up; nothing where nothing is."""
        most = {resource: max(each, default=Decimal()) for resource, each in self._amounts(namespace, "used").items()}
        return (
            {resource: _text(resource, each, up=True) for resource, each in most.items()} if any(most.values()) else {}
        )

    def _amounts(self, namespace: str, part: Literal["hard", "used"]) -> dict[str, list[Decimal]]:
        """Return what quotas of all pods say of each resource, in cores or bytes."""
        quotas = self._listed(f"/api/v1/namespaces/{namespace}/resourcequotas")
        of_all = (each for each in quotas if not {"scopes", "scopeSelector"} & (each.get("spec") or {}).keys())
        counts = [(each.get("status") or {}).get(part) or {} for each in of_all]
        return {
            resource: [parse_quantity(each[name]) for each in counts for name in names if name in each]
            for resource, names in _COUNTED.items()
        }

    def services(self, port: int) -> tuple[tuple[str, str], ...]:
        """Return name and namespace of the Services with a port, as far as its user may list them."""
        found = self._listed("/api/v1/services")
        return tuple(
            (str(each["metadata"]["name"]), str(each["metadata"]["namespace"]))
            for each in found
            if any(one.get("port") == port for one in each["spec"].get("ports") or ())
        )

    def secrets(self, namespace: str) -> tuple[str, ...]:
        """Return the names of a namespace's Secrets but Helm's own; what is in them does not even reach us."""
        found = self._listed(f"/api/v1/namespaces/{namespace}/secrets")
        names = (str(each["metadata"]["name"]) for each in found)
        return tuple(sorted(name for name in names if not name.startswith(_HELMS)))

    @property
    def operator_kinds(self) -> frozenset[str]:
        """The kinds of the Prometheus operator that it has."""
        return frozenset(str(each["kind"]) for each in self._listed(f"/apis/{GROUP}/{VERSION}", "resources"))

    def _listed(self, path: str, key: str = "items") -> Sequence[Mapping[str, Any]]:
        if path not in self._known:
            self._known[path] = self._asked(path)
        return self._known[path].get(key) or ()

    def _asked(self, path: str) -> Mapping[str, Any]:
        try:
            return {} if self._api is None else get(self._api, path, accept=_accepted(path))
        except (client.ApiException, urllib3.exceptions.HTTPError, ValueError):  # or something else answers
            return {}

    @cached_property
    def _api(self) -> client.ApiClient | None:
        try:
            return connect(self.settings)
        except ClusterError:
            return None


def _accepted(path: str) -> str:
    """Return the form of an answer: of Secrets nothing but what they are called."""
    return METADATA_LIST if path.endswith("/secrets") else "application/json"


def _text(resource: str, amount: Decimal, *, up: bool = False) -> str:
    """Return an amount as settings write it; a setting is never nothing."""
    unit = Decimal("0.001") if resource == "cpu" else Decimal(_MIB)
    count = max(math.ceil(amount / unit) if up else math.floor(amount / unit), 1)
    return cpu_text(count) if resource == "cpu" else bytes_text(count * _MIB)
