"""Tempo in both shapes and on its way from one to the other: its releases, and the addresses that outlive them."""

from typing import Any

import pytest

from tests.engine.recorder import Registered, Run, changed, run_of
from tests.support import ENVIRONMENTS, Change, all_of, drop, put

RELEASE, SERVICE = "kubernetes:helm.sh/v3:Release", "kubernetes:core/v1:Service"
SINGLE = {"name": "tempo", "version": "2.2.4", "repository": "https://grafana-community.github.io/helm-charts"}
APART = {**SINGLE, "name": "tempo-distributed", "version": "2.26.2"}
ALL = {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": "tempo"}
DISTRIBUTED = {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": "tempo-distributed"}
SELECTORS = {
    "tempo": {"traces-ingest": ALL, "traces-query": ALL},
    "tempo-distributed": {
        "traces-ingest": {**DISTRIBUTED, "app.kubernetes.io/component": "distributor"},
        "traces-query": {**DISTRIBUTED, "app.kubernetes.io/component": "query-frontend"},
    },
}
ROOM = put("namespace.quota", {"cpu": "8", "memory": "32Gi", "storage": "64Gi"})
TO_APART: Change = all_of(
    ROOM,
    put("traces.topology", "distributed"),
    put("traces.chart", APART),
    put("traces.moving_from", {"chart": SINGLE}),
)
TO_SINGLE: Change = all_of(
    put("traces.topology", "monolithic"),
    put("traces.chart", SINGLE),
    put("traces.replication_factor", 1),
    put(
        "traces.moving_from",
        {
            "topology": "distributed",
            "chart": APART,
            "replication_factor": 3,
            "roles": {"ingester": {"replicas": 3}, "querier": {"replicas": 2}},
        },
    ),
    drop("traces.roles"),
)
MOVES = {
    "to distributed": ("dev", TO_APART, "tempo", "tempo-distributed"),
    "to one binary": ("prod", TO_SINGLE, "tempo-distributed", "tempo"),
}
each_move = pytest.mark.parametrize(("environment", "move", "old", "new"), MOVES.values(), ids=MOVES.keys())
each_preview = pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])


def tempos(run: Run) -> set[str]:
    return {release.name for release in run.of(RELEASE)} - {"mimir"}


def addresses(run: Run) -> list[Registered]:
    """Return the Services before Tempo, without their headless twins."""
    return [service for service in run.of(SERVICE) if service.name in ("traces-ingest", "traces-query")]


def selectors(run: Run) -> dict[str, Any]:
    return {service.name: service.plain["spec"]["selector"] for service in addresses(run)}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@each_preview
