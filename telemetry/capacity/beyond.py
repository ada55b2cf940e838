"""What values that are laid over the charts add to what settings tell: sidecars, and workloads of their own."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from telemetry.capacity.figures import Scenario, report
from telemetry.capacity.footprint import Footprint, of_stack
from telemetry.capacity.pod_requests import UncountableError, footprint
from telemetry.config.amounts import RESOURCES, readable
from telemetry.releases import overlays
from telemetry.stack import Stack


def check(stack: Stack, objects: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what rendered objects ask for beyond the settings' figures, and where the quota has no room for that.

    Args:
        stack: its settings.
        objects: all that there will be, Helm's releases rendered.
    """
    if not overlays(stack):
        return  # what settings tell is all there is (tests/sandbox/test_exact_capacity.py)
    nodes = stack.collector_role.replicas if stack.collector_role else None
    try:
        found = footprint(objects, at_most=True, nodes=nodes)
    except UncountableError as error:
        yield f"what the values that are laid over the charts add cannot be counted: {error}"
        return
    more = found - of_stack(stack, at_most=True)
    if not any(_added(more)):
        return
    yield (
        f"values that are laid over the charts add {', '.join(_added(more))} to what the settings tell, and no figure "
        "of capacity has that in it; keep the room in namespace.used"
    )
    for line in report(stack).lines:
        required = line.required(Scenario.AT_MAXIMUM) + max(0, getattr(more, line.resource))
        if line.quota is not None and required > line.quota:
            needs, has = (readable(line.resource, amount) for amount in (required, line.quota))
            yield f"with them requests.{line.resource} needs {needs} of {has}"


def _added(more: Footprint) -> Iterator[str]:
    for resource in RESOURCES:
        if (amount := getattr(more, resource)) > 0:
            yield f"{readable(resource, amount)} of {resource}"
    if more.pods > 0:
        yield f"{more.pods} pod{'' if more.pods == 1 else 's'}"
