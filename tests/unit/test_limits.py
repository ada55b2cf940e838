"""Limits in the backends' own words: of a tenant, of all together, and those that are passed on as they are."""

from types import ModuleType
from typing import Any

import pytest

from sandbox.known_limits import limits as read
from telemetry.backends.loki import limits as loki
from telemetry.backends.loki.limits import LogsLimits
from telemetry.backends.mimir import limits as mimir
from telemetry.backends.mimir.limits import MetricsLimits
from telemetry.backends.pyroscope import limits as pyroscope
from telemetry.backends.pyroscope.limits import ProfilesLimits
from telemetry.backends.tempo import limits as tempo
from telemetry.backends.tempo.limits import TracesLimits
from telemetry.releases import deployed
from telemetry.stack import ConfigError
from tests.support import REPO, WITH_LOGS, WITH_LOGS_IN_PROD, WITH_PROFILES, Change, all_of, load_stack, put
from tests.unit.limit_cases import METRICS
from tests.unit.rendered import leaves

BACKENDS = pytest.mark.parametrize(
    ("module", "model"),
    [(mimir, MetricsLimits), (tempo, TracesLimits), (loki, LogsLimits), (pyroscope, ProfilesLimits)],
    ids=["mimir", "tempo", "loki", "pyroscope"],
)


DISTRIBUTED = all_of(
    put("traces.topology", "distributed"),
    put("traces.chart.name", "tempo-distributed"),
    put("traces.chart.version", "2.26.2"),
)


def values(stack: str, release: str, *changes: Change) -> dict[str, Any]:
    """Return the values of a release."""
    return next(each["values"] for each in deployed(load_stack(stack, *changes)) if each["name"] == release)


def tenant(signal: str, limits: dict[str, Any]) -> Change:
    return put("tenants", [{"id": "a", "display_name": "A", "limits": {signal: limits}}])


@BACKENDS
def test_every_setting_is_a_limit_that_the_backend_has(module: ModuleType, model: Any) -> None:
    assert {*module.WORDS, "others"} == set(model.model_fields)
    names = [limit.name for limit in module.WORDS.values()]
    assert len(set(names)) == len(names)
    assert set(names) - set(module.KNOWN.kinds) == {"otlp_config.resource_attributes"} & set(names), (
        "below the mapping otlp_config, and no other"
    )


@BACKENDS
def test_the_documentation_counts_them(module: ModuleType, model: Any) -> None:
    name = module.KNOWN.title.split()[0]
    row = next(line for line in (REPO / "docs" / "limits.md").read_text().splitlines() if line.startswith(f"| {name} "))
    assert row.split("|")[2].strip() == str(len(module.KNOWN.kinds)), model


def test_a_real_mimir_is_given_every_setting() -> None:
    """By tests/sandbox/test_limits.py."""
    assert set(METRICS) == set(mimir.WORDS)


@pytest.mark.parametrize(
    ("signal", "given", "path", "written"),
    [
        ("metrics", {"out_of_order_window": "2h"}, "out_of_order_time_window", "2h"),
        ("metrics", {"promoted_otlp_attributes": ["a.b", "c"]}, "promote_otel_resource_attributes", "a.b,c"),
        ("metrics", {"max_query_memory": "1Gi"}, "max_estimated_memory_consumption_per_query", 2**30),
        ("metrics", {"others": {"drop_labels": ["replica"]}}, "drop_labels", ["replica"]),
        ("traces", {"max_metrics_duration": "6h"}, "read.max_metrics_duration", "6h"),
        ("traces", {"max_tag_values_size": "1Mi"}, "read.max_bytes_per_tag_values_query", 2**20),
        ("traces", {}, "read.max_search_duration", "168h"),
        (
            "traces",
            {"others": {"metrics_generator": {"collection_interval": "30s"}}},
            "metrics_generator.collection_interval",
            "30s",
        ),
        ("logs", {"per_stream_rate": "5Mi"}, "per_stream_rate_limit", f"{5 * 2**20}B"),
        ("logs", {"others": {"max_line_size_truncate": True}}, "max_line_size_truncate", True),
        ("profiles", {"max_profile_size": "8Mi"}, "max_profile_size_bytes", 8 * 2**20),
    ],
)
def test_a_limit_is_written_alike_for_a_tenant_and_for_all_together(
    signal: str, given: dict[str, Any], path: str, written: object
) -> None:
    places = {
        "metrics": ("mimir", "runtimeConfig.overrides.a", "mimir.structuredConfig.limits"),
        "traces": ("tempo-distributed", "per_tenant_overrides.a", "overrides.defaults"),
        "logs": ("loki", "loki.runtimeConfig.overrides.a", "loki.limits_config"),
        "profiles": ("pyroscope", "pyroscope.tenantOverrides.a", "pyroscope.structuredConfig.limits"),
    }
    release, of_tenant, of_all = places[signal]
    for where, change in ((of_tenant, tenant(signal, given)), (of_all, put("limits", {signal: given}))):
        found: Any = values("dev", release, WITH_LOGS, WITH_PROFILES, DISTRIBUTED, change)
        for part in (*where.split("."), *path.split(".")):
            found = found[part]
        assert found == written


