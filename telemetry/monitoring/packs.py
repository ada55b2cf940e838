"""Whether rules of the user's own can stand beside the program's."""

from collections.abc import Iterator
from typing import Any

from telemetry.monitoring.rules import families_of, group_of, object_name
from telemetry.stack import Stack

_LONGEST_NAME = 253
"""Characters of an object's name (Kubernetes)."""
_OURS = "the program's"


def refusals(stack: Stack) -> Iterator[str]:
    """Yield which groups and rules of packs have a name that is taken."""
    families = families_of(stack)
    groups = {object_name(group_of(family, stack)): _OURS for family in families}
    rules: dict[Any, str] = {rule.name: _OURS for family in families for rule in family.rules}
    for index, pack in enumerate(stack.monitoring.rule_packs):
        key = f"telemetry:monitoring.rule_packs.{index}"
        for path, group in pack.groups:
            name = object_name(group)
            if not 0 < len(name) <= _LONGEST_NAME:
                yield f"{key}.path: {path}: the group {group['name']!r} can be no object's name; change it"
            if name in groups:
                whose = groups[name]
                yield f"{key}.path: {path}: the group {group['name']!r} is called as one of {whose} is; change its name"
            groups[name] = path
            yield from _of_rules(key, path, group["rules"], rules)


def _of_rules(key: str, path: str, found: list[dict[str, Any]], taken: dict[Any, str]) -> Iterator[str]:
    """Yield rules with the name of one of ours, series that are recorded twice, and alerts that are there twice.

    An alert may have several expressions, as some of Loki's own have.
    """
    for rule in found:
        name = rule.get("alert") or rule["record"]
        same = (name, tuple(sorted(rule.get("labels", {}).items())), rule["expr"] if "alert" in rule else None)
        if (whose := taken.get(name) or taken.get(same)) is not None:
            yield f"{key}.without: lacks {name}, which {path} has, and {whose} rules too; add it"
        taken[same] = f"{path}'s"
