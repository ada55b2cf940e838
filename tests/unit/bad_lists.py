"""Lists that have an item twice (see tests/unit/bad_inputs.py)."""

from typing import Any

from tests.support import all_of, put
from tests.unit.bad_inputs import Bad

_TEXTS: dict[str, tuple[str, list[Any]]] = {
    "addresses": ("security.clients.cidrs", ["10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8"]),
    "ports": ("security.alert_receivers.ports", [443, 587, 443]),
    "namespaces": ("security.clients.namespaces", [{"a": "1", "b": "2"}, {}, {"b": "2", "a": "1"}]),
    "logins to registries": ("images.pull_secrets", ["a", "b", "a"]),
    "topology keys of a role": ("metrics.roles.querier.placement.spread_over", ["r", "s", "r"]),
    "families of addresses": ("kubernetes.ip_families", ["IPv4", "IPv4"]),
}
_RECEIVERS = put("alerting", {"receivers": [{"name": "a", "webhook": {"url": "https://a.example"}}], "receiver": "a"})


def _twice(id_: str, path: str, items: list[Any]) -> Bad:
    at = f"{path}.{len(items) - 1}"
    return Bad(f"twice in {id_}", put(path, items), at, "is in the list already, at 0", "remove one of the two")


_GROUPED = _twice("labels of alerts", "alerting.group_by", ["alertname", "tenant", "alertname"])
LISTS = [
    *(_twice(id_, path, items) for id_, (path, items) in _TEXTS.items()),
    _GROUPED._replace(change=all_of(_RECEIVERS, _GROUPED.change)),
]
