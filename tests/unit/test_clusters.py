"""Data says of which cluster it is, where that has a name; else nothing is any different."""

from typing import Any

import pytest
import yaml

from telemetry.backends.mimir.values import values as mimir_values
from telemetry.collector.config import configuration
from telemetry.monitoring.operator import pod_monitors
from telemetry.releases import releases_of
from tests.support import WITH_LOGS, WITH_THANOS, Change, load_stack, put
from tests.unit.bad_collectors import DAEMON_SET, SCRAPES, TWO

EAST = put("kubernetes.cluster", "east")
PROMOTED = "promote_otel_resource_attributes"


def collected(settings: dict[str, Any], *more: Change) -> str:
    stack = load_stack("dev", EAST, put("collector", settings), *more)
    assert stack.collector is not None
    return configuration(stack, stack.collector)


def limits_of(*changes: Change) -> tuple[Any, Any]:
    """Return Mimir's limits of all, and those of tenants."""
    values = mimir_values(load_stack("dev", *changes).backend("metrics").context)
    return values["mimir"]["structuredConfig"]["limits"], values.get("runtimeConfig", {}).get("overrides")


def test_what_applications_send_is_named_after_the_limiter_and_before_anything_else() -> None:
    found = yaml.safe_load(collected({"kind": "otel", "sampling": {"head_percent": 50}}, WITH_LOGS))
    after = {signal: each["processors"] for signal, each in found["service"]["pipelines"].items()}
    assert {tuple(each[:2]) for each in after.values()} == {("memory_limiter/all", "transform/cluster")}
    (named,) = found["processors"]["transform/cluster"]["trace_statements"]
    assert named == {
        "context": "resource",
        "statements": ['set(attributes["k8s.cluster.name"], "east") where attributes["k8s.cluster.name"] == nil'],
    }


@pytest.mark.parametrize("kind", ["alloy", "otel"])
def test_what_is_written_remotely_has_the_label(kind: str) -> None:
    found = collected({"kind": kind, "metrics": "remote-write"}, SCRAPES)
    assert ('external_labels = {"cluster" = "east"}' in found) is (kind == "alloy")
    assert ("external_labels:\n      cluster: east" in found) is (kind == "otel")


def test_pods_logs_have_it_unless_they_have_one_of_their_own() -> None:
    api_server = {"api_server": {"cidrs": ["10.0.0.1/32"], "ports": [6443]}}
    for logs, label in (({}, "east"), ({"cluster": "west"}, "west")):
        found = collected({**DAEMON_SET, **api_server, "pod_logs": logs}, WITH_LOGS)
        assert f'external_labels = {{"cluster" = "{label}"}}' in found.partition('loki.write "platform"')[2]


def test_the_operator_puts_it_on_what_it_scrapes() -> None:
    named = {"action": "replace", "targetLabel": "cluster", "replacement": "east"}
    for changes, wanted in (((EAST,), [named]), ((), [])):
        for monitor in pod_monitors(load_stack("test", *changes)):
            (endpoint,) = monitor.spec["podMetricsEndpoints"]
            assert endpoint["relabelings"][1:] == wanted


def test_mimir_makes_a_label_of_it_for_whoever_has_a_list_of_their_own_too() -> None:
    own = [{"id": "a", "display_name": "A", "limits": {"metrics": {"promoted_otlp_attributes": ["x.y"]}}}]
    shared, tenants = limits_of(EAST, put("tenants", own))
    assert (shared[PROMOTED], tenants["a"][PROMOTED]) == ("cluster", "x.y,cluster")
    shared, tenants = limits_of(EAST, TWO)
    assert [PROMOTED in each for each in tenants.values()] == [False, False]
    assert PROMOTED not in limits_of()[0]
    of_all, _ = limits_of(EAST, put("limits.metrics", {"promoted_otlp_attributes": ["x.y"]}))
    assert of_all[PROMOTED] == "x.y,cluster"


@pytest.mark.parametrize(
    ("environment", "path"),
    [("dev", ("tempo", "metricsGenerator")), ("prod", ("tempo", "structuredConfig", "metrics_generator"))],
)
def test_metrics_of_spans_have_it(environment: str, path: tuple[str, ...]) -> None:
    (tempo,) = (each for each in releases_of(load_stack(environment, EAST)) if each.name.startswith("tempo"))
    generator: Any = tempo.values
    for key in path:
        generator = generator[key]
    assert generator["registry"] == {"external_labels": {"cluster": "east"}}


def test_thanos_prometheus_and_its_receive_say_it() -> None:
    of = {each.name: each.values for each in releases_of(load_stack("dev", WITH_THANOS, EAST))}
    prometheus = next(values for name, values in of.items() if "prometheus" in name)
    assert prometheus["server"]["global"]["external_labels"]["cluster"] == "east"
    assert "--receive.otlp-promote-resource-attributes=cluster" in str(of["thanos"])
