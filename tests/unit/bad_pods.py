"""Bad settings of one role's pods, and of the quota that is set (see tests/unit/bad_inputs.py)."""

from typing import Any

from tests.support import all_of, drop, put
from tests.unit.bad_inputs import Bad, at

ROLE = "metrics.roles.querier"


def _requirement(**given: Any) -> Any:
    return put(f"{ROLE}.placement.affinity.nodes.required", [{"requirements": [{"key": "a", **given}]}])


_AT = f"{ROLE}.placement.affinity.nodes.required.0.requirements.0"

PODS = [
    at("a class without a claim", f"{ROLE}.placement.storage_class", "fast", "no volume claim", "remove it"),
    at("an empty selector", f"{ROLE}.placement.node_selector", {}, "is empty", "set it with"),
    at("a grace that is none", f"{ROLE}.termination_grace", "0s", "duration", "such as"),
    at("a grace of days", f"{ROLE}.termination_grace", "2d", "86400", "correct it"),
    at("a grace of Tempo's single binary", "traces.roles.all.termination_grace", "2m", "has no key", "remove it"),
    at("a bandwidth in bytes", f"{ROLE}.bandwidth.egress", "10MB", "must match", "must match"),
    Bad("nodes in nothing", _requirement(), f"{_AT}.values", "is empty", "add them"),
    Bad("nodes that exist in", _requirement(operator="Exists", values=["b"]), f"{_AT}.values", "no meaning", "remove"),
    Bad(
        "nodes above a word", _requirement(operator="Gt", values=["b"]), f"{_AT}.values", "one whole number", "correct"
    ),
    Bad(
        "a quota to set that is none",
        all_of(put("namespace.set_quota", True), drop("namespace.quota")),
        "namespace.quota",
        "set_quota makes one of it",
        "add quota",
    ),
    Bad(
        "a quota to set in a namespace of ours",
        all_of(put("namespace.set_quota", True), put("namespace.create", True)),
        "namespace.set_quota",
        "goes without saying",
        "remove it",
    ),
]