def test_what_the_generator_makes_stays_beside_a_limit_of_it() -> None:
    limited = tenant("traces", {"max_generated_series": 9_000})
    own = values("prod", "tempo-distributed", limited)["per_tenant_overrides"]["a"]
    assert own["metrics_generator"]["max_active_series"] == 9_000
    assert "span-metrics" in own["metrics_generator"]["processors"]


@pytest.mark.parametrize("key", ["tenants", "limits"])
def test_the_tracker_of_replicas_runs_where_somebody_has_it(key: str) -> None:
    limits = {"ha_tracker": True}
    change = tenant("metrics", limits) if key == "tenants" else put("limits", {"metrics": limits})
    config = values("dev", "mimir", change)["mimir"]["structuredConfig"]
    assert config["distributor"]["ha_tracker"] == {"enable_ha_tracker": True, "kvstore": {"store": "memberlist"}}
    assert config["distributor"]["remote_timeout"] == "2s"
    assert "ha_tracker" not in values("dev", "mimir")["mimir"]["structuredConfig"]["distributor"]


def test_who_states_no_other_limit_is_granted_what_there_was_before() -> None:
    """Of settings that say none, nothing is rendered: a value that a backend does not need could be wrong later."""
    wanted = {"ingestion_rate", "ingestion_burst_size", "max_global_series_per_user"}
    assert set(values("dev", "mimir", tenant("metrics", {}))["runtimeConfig"]["overrides"]["a"]) == wanted
    logs = values("prod", "loki", WITH_LOGS_IN_PROD)["loki"]["runtimeConfig"]["overrides"]["platform"]
    assert [path for path, _ in leaves(logs)] == [
        ("ingestion_rate_mb",),
        ("ingestion_burst_size_mb",),
        ("max_global_streams_per_user",),
    ]


def test_a_page_of_documentation_tells_which_limits_there_are() -> None:
    page = """### server
[http_port: <int> | default = 80]
### limits_config
# Bytes.
[max_line_size: <int> | default = 256KB]
[retention_period: <duration> | default = 0s]
[retention_stream: <list of StreamRetentions>]
otlp_config:
  # Inner.
  [resource_attributes: <string>]
[custom: <map of string to string>]
### local_storage_config
[directory: <string> | default = ""]
"""
    assert read(page) == {
        "custom": "mapping",
        "max_line_size": "size",
        "otlp_config": "mapping",
        "retention_period": "duration",
        "retention_stream": "list",
    }
    with pytest.raises(ValueError, match="no section of limits"):
        read("### server\n")


@pytest.mark.parametrize("attributes", [[], [""], ["a b"]])
def test_a_list_of_attributes_with_which_loki_would_not_start_is_refused(attributes: list[str]) -> None:
    with pytest.raises(ConfigError, match=r"telemetry:limits\.logs\.promoted_otlp_attributes"):
        load_stack("dev", WITH_LOGS, put("limits.logs.promoted_otlp_attributes", attributes))
