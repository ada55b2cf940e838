"""The datasources' uids and links: every uid that is referenced is declared."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.datasource_config import display_name, mimir_json, tempo_json, uid
from tests.support import ENVIRONMENTS

each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def referenced(node: Any) -> Iterator[str]:
    """Yield every datasource uid that JSON settings refer to, wherever it stands."""
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "datasourceUid")
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from referenced(child)


@each_environment
@pytest.mark.parametrize("service_map", [True, False])
def test_every_referenced_uid_is_declared_and_of_the_same_environment(environment: str, service_map: bool) -> None:
    declared = {signal: uid(signal, environment) for signal in ("traces", "metrics")}
    assert set(referenced(json.loads(tempo_json(environment, service_map=service_map)))) == {declared["metrics"]}
    assert set(referenced(json.loads(mimir_json(environment)))) == {declared["traces"]}


def test_no_two_datasources_share_a_uid_or_a_name() -> None:
    both = [(signal, environment) for signal in ("traces", "metrics") for environment in ENVIRONMENTS]
    assert len({uid(*one) for one in both}) == len({display_name(*one) for one in both}) == len(both)


@each_environment
def test_names_are_the_plans(environment: str) -> None:
    assert display_name("traces", environment) == f"Tempo ({environment})"
    assert display_name("metrics", environment) == f"Mimir ({environment})"


def test_uids_are_pinned() -> None:
    assert [uid("traces", "dev"), uid("metrics", "prod")] == ["tempo-dev", "mimir-prod"]


@each_environment
def test_json_is_sorted_so_that_it_never_differs_from_what_grafana_returns(environment: str) -> None:
    for text in (tempo_json(environment, service_map=True), mimir_json(environment)):
        assert text == json.dumps(json.loads(text), sort_keys=True)


def test_traces_lead_to_metrics_metrics_to_traces_and_services_to_a_map() -> None:
    tempo, mimir = json.loads(tempo_json("dev", service_map=True)), json.loads(mimir_json("dev"))
    assert tempo["tracesToMetrics"]["queries"]
    assert all("traces_spanmetrics_" in query["query"] for query in tempo["tracesToMetrics"]["queries"])
    assert tempo["serviceMap"] == {"datasourceUid": "mimir-dev"}
    assert mimir["exemplarTraceIdDestinations"] == [{"name": "traceID", "datasourceUid": "tempo-dev"}]
    assert mimir["prometheusType"] == "Mimir"


def test_there_is_no_service_map_without_its_metrics() -> None:
    assert "serviceMap" not in json.loads(tempo_json("dev", service_map=False))


def test_no_header_travels_in_json() -> None:
    texts = tempo_json("dev", service_map=True) + mimir_json("dev")
    assert "httpHeader" not in texts
