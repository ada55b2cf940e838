"""What a ResourceQuota counts: CPU, memory and storage, which have names here, all else by Kubernetes' own."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from telemetry.config.base import SettingError, did_you_mean
from telemetry.config.quantities import bytes_text, cpu_text, parse_bytes, parse_cpu
from telemetry.config.resources import Resources

Unit = Literal["cpu", "bytes", "count"]

_OWN_KEYS = {
    "cpu": "cpu",
    "requests.cpu": "cpu",
    "memory": "memory",
    "requests.memory": "memory",
    "requests.storage": "storage",
}
"""What has a key of its own beside `counted`."""
_NAMES = (
    "limits.cpu",
    "limits.memory",
    "ephemeral-storage",
    "requests.ephemeral-storage",
    "limits.ephemeral-storage",
    "pods",
    "persistentvolumeclaims",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "secrets",
    "configmaps",
    "replicationcontrollers",
    "resourcequotas",
)
_OF_CLASS = re.compile(r"[a-z0-9.-]+\.storageclass\.storage\.k8s\.io/(requests\.storage|persistentvolumeclaims)")
_OTHERS = re.compile(r"count/[a-z0-9.-]+|(requests\.)?hugepages-[0-9A-Za-z]+|requests\.[a-z0-9.-]+/[a-z0-9.-]+")
"""Objects of any kind, and what nodes offer besides (Kubernetes, 'Resource Quotas')."""


def unit_of(name: str) -> Unit:
    """Return what a resource is counted in."""
    if name.endswith("cpu"):
        return "cpu"
    return "bytes" if name.endswith(("memory", "storage")) or "hugepages-" in name else "count"


def amount(name: str, value: object) -> int:
    """Return an amount as a whole number of millicores, bytes or things (ValueError says what is allowed)."""
    if str(value) == "0":
        return 0
    match unit_of(name):
        case "cpu":
            return parse_cpu(value)
        case "bytes":
            return parse_bytes(value)
        case _:
            if isinstance(value, bool) or not str(value).isdecimal():
                raise ValueError("not a number of things; write a whole number such as 20")
            return int(str(value))


def text(name: str, value: int) -> str:
    """Return an amount as Kubernetes writes it."""
    if value == 0 or unit_of(name) == "count":
        return str(value)
    return cpu_text(value) if unit_of(name) == "cpu" else bytes_text(value)


def _counted(given: object) -> object:
    if not isinstance(given, Mapping):
        return given
    return {name: _one(str(name), value) for name, value in given.items()}


def _one(name: str, value: object) -> int:
    if name in _OWN_KEYS:
        raise SettingError(name, f"has a key of its own; write it as {_OWN_KEYS[name]} beside counted")
    if name not in _NAMES and not _OF_CLASS.fullmatch(name) and not _OTHERS.fullmatch(name):
        hint = did_you_mean(name, _NAMES)
        raise SettingError(
            name, f"is nothing that a ResourceQuota counts{hint}; kubectl describe quota lists its names"
        )
    try:
        return amount(name, value)
    except ValueError as error:
        raise SettingError(name, str(error)) from error


_Counted = Annotated[dict[str, int], BeforeValidator(_counted, json_schema_input_type=dict[str, str | float])]


class Quota(Resources):
    """What a namespace's ResourceQuota allows, or what is used of it."""

    counted: _Counted = Field(
        default_factory=dict,
        description="All else that it counts, by Kubernetes' own names, such as `limits.memory: 40Gi`, `pods: 50`, "
        "`persistentvolumeclaims: 12`, `gold.storageclass.storage.k8s.io/requests.storage: 0` or "
        "`count/deployments.apps: 20` (kubectl describe quota).",
    )

    @property
    def hard(self) -> dict[str, str]:
        """All of it in Kubernetes' own terms (`spec.hard`)."""
        return {
            "requests.cpu": cpu_text(self.cpu),
            "requests.memory": bytes_text(self.memory),
            "requests.storage": bytes_text(self.storage),
            **{name: text(name, amount) for name, amount in self.counted.items()},
        }
