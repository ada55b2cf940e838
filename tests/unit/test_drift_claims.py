"""Claims that were deleted while their pods run; the cluster is given."""

from typing import Any

import pytest

from telemetry.clients.dry_run import Cluster
from telemetry.operations.drift.claims import deleted

SET: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "ingester", "namespace": "n"},
    "spec": {"replicas": 3, "volumeClaimTemplates": [{"metadata": {"name": "storage"}}]},
}


class Server(Cluster):
    """An API server with these objects."""

    def __init__(self, *objects: dict[str, Any]) -> None:
        super().__init__(None)
        self._objects = {(each["kind"], each["metadata"]["name"]): each for each in objects}

    def live(self, manifest: dict[str, Any]) -> dict[str, Any] | None:
        return self._objects.get((manifest["kind"], manifest["metadata"]["name"]))


def claim(number: int, **metadata: str) -> dict[str, Any]:
    name = {"name": f"storage-ingester-{number}", "namespace": "n"}
    return {"kind": "PersistentVolumeClaim", "metadata": {**name, **metadata}}


def test_a_claim_that_only_its_pod_keeps_is_named_with_the_pod_that_must_not_stop() -> None:
    server = Server(SET, claim(0), claim(1, deletionTimestamp="2026-11-20T10:00:00Z"), claim(2))
    (found,) = deleted(server, SET, release="mimir")
    assert (found.part, found.subject, found.release) == (
        "object",
        "PersistentVolumeClaim n/storage-ingester-1",
        "mimir",
    )
    assert "as soon as pod ingester-1 stops" in found.note


@pytest.mark.parametrize(
    "server",
    [
        Server(SET, claim(0), claim(1), claim(2)),
        Server(SET),  # its pods have yet to be made
        Server(),
        Server({**SET, "spec": {"replicas": 0}}),
    ],
)
def test_other_claims_are_nobodys_finding(server: Cluster) -> None:
    assert list(deleted(server, SET, release=None)) == []


def test_what_has_no_pods_of_its_own_is_not_asked_for() -> None:
    assert list(deleted(Server(), {**SET, "kind": "Deployment"}, release=None)) == []
