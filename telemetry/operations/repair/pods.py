"""The workloads of a stack's releases that are not ready, and the pods among them that only a deletion sets free."""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from telemetry.clients.kubernetes import ClusterError, cluster_errors, connect, delete
from telemetry.operations.readiness.ask import ask
from telemetry.operations.readiness.why import Unready
from telemetry.operations.repair.errors import RepairError
from telemetry.stack import Stack

_QUIET_LOOKS, _LOOKS, _PAUSE_SECONDS = 3, 20, 1.0
"""How often one looks for a StatefulSet to have seen its new template, and when nothing more is to be expected."""


@dataclass(frozen=True)
class Pods:
    """The pods of a stack."""

    stack: Stack

    def unready(self) -> tuple[Unready, ...]:
        """Return the workloads that are not ready.

        Raises:
            RepairError: the cluster cannot be asked, or does not show all: what is not seen would pass for ready.
        """
        try:
            found = ask(self.stack)
        except ClusterError as error:
            raise RepairError(str(error)) from error
        if found.unseen:
            raise RepairError(
                f"whether the workloads of a failed release are ready cannot be seen: you may not list "
                f"{', '.join(found.unseen)} in {self.stack.namespace.name}; have somebody grant you that"
            )
        return found.unready

    def unstick(self, releases: Collection[str]) -> Iterator[str]:
        """Delete the pods that ordered StatefulSets will never replace by themselves, and yield their names.

        Raises:
            RepairError: the cluster does not answer, or refuses.
        """
        quiet = 0
        for look in range(_LOOKS):
            stuck = [pod for each in self.unready() if each.release in releases for pod in each.stuck]
            quiet = 0 if stuck else quiet + 1
            for pod in stuck:
                self._delete(pod)
                yield pod
            if quiet == _QUIET_LOOKS or look + 1 == _LOOKS:
                return
            time.sleep(_PAUSE_SECONDS)

    def _delete(self, pod: str) -> None:
        cluster, path = self.stack.kubernetes, f"/api/v1/namespaces/{self.stack.namespace.name}/pods/{pod}"
        try:
            api = connect(cluster)
            with cluster_errors(cluster.context):
                delete(api, path)
        except ClusterError as error:
            raise RepairError(f"pod {pod} cannot be deleted: {error}") from error
