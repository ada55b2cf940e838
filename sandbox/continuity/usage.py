"""What pods use of memory and CPU, as their kubelets measure it, against what they ask for."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes import client

from sandbox.continuity import pods
from sandbox.continuity.pods import EVERY_SECONDS, Use
from sandbox.continuity.run import written
from sandbox.continuity.site import Site
from telemetry.config.quantities import parse_bytes, parse_cpu

_SAMPLES = 3
_SETTLED_SECONDS = 60


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
    with written(site, _SETTLED_SECONDS):
        loaded = used(api, namespace)
    asked = {role: _requests(pod) for pod in pods.real(site).values() if (role := pods.role(pod)) in idle}
    return [Measured(role, asked[role], idle[role], loaded.get(role, idle[role])) for role in sorted(asked)]


def used(api: client.ApiClient, namespace: str) -> dict[str, Use]:
    """Return what the hungriest pod of each role uses: the mean of its CPU and the most memory over half a minute."""
    seen: dict[str, list[Use]] = {}
    for _ in range(_SAMPLES):
        time.sleep(EVERY_SECONDS)
        for life in pods.now(api, namespace):
            seen.setdefault(life.pod, []).append(life.use)
    roles: dict[str, Use] = {}
    for name, pod in pods.listed(api, namespace).items():
        if uses := seen.get(name):
            mean = Use(sum(use.cpu for use in uses) / len(uses), max(use.memory for use in uses))
            role = pods.role(pod)
            before = roles.get(role, mean)
            roles[role] = Use(max(before.cpu, mean.cpu), max(before.memory, mean.memory))
    return roles


def _requests(pod: Mapping[str, Any]) -> Use:
    requests = [each.get("resources", {}).get("requests") or {} for each in pod["spec"]["containers"]]
    cpu = sum(parse_cpu(each["cpu"]) for each in requests if "cpu" in each)
    return Use(cpu, sum(parse_bytes(each["memory"]) for each in requests if "memory" in each))
