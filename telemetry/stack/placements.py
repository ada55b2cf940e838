"""Where the pods of a stack may run, and whether its collector runs there too."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telemetry.config.base import SettingError
from telemetry.config.collector import Collector
from telemetry.config.placement import Placement, Toleration

if TYPE_CHECKING:
    from telemetry.stack.model import Stack

_OF_EVERY_DAEMON_SET = "node.kubernetes.io/"
"""Taints that every DaemonSet tolerates by itself.

https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/#taints-and-tolerations
"""


@dataclass(frozen=True)
class Placed:
    """Where some of a stack's pods may run."""

    key: str
    """Where that stands in the settings."""
    placement: Placement
    replicas: tuple[int, ...]
    """Of each of its roles, the most that there may be."""


def placed_of(stack: "Stack") -> Iterator[Placed]:
    """Yield where backends and gateway may run."""
    for backend in stack.backends:
        key, placement = f"telemetry:{backend.signal}", backend.settings.placement
        roles = [(name, role) for each in backend.releases for name, role in each.roles.items()]
        common = tuple(role.max_replicas for _, role in roles if role.placement is None)
        yield Placed(f"{key}.placement", placement, common)
        for name, role in roles:
            if role.placement is not None:
                yield Placed(f"{key}.roles.{name}.placement", placement.of(role.placement), (role.max_replicas,))
    if stack.traces.moving_from is not None:
        yield Placed("telemetry:traces.moving_from.placement", stack.traces.moving_from.placement, ())
    if stack.gateway is not None and stack.gateway_role is not None:
        yield Placed("telemetry:gateway.placement", stack.gateway.placement, (stack.gateway_role.max_replicas,))


def check(stack: "Stack") -> None:
    """Refuse a collector that scrapes pods of its own node, and is not on each node that they may be on (SettingError).

    Nobody would see that they are not scraped: others of their kind are.
    """
    collector = stack.collector
    if collector is None or not (collector.deploys and stack.collector_scrapes):
        return
    for each in placed_of(stack):
        if lacking := collector.node_selector.items() - each.placement.node_selector.items():
            name, value = min(lacking)
            raise SettingError(
                f"collector.node_selector.{name}",
                f"is {value}, and by {each.key} pods may be on nodes without that label, where nothing would scrape "
                "them; remove it, or add it there",
            )
        for number, taint in enumerate(each.placement.tolerations):
            if not _is_tolerated(taint, collector):
                raise SettingError(
                    "collector.tolerations",
                    f"lack {each.key}.tolerations.{number}, so on nodes with that taint nothing would scrape the pods "
                    "that tolerate it; add it",
                )


def _is_tolerated(taint: Toleration, collector: Collector) -> bool:
    """Whether the collector is on nodes that pods are on by a toleration."""
    if taint.effect == "PreferNoSchedule" or (taint.key or "").startswith(_OF_EVERY_DAEMON_SET):
        return True
    return any(_covers(each, taint) for each in collector.tolerations)


def _covers(wide: Toleration, narrow: Toleration) -> bool:
    """Whether one toleration is for all taints that another is for."""
    key = wide.key in (None, narrow.key)
    value = wide.operator == "Exists" or (narrow.operator, narrow.value) == (wide.operator, wide.value)
    return key and value and wide.effect in (None, narrow.effect)
