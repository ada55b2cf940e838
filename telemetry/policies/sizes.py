"""Rules about what containers ask for and may use (R30 to R32)."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from telemetry.config.quantities import bytes_text, cpu_text, parse_bytes, parse_cpu
from telemetry.config.roles import Role
from telemetry.engine.preview import UNKNOWN
from telemetry.gateway.addresses import SERVICE
from telemetry.policies.model import Breach, World
from telemetry.policies.pods import Container, containers
from telemetry.releases import releases_of
from telemetry.stack import Stack

_COMPONENT = "app.kubernetes.io/component"
_NOTHING = re.compile(r"[+-]?[0.]*([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?")
"""Every spelling of 0 that Kubernetes takes for a quantity (resource.Quantity)."""
_ALL = "all"
"""The role of a binary that is all roles at once, whose pods may have no component."""


def cpu_limits_as_stated(world: World) -> Iterator[Breach]:
    """Yield CPU limits that are not their role's, and containers without one where the policy wants one in each."""
    return _limits(
        world, "cpu", _millicores, cpu_text, lambda role: role.cpu_limit, all_=world.stack.policy.limits_all_cpu
    )


def memory_limits_as_stated(world: World) -> Iterator[Breach]:
    """Yield memory limits that are not their role's, and containers without one where the policy wants one in each."""
    everywhere = world.stack.policy.limits_all_memory
    return _limits(world, "memory", _bytes, bytes_text, lambda role: role.memory_limit, all_=everywhere)


def _limits(
    world: World,
    resource: str,
    read: Callable[[object], int | None],
    text: Callable[[int], str],
    of: Callable[[Role], int | None],
    *,
    all_: bool,
) -> Iterator[Breach]:
    roles = _roles(world.stack)
    for each in containers(world):
        limit = _asked(each, "limits", resource)
        if limit == UNKNOWN or (limit is None and (not all_ or each.path.startswith("ephemeralContainers"))):
            continue
        role = _role(each, roles)
        allowed = of(role) if role is not None else None
        if allowed is None or limit is None or read(limit) != allowed:
            what = text(allowed) if allowed is not None else "none for this role"
            yield each.breach(f"resources.limits.{resource}", "not set" if limit is None else str(limit), what)


def requests_everywhere(world: World) -> Iterator[Breach]:
    """Yield containers without a request of CPU or memory, or with one of nothing."""
    for each in containers(world):
        if each.path.startswith("ephemeralContainers"):
            continue  # the API allows them none
        for resource in ("cpu", "memory"):
            request = _asked(each, "requests", resource)
            if request is None or _NOTHING.fullmatch(str(request)):
                yield each.breach(f"resources.requests.{resource}", "not set" if request is None else str(request))


def _asked(container: Container, what: str, resource: str) -> Any:
    return ((container.spec.get("resources") or {}).get(what) or {}).get(resource)


def _millicores(quantity: object) -> int | None:
    """Return CPU in millicores; None if the settings would not write it so."""
    try:
        return parse_cpu(quantity)
    except ValueError:
        return None


def _bytes(quantity: object) -> int | None:
    """Return a size in bytes; None if the settings would not write it so."""
    try:
        return quantity if isinstance(quantity, int) else parse_bytes(quantity)
    except ValueError:
        return int(quantity) if isinstance(quantity, str) and quantity.isdecimal() else None


def _roles(stack: Stack) -> Mapping[tuple[str, str], Role]:
    """Return the roles of a stack by release and component, or by release and container where pods have several."""
    found: dict[tuple[str, str], Role] = {}
    for release in releases_of(stack):
        found |= {(release.name, name): role for name, role in release.roles.items()}
        found |= {
            (release.name, component): release.roles[name]
            for component, name in release.components.items()
            if name in release.roles
        }
        found |= {(release.name, name): role for name, role in release.containers.items()}
    return found if stack.gateway_role is None else {**found, ("", SERVICE): stack.gateway_role}


def _role(container: Container, roles: Mapping[tuple[str, str], Role]) -> Role | None:
    manifest = container.pod.of
    component = str(container.pod.labels.get(_COMPONENT, _ALL) if manifest.release else manifest.name)
    return roles.get((manifest.release, component)) or roles.get((manifest.release, str(container.spec.get("name"))))
