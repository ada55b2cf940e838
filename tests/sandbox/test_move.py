"""Tempo moves to distributed and back on the real engine: nothing is lost, and ingest is never closed."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest
from kubernetes import client, watch

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
    with always_ready(deployment, "traces-ingest") as states:
        assert deployment.changed_by_up() == changes
    assert all(states), f"OTLP ingest had no ready endpoint during {changes}: {states}"
    assert deployment.s3.get_object(Bucket=BUCKET, Key=BLOCK)["Body"].read() == b"spans"
    releases = deployment.releases()
    assert set(releases.values()) == {"deployed"}
    return releases.keys() - {"mimir"}


@contextmanager
def always_ready(deployment: Deployment, service: str) -> Iterator[list[set[str]]]:
    """Follow a Service through a block, change by change, and yield the ready pods that were behind it at each."""
    discovery = client.DiscoveryV1Api(deployment.core.api_client)
    place, label = deployment.namespace, {"label_selector": f"kubernetes.io/service-name={service}"}
    listed = discovery.list_namespaced_endpoint_slice(place, **label)
    slices = {each.metadata.name: each for each in listed.items}
    states = [ready(slices.values())]
    done = Event()

    def follow() -> None:
        since = listed.metadata.resource_version
        while not done.is_set():
            events = watch.Watch().stream(
                discovery.list_namespaced_endpoint_slice, place, resource_version=since, timeout_seconds=1, **label
            )
            for event in events:
                changed = event["object"]
                since = changed.metadata.resource_version
                slices[changed.metadata.name] = changed
                if event["type"] == "DELETED":
                    del slices[changed.metadata.name]
                states.append(ready(slices.values()))

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(follow)
        try:
            yield states
        finally:
            done.set()
        following.result()


def ready(slices: Iterable[Any]) -> set[str]:
    """Return the ready pods of endpoint slices."""
    return {
        endpoint.target_ref.name for each in slices for endpoint in each.endpoints or [] if endpoint.conditions.ready
    }


def behind(deployment: Deployment, service: str) -> set[str]:
    """Return the ready pods behind a Service, as the cluster's own endpoint slices have them."""
    discovery = client.DiscoveryV1Api(deployment.core.api_client)
    label = f"kubernetes.io/service-name={service}"
    return ready(discovery.list_namespaced_endpoint_slice(deployment.namespace, label_selector=label).items)


def pods_of(deployment: Deployment, role: str) -> set[str]:
    """Return the pods of a role of the distributed Tempo."""
    labels = f"app.kubernetes.io/instance=tempo-distributed,app.kubernetes.io/component={role}"
    listed = deployment.core.list_namespaced_pod(deployment.namespace, label_selector=labels).items
    return {pod.metadata.name for pod in listed}


def claims(deployment: Deployment) -> dict[str, str]:
    """Return the volume claims that are there, and the identity of each."""
    listed = deployment.core.list_namespaced_persistent_volume_claim(deployment.namespace).items
    return {claim.metadata.name: claim.metadata.uid for claim in listed if not claim.metadata.deletion_timestamp}
