"""Tempo moves to distributed and back on the real engine: nothing is lost, and ingest is never closed."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
from kubernetes import client

from telemetry.backends.tempo.roles import TEMPO_ROLES
from tests.sandbox.deployment import Deployment

pytestmark = pytest.mark.sandbox

BUCKET, BLOCK = "dts-traces-dev-blocks", "single-tenant/block/data.parquet"
SINGLE = {"chart": {"name": "tempo", "version": "2.2.4", "repository": None, "reference": "./sandbox/charts/tempo"}}
DISTRIBUTED = {
    "topology": "distributed",
    "chart": {
        "name": "tempo-distributed",
        "version": "2.26.2",
        "repository": None,
        "reference": "./sandbox/charts/tempo-distributed",
    },
    "replication_factor": 3,
    "roles": {"ingester": {"replicas": 3}, "distributor": {"replicas": 2}, "querier": {"replicas": 2}},
}
INGESTERS = {f"data-tempo-distributed-ingester-{index}" for index in range(3)}
POLICIES = [f"tempo-distributed-{role}" for role in TEMPO_ROLES]
"""Of the distributed roles; that of the single binary bears the name of its release."""
TURNED = {"traces-ingest": "update", "traces-query": "update"}


def shaped(**traces: Any) -> Callable[[dict[str, Any]], None]:
    """Return an edit that gives Tempo another shape and leaves the rest of its settings."""

    def edit(config: dict[str, Any]) -> None:
        kept = {key: value for key, value in config["telemetry:traces"].items() if key == "retention"}
        room = {"cpu": "8", "memory": "32Gi", "storage": "64Gi"}
        config["telemetry:namespace"]["quota"] = room
        config["telemetry:traces"] = {**kept, **traces}

    return edit


@pytest.fixture(scope="module")
def single(dev: Deployment) -> Iterator[Deployment]:
    """The dev stack with room for both shapes, as a single binary with a block in its bucket."""
    with dev.edited(shaped(**SINGLE)):
        dev.up()
        dev.s3.put_object(Bucket=BUCKET, Key=BLOCK, Body=b"spans")
        yield dev


def test_tempo_moves_to_distributed_and_back_without_loss_and_without_a_gap(single: Deployment) -> None:
    wal = claims(single)["storage-tempo-0"]

    with single.edited(shaped(**DISTRIBUTED, moving_from=SINGLE)):
        made = {"tempo-distributed": "create", **TURNED, **dict.fromkeys(POLICIES, "create")}
        assert moves(single, made) == {"tempo", "tempo-distributed"}
        assert "tempo-0" in single.pods()
        assert behind(single, "traces-ingest") == pods_of(single, "distributor")
        assert behind(single, "traces-query") == pods_of(single, "query-frontend")
        ingesters = {name: uid for name, uid in claims(single).items() if name in INGESTERS}
        assert ingesters.keys() == INGESTERS

    with single.edited(shaped(**DISTRIBUTED)):
        assert moves(single, {"tempo": "delete"}) == {"tempo-distributed"}
        assert single.changes() == {}

    # Back in one step: the old release goes in the same run, but last.
    with single.edited(shaped(**SINGLE)):
        gone = dict.fromkeys(["tempo-distributed", *POLICIES], "delete")
        assert moves(single, {"tempo": "create", **TURNED, **gone}) == {"tempo"}
        assert behind(single, "traces-ingest") == behind(single, "traces-query") == {"tempo-0"}

    left = claims(single)
    assert left["storage-tempo-0"] == wal, "the single binary's volume was deleted or made anew"
    assert ingesters.items() <= left.items(), "an ingester's volume was deleted or made anew"


def moves(deployment: Deployment, changes: dict[str, str]) -> set[str]:
    """Deploy, and return Tempo's releases afterwards.

    Fails if anything else was changed, ingest was closed or the block is gone.
    """
    with always_ready(deployment, "traces-ingest") as gaps:
        assert deployment.changed_by_up() == changes
    assert gaps == [], f"OTLP ingest had no ready endpoint during {changes}"
    assert deployment.s3.get_object(Bucket=BUCKET, Key=BLOCK)["Body"].read() == b"spans"
    releases = deployment.releases()
    assert set(releases.values()) == {"deployed"}
    return releases.keys() - {"mimir"}


@contextmanager
def always_ready(deployment: Deployment, service: str) -> Iterator[list[float]]:
    """Watch a Service through a block, and yield the times at which no ready pod was behind it."""
    gaps: list[float] = []
    looks = 0
    done = Event()

    def look() -> None:
        nonlocal looks
        while not done.wait(0.05):
            if not behind(deployment, service):
                gaps.append(time.monotonic())
            looks += 1

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield gaps
    finally:
        done.set()
        watcher.join()
    assert looks > 10, "the Service was hardly looked at"


def behind(deployment: Deployment, service: str) -> set[str]:
    """Return the ready pods behind a Service, as the cluster's own endpoint slices have them."""
    slices = client.DiscoveryV1Api(deployment.core.api_client).list_namespaced_endpoint_slice(
        deployment.namespace, label_selector=f"kubernetes.io/service-name={service}"
    )
    return {
        endpoint.target_ref.name
        for each in slices.items
        for endpoint in each.endpoints or []
        if endpoint.conditions.ready
    }


def pods_of(deployment: Deployment, role: str) -> set[str]:
    """Return the pods of a role of the distributed Tempo."""
    labels = f"app.kubernetes.io/instance=tempo-distributed,app.kubernetes.io/component={role}"
    listed = deployment.core.list_namespaced_pod(deployment.namespace, label_selector=labels).items
    return {pod.metadata.name for pod in listed}


def claims(deployment: Deployment) -> dict[str, str]:
    """Return the volume claims that are there, and the identity of each."""
    listed = deployment.core.list_namespaced_persistent_volume_claim(deployment.namespace).items
    return {claim.metadata.name: claim.metadata.uid for claim in listed if not claim.metadata.deletion_timestamp}
