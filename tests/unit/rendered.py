"""The Helm values of a stack, and ways to look through them."""

from collections.abc import Iterator
from typing import Any

from telemetry.stack import Stack
from tests.support import Change, load_stack

Values = dict[str, Any]


def values_of(stack: Stack) -> dict[str, Values]:
    """Return the values of every release of traces and metrics of a stack, by chart."""
    backends = (stack.backend("traces"), stack.backend("metrics"))
    return {release.chart.name: release.values for backend in backends for release in backend.releases}


def rendered(environment: str, *changes: Change) -> dict[str, Values]:
    """Return the values of every release of a real stack file after some changes, by chart."""
    return values_of(load_stack(environment, *changes))


def leaves(node: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and value of every leaf, the members of lists among them."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if not children:
        yield path, node
    for key, value in children:
        yield from leaves(value, *path, str(key))
