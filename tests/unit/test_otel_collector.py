"""The collector's configuration for an OpenTelemetry Collector, beside that for Alloy.

tests/sandbox/test_otel_collector.py has the real one read it and run on it.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from telemetry.cli.app import app
from telemetry.collector.config import configuration
from telemetry.collector.otel import text
from telemetry.collector.syntax import Block, Expression
from tests.support import WITH_LOGS, WITH_LOGS_IN_PROD, Change, load_stack, put
from tests.unit.bad_collectors import SCRAPES, TWO
from tests.unit.test_commands import stack_config


def of(environment: str, settings: dict[str, Any], *more: Change) -> Any:
    """Return the configuration of a stack with such a collector."""
    stack = load_stack(environment, put("collector", {"kind": "otel", **settings}), *more)
    assert stack.collector is not None
    return yaml.safe_load(configuration(stack, stack.collector))


def test_every_signal_is_limited_and_batched_and_traces_are_sampled_between() -> None:
    sampling = {"head_percent": 50, "tail": {}}
    pipelines = of("prod", {"sampling": sampling}, WITH_LOGS_IN_PROD, SCRAPES)["service"]["pipelines"]
    ends = ["memory_limiter/all", "batch/applications"]
    assert {signal: each["processors"] for signal, each in pipelines.items()} == {
        "logs": ends,
        "metrics": ends,
        "traces": [ends[0], "probabilistic_sampler/traces", "tail_sampling/traces", ends[1]],
    }
    assert pipelines["metrics"]["receivers"] == ["otlp/applications", "prometheus/platform"]
    assert {signal: each["exporters"] for signal, each in pipelines.items()} == {
        "logs": ["otlphttp/logs"],
        "metrics": ["otlphttp/metrics"],
        "traces": ["otlp/traces"],
    }


def test_behind_a_gateway_it_shows_the_tenants_token_and_without_one_names_the_tenant() -> None:
    behind, without = of("prod", {})["exporters"], of("dev", {"tenant": "b"}, TWO)["exporters"]
    for each in behind.values():
        assert each["auth"] == {"authenticator": "bearertokenauth/tenant"}
        assert each["tls"]["ca_file"] == "/etc/telemetry/ca.crt"
        assert "headers" not in each
    for each in without.values():
        assert (each["headers"], each["tls"]) == ({"X-Scope-OrgID": "b"}, {"insecure": True})
        assert "auth" not in each


@pytest.mark.parametrize("on_disk", [True, False])
def test_the_queue_is_on_disk_where_it_is_wanted_there(on_disk: bool) -> None:
    found = of("dev", {"queue": {"on_disk": on_disk}})
    assert ("file_storage/queue" in found["extensions"]) is on_disk
    stored = {each["sending_queue"].get("storage") for each in found["exporters"].values()}
    assert stored == ({"file_storage/queue"} if on_disk else {None})


def test_metrics_by_remote_write_have_a_log_on_disk() -> None:
    found = of("dev", {"metrics": "remote-write"})
    assert found["service"]["pipelines"]["metrics"]["exporters"] == ["prometheusremotewrite/platform"]
    assert found["exporters"]["prometheusremotewrite/platform"]["wal"]["directory"] == "/var/lib/otelcol/platform"


def test_what_the_collector_would_replace_is_escaped() -> None:
    receiver = Block("otelcol.receiver.otlp", "a", blocks=(Block("output", arguments={"traces": [_EXPORTER]}),))
    exporter = Block("otelcol.exporter.otlp", "b", {"timeout": "${x}"}, (Block("client", "", {"endpoint": "c"}),))
    assert yaml.safe_load(text([receiver, exporter]))["exporters"]["otlp/b"] == {"endpoint": "c", "timeout": "$${x}"}


_EXPORTER = Expression("otelcol.exporter.otlp.b.input")


def test_another_tenant_is_handed_a_configuration_of_either_kind_that_collects_nothing_of_ours(tmp_path: Path) -> None:
    logs = put("collector", {"tenant": "a", "pod_logs": {"cluster": "c"}})
    file = stack_config(tmp_path / "dev.yaml", "dev", TWO, WITH_LOGS, SCRAPES, logs)
    called = ["collector", "dev", "--tenant", "b", "--config-file", str(file)]
    for_alloy, for_otel = (CliRunner().invoke(app, [*called, "--kind", kind]).output for kind in ("alloy", "otel"))
    assert "otelcol.receiver.otlp" in for_alloy
    assert set(yaml.safe_load(for_otel)["receivers"]) == {"otlp/applications"}
    assert "discovery.kubernetes" not in for_alloy
