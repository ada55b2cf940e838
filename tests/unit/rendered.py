"""The Helm values of a stack, and ways to look through them."""

from collections.abc import Iterator
from typing import Any

from telemetry.backends.mimir import values as mimir
from telemetry.backends.tempo import values_distributed as tempo_distributed
from telemetry.backends.tempo import values_monolithic as tempo
from telemetry.stack import Stack
from tests.support import Change, load_stack

Values = dict[str, Any]

PUSH_URL = "http://mimir-gateway.ca7f8f-dev.svc/api/v1/push"
_TEMPO = {"tempo": tempo.values, "tempo-distributed": tempo_distributed.values}


def values_of(stack: Stack) -> dict[str, Values]:
    """Return the values of every release of a stack, by chart."""
    tempos: dict[str, Values] = {
        shape.chart.name: _TEMPO[shape.chart.name](stack, shape, secret_name="tempo-s3", remote_write_url=PUSH_URL)
        for shape in stack.traces.shapes
    }
    return {**tempos, "mimir-distributed": mimir.values(stack, secret_name="mimir-s3")}


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