def test_the_addresses_turn_to_the_pods_of_the_only_release(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    (release,) = tempos(run)
    assert release == {"dev": "tempo", "test": "tempo", "prod": "tempo-distributed"}[environment]
    assert selectors(run) == SELECTORS[release]


def test_the_services_are_what_the_outputs_say() -> None:
    assert run_of("dev", preview=False).exports["endpoints"]["traces"] == {
        "otlp_grpc": "traces-ingest.ca7f8f-dev.svc:4317",
        "otlp_http": "http://traces-ingest.ca7f8f-dev.svc:4318/v1/traces",
        "query": "http://traces-query.ca7f8f-dev.svc:3200",
    }


@pytest.mark.parametrize("environment", ["test", "prod"])
def test_behind_a_gateway_the_outputs_say_where_the_gateway_is(environment: str) -> None:
    exports = run_of(environment, preview=False).exports
    here = f"gateway.ca7f8f-{environment}.svc"
    assert exports["endpoints"] == {
        "traces": {
            "otlp_grpc": f"{here}:4317",
            "otlp_http": f"https://{here}/v1/traces",
            "query": f"https://{here}/tempo",
        },
        "metrics": {
            "remote_write": f"https://{here}/api/v1/push",
            "otlp_http": f"https://{here}/otlp/v1/metrics",
            "query": f"https://{here}/prometheus",
        },
        "logs": None,
        "profiles": None,
    }
    assert exports["certificate_authority"].startswith("-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize("environment", ["test", "prod"])
def test_a_gateway_chooses_among_the_pods_by_itself(environment: str) -> None:
    run = run_of(environment, preview=False)
    for service in addresses(run):
        twin = run.one(SERVICE, f"{service.name}-pods").plain["spec"]
        assert twin == {**service.plain["spec"], "clusterIP": "None"}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_services_have_the_ports_of_the_pods(environment: str) -> None:
    run = run_of(environment, preview=False)
    ports = {
        service.plain["metadata"]["name"]: {port["name"]: port["port"] for port in service.plain["spec"]["ports"]}
        for service in addresses(run)
    }
    assert ports == {"traces-ingest": {"otlp-grpc": 4317, "otlp-http": 4318}, "traces-query": {"http": 3200}}
    for service in addresses(run):
        assert service.plain["metadata"]["namespace"] == f"ca7f8f-{environment}"
        assert all(port["targetPort"] == port["port"] for port in service.plain["spec"]["ports"])


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@each_preview
def test_the_addresses_wait_for_the_release_behind_them(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    (name,) = tempos(run)
    assert len(addresses(run)) == 2
    for service in addresses(run):
        assert run.one(RELEASE, name).urn in service.dependencies


@each_move
@each_preview
def test_during_a_move_both_releases_are_there_and_the_addresses_turn_to_the_new_one(
    environment: str, move: Change, old: str, new: str, preview: bool
) -> None:
    run = changed(move, environment=environment, preview=preview)
    assert tempos(run) == {old, new}
    assert selectors(run) == SELECTORS[new]
    for service in addresses(run):
        assert run.one(RELEASE, new).urn in service.dependencies
        assert run.one(RELEASE, old).urn not in service.dependencies


@each_move
def test_a_move_keeps_the_buckets_the_credentials_and_the_addresses(
    environment: str, move: Change, old: str, new: str
) -> None:
    before, during = run_of(environment, preview=False), changed(move, environment=environment)
    for type_ in ("aws:s3/bucket:Bucket", "kubernetes:core/v1:Secret", "grafana:oss/dataSource:DataSource"):
        assert {r.urn: r.inputs for r in during.of(type_)} == {r.urn: r.inputs for r in before.of(type_)}
    assert during.exports["endpoints"] == before.exports["endpoints"]
    assert {service.urn for service in during.of(SERVICE)} == {service.urn for service in before.of(SERVICE)}
    assert (tempos(before), tempos(during)) == ({old}, {old, new})


def test_what_is_left_behind_is_as_it_was() -> None:
    """Moving must not touch the release that holds unflushed traces."""
    before, during = run_of("dev", preview=False), changed(TO_APART)
    assert during.one(RELEASE, "tempo").inputs == before.one(RELEASE, "tempo").inputs


@each_move
def test_a_move_ends_with_one_release_and_no_change_to_the_new_one(
    environment: str, move: Change, old: str, new: str
) -> None:
    during = changed(move, environment=environment)
    after = changed(all_of(move, drop("traces.moving_from")), environment=environment)
    assert (tempos(during), tempos(after)) == ({old, new}, {new})
    assert after.one(RELEASE, new).inputs == during.one(RELEASE, new).inputs
    assert selectors(after) == selectors(during) == SELECTORS[new]


@each_move
def test_both_releases_are_exported_while_both_are_there(environment: str, move: Change, old: str, new: str) -> None:
    run = changed(move, environment=environment)
    (tempo,) = run.of("telemetry:traces:Tempo")
    assert run.component_outputs[tempo.urn]["releases"] == {old: "deployed", new: "deployed"}
    assert run.exports["status"] == {"state": "active", "reasons": []}


@each_move
def test_a_move_is_announced(
    environment: str, move: Change, old: str, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    changed(move, environment=environment, preview=True)
    (told,) = [record.message for record in caplog.records if "moving" in record.message]
    assert f"new traces go to release {new} as soon as it is ready; release {old} stays" in told
    caplog.clear()
    changed(environment=environment, preview=True)
    assert not any("moving" in record.message for record in caplog.records)
