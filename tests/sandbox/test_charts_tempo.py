"""The stand-in of chart `tempo`, rendered with the values that the program produces for dev."""

import copy

import pytest

from telemetry.spec.values.common import Values
from tests.sandbox.charts import config_of, containers, named, ports, render, run_helm, values_of
from tests.support import load_stack, put

pytestmark = pytest.mark.sandbox

PLACEMENT = {
    "node_selector": {"node-type": "observability"},
    "tolerations": [{"key": "observability", "operator": "Exists"}],
    "storage_class": "fast",
    "priority_class": "platform",
}


@pytest.fixture
def tempo_values() -> Values:
    return copy.deepcopy(values_of("tempo", load_stack("dev")))


def test_tempo_has_the_real_names_and_ports(tempo_values: Values) -> None:
    objects = render("tempo", tempo_values)
    assert {(item["kind"], item["metadata"]["name"]) for item in objects} == {
        (kind, "tempo") for kind in ("StatefulSet", "Service", "ConfigMap", "ServiceAccount")
    }
    claims = named(objects, "StatefulSet")["tempo"]["spec"]["volumeClaimTemplates"]
    assert [claim["metadata"]["name"] for claim in claims] == ["storage"]
    assert {3200, 4317, 4318, 9411} <= ports(objects, "tempo")
    assert 14250 not in ports(objects, "tempo")
    assert {3200, 4317, 4318, 14250, 14268, 6831, 6832, 9411, 55680, 55681} == ports(render("tempo", {}), "tempo")


def test_tempo_names_its_config_after_the_chart_and_the_rest_after_the_release() -> None:
    objects = render("tempo", {}, release="traces")
    assert set(named(objects, "ConfigMap")) == {"tempo"}
    assert set(named(objects, "StatefulSet")) == {"traces-tempo"}


def test_tempo_gets_the_config_that_the_settings_mean(tempo_values: Values) -> None:
    config = config_of(render("tempo", tempo_values), "tempo", "tempo.yaml")
    assert config["compactor"]["compaction"]["block_retention"] == "72h"
    assert config["storage"]["trace"]["backend"] == "s3"
    assert config["storage"]["trace"]["s3"]["bucket"] == "dts-traces-dev-blocks"
    assert "secret_key" not in config["storage"]["trace"]["s3"]
    assert config["usage_report"] == {"reporting_enabled": False}
    assert set(config["distributor"]["receivers"]["jaeger"]["protocols"]) == {"thrift_http"}
    write = config["metrics_generator"]["storage"]["remote_write"]
    assert [target["url"] for target in write] == ["http://mimir-gateway.ca7f8f-dev.svc.cluster.local./api/v1/push"]


def test_tempo_without_a_jaeger_section_does_not_render(tempo_values: Values) -> None:
    tempo_values["tempo"]["receivers"]["jaeger"] = None
    done = run_helm("tempo", tempo_values)
    assert done.returncode != 0
    assert "nil pointer evaluating interface {}.protocols" in done.stderr


def test_tempo_by_default_asks_for_nothing_keeps_nothing_and_has_a_ballast() -> None:
    objects = render("tempo", {})
    container = containers(objects)["tempo"]
    assert container["resources"] == {}
    assert "-mem-ballast-size-mbs=1024" in container["args"]
    assert "volumeClaimTemplates" not in named(objects, "StatefulSet")["tempo"]["spec"]


def test_tempo_goes_where_its_placement_says() -> None:
    values = values_of("tempo", load_stack("dev", put("traces.placement", PLACEMENT)))
    spec = named(render("tempo", values), "StatefulSet")["tempo"]["spec"]
    pod = spec["template"]["spec"]
    assert pod["nodeSelector"] == PLACEMENT["node_selector"]
    assert pod["tolerations"] == PLACEMENT["tolerations"]
    assert pod["priorityClassName"] == "platform"
    assert [claim["spec"]["storageClassName"] for claim in spec["volumeClaimTemplates"]] == ["fast"]


def test_tempo_flushes_what_it_holds_when_it_is_stopped(tempo_values: Values) -> None:
    config = config_of(render("tempo", tempo_values), "tempo", "tempo.yaml")
    assert config["ingester"]["flush_all_on_shutdown"] is True
