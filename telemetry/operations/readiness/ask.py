"""Asks the cluster of a stack which of the stack's workloads are not ready, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3
from kubernetes import client

from telemetry.clients.kubernetes import call, cluster_errors, connect
from telemetry.gateway.addresses import SERVICE
from telemetry.operations.readiness.objects import WORKLOADS, Object, Objects
from telemetry.operations.readiness.why import Log, Unready, release_of, unready
from telemetry.redaction import Redactor
from telemetry.releases import releases_of
from telemetry.stack import Stack

_LAST_LINES = 5
_OK = 200


@dataclass(frozen=True)
class Readiness:
    """What the cluster says of a stack's workloads."""

    unready: tuple[Unready, ...]
    workloads: int
    """How many the stack has, ready or not."""
    hidden: tuple[str, ...] = ()
    """Kinds that we may not see."""
    said: Mapping[Log, tuple[str, ...]] = field(default_factory=dict)
    """The last lines of logs, without what looks like a secret."""

    @property
    def unseen(self) -> tuple[str, ...]:
        """The kinds of workloads that we may not see: nobody can say that these are ready."""
        return tuple(kind for kind in WORKLOADS if kind in self.hidden)


def ask(stack: Stack) -> Readiness:
    """Return the workloads of a stack that are not ready.

    Raises:
        ClusterError: no cluster answers, or it refuses us.
    """
    api = connect(stack.kubernetes)
    releases = {each.name for each in releases_of(stack)}
    with cluster_errors(stack.kubernetes.context):
        objects = Objects.read(api, stack.namespace.name)
        ours = [each for each in objects.workloads() if release_of(each) in releases or _is_gateway(stack, each)]
        found = unready(objects, ours)
        said = {log: _last_lines(api, stack.namespace.name, log) for each in found for log in each.logs}
    return Readiness(found, len(ours), objects.hidden, said)


def _last_lines(api: client.ApiClient, namespace: str, log: Log) -> tuple[str, ...]:
    """Return the end of a log; nothing where we may not read it, or its kubelet does not answer."""
    query = {"container": log.container, "tailLines": str(_LAST_LINES), "previous": str(log.before).lower()}
    try:
        answer = call(api, "GET", f"/api/v1/namespaces/{namespace}/pods/{log.pod}/log", query=query)
    except urllib3.exceptions.HTTPError:
        return ()
    text = answer.body.decode(errors="replace") if answer.status == _OK else ""
    return tuple(Redactor().message(line) for line in text.splitlines())


def _is_gateway(stack: Stack, workload: Object) -> bool:
    return stack.gateway is not None and release_of(workload) is None and workload["metadata"]["name"] == SERVICE
