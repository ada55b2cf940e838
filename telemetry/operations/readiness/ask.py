"""Asks the cluster of a stack which of the stack's workloads are not ready, and why."""

from dataclasses import dataclass

import urllib3
from kubernetes import client

from telemetry.clients.kubernetes import UNUSABLE, ClusterError, api_client
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
    context = stack.kubernetes.context
    try:
        objects = Objects.read(api_client(stack.kubernetes.kubeconfig_file, context), stack.namespace.name)
    except urllib3.exceptions.HTTPError as error:
        raise ClusterError(f"the API server of context {context!r} does not answer") from error
    except client.ApiException as error:
        raise ClusterError(f"the API server of context {context!r} answered {error.status}") from error
    except UNUSABLE as error:  # may quote a token
        raise ClusterError(f"context {context!r} cannot be used: log in to the cluster") from error
    ours = {each.name for each in releases_of(stack)}
    found = [each for each in unready(objects) if each.release in ours or _is_gateway(stack, each)]
    return Readiness(tuple(found), objects.hidden)


def _is_gateway(stack: Stack, found: Unready) -> bool:
    return stack.gateway is not None and found.release is None and found.name == SERVICE
