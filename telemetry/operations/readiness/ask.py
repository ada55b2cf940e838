"""Asks the cluster of a stack which of the stack's workloads are not ready, and why."""

from dataclasses import dataclass

from telemetry.clients.kubernetes import cluster_errors, connect
from telemetry.gateway.addresses import SERVICE
from telemetry.operations.readiness.objects import Objects
from telemetry.operations.readiness.why import Unready, unready
from telemetry.releases import releases_of
from telemetry.stack import Stack


@dataclass(frozen=True)
class Readiness:
    """What the cluster says of a stack's workloads."""

    unready: tuple[Unready, ...]
    hidden: tuple[str, ...] = ()
    """Kinds that we may not see."""


def ask(stack: Stack) -> Readiness:
    """Return the workloads of a stack that are not ready.

    Raises:
        ClusterError: no cluster answers, or it refuses us.
    """
    api = connect(stack.kubernetes)
    with cluster_errors(stack.kubernetes.context):
        objects = Objects.read(api, stack.namespace.name)
    ours = {each.name for each in releases_of(stack)}
    found = [each for each in unready(objects) if each.release in ours or _is_gateway(stack, each)]
    return Readiness(tuple(found), objects.hidden)


def _is_gateway(stack: Stack, found: Unready) -> bool:
    return stack.gateway is not None and found.release is None and found.name == SERVICE
