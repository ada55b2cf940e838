"""Every route that the gateway offers, against what the rendered configuration has to answer it with."""

from collections.abc import Callable
from typing import Any

import pytest

from telemetry.gateway.secrets import upstreams
from telemetry.releases import releases_of
from telemetry.spec.routes import Route
from telemetry.stack import Stack
from tests.support import (
    ROUTES,
    WITH_LOGS,
    WITH_LOGS_IN_PROD,
    WITH_PROFILES,
    WITH_PROFILES_IN_PROD,
    Change,
    all_of,
    drop,
    load_stack,
    put,
)

Values = dict[str, Any]
Needs = Callable[[Values], bool]
REQUIRED_ROLES = ["distributor", "ingester", "querier", "query-frontend", "compactor"]
NO_GENERATOR = put("traces.enabled_roles", REQUIRED_ROLES)
NO_LOCAL_BLOCKS = put("traces.processors", ["service-graphs", "span-metrics"])


def at(tree: Any, path: str) -> Any:
    """Return what stands at a path of keys, or None."""
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def said(path: str, value: Any) -> Needs:
    """Return a need of a value at a path."""
    return lambda values: bool(at(values, path) == value)


def has(path: str) -> Needs:
    """Return a need of something at a path."""
    return lambda values: bool(at(values, path))


def not_off(path: str) -> Needs:
    """Return a need of what is on by default."""
    return lambda values: at(values, path) is not False


def receives(protocol: str) -> Needs:
    """Return the need of an OTLP receiver of Tempo, in either chart's words."""
    single, apart = f"tempo.receivers.otlp.protocols.{protocol}.endpoint", f"traces.otlp.{protocol}.enabled"
    return lambda values: bool(at(values, single) or at(values, apart))


def makes_metrics(values: Values) -> bool:
    """Return whether Tempo's metrics-generator has the processor that TraceQL metrics are answered by, kept as told."""
    generator = at(values, "tempo.metricsGenerator") or at(values, "metricsGenerator") or {}
    overrides = at(values, "tempo.overrides.defaults") or at(values, "overrides.defaults") or {}
    settings = at(generator, "processor") or at(values, "tempo.structuredConfig.metrics_generator.processor")
    kept = at(settings, "local_blocks") == {"filter_server_spans": False, "flush_to_storage": True}
    return bool(generator.get("enabled")) and kept and "local-blocks" in at(overrides, "metrics_generator.processors")


ANYTHING: Needs = bool
"""A need of nothing but the release."""
MIMIR = "mimir.structuredConfig"
NEEDS: dict[str, tuple[str, Needs]] = {
    "/v1/traces": ("tempo", receives("http")),
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": ("tempo", receives("grpc")),
    "/tempo/api/metrics/": ("tempo", makes_metrics),
    "/tempo/api/": ("tempo", ANYTHING),
    "/v1/metrics": ("mimir", said(f"{MIMIR}.ingester.push_grpc_method_enabled", True)),
    "/otlp/v1/metrics": ("mimir", said(f"{MIMIR}.ingester.push_grpc_method_enabled", True)),
    "/api/v1/push": ("mimir", said(f"{MIMIR}.ingester.push_grpc_method_enabled", True)),
    "/prometheus/api/v1/query_exemplars": ("mimir", has(f"{MIMIR}.limits.max_global_exemplars_per_user")),
    "/prometheus/api/v1/cardinality/": ("mimir", said(f"{MIMIR}.limits.cardinality_analysis_enabled", True)),
    "/prometheus/api/v1/rules": ("mimir", has(f"{MIMIR}.ruler_storage.s3.bucket_name")),
    "/prometheus/api/v1/alerts": ("mimir", has(f"{MIMIR}.ruler_storage.s3.bucket_name")),
    "/prometheus/config/v1/rules": ("mimir", not_off(f"{MIMIR}.ruler.enable_api")),
    "/prometheus/api/v1/": ("mimir", ANYTHING),
    "/alertmanager/api/v2/": ("mimir", has(f"{MIMIR}.alertmanager_storage.s3.bucket_name")),
    "/api/v1/alerts": ("mimir", not_off(f"{MIMIR}.alertmanager.enable_api")),
    "/v1/logs": ("loki", said("loki.limits_config.allow_structured_metadata", True)),
    "/otlp/v1/logs": ("loki", said("loki.limits_config.allow_structured_metadata", True)),
    "/loki/api/v1/patterns": ("loki", said("loki.pattern_ingester.enabled", True)),
    "/loki/api/v1/index/volume": ("loki", not_off("loki.limits_config.volume_enabled")),
    "/loki/api/v1/detected_": ("loki", not_off("loki.limits_config.discover_log_levels")),
    "/loki/api/v1/": ("loki", ANYTHING),
    "/ingest": ("pyroscope", ANYTHING),
    "/push.v1.PusherService/Push": ("pyroscope", ANYTHING),
    "/querier.v1.QuerierService/": ("pyroscope", ANYTHING),
}
"""By the beginning of a path, the longest that fits: the backend, and what its values must say."""


def need_of(route: Route) -> tuple[str, Needs]:
    """Return what a route needs."""
    return NEEDS[max((path for path in NEEDS if route.path.startswith(path)), key=len)]


def offered(stack: Stack) -> list[Route]:
    """Return the routes that a stack's gateway has."""
    there = upstreams(stack)
    return [route for route in ROUTES if route.upstream in there]


def unserved(stack: Stack) -> list[str]:
    """Return the offered paths that the values of no release answer."""
    values = {each.name.removesuffix("-distributed"): each.values for each in releases_of(stack)}
    needs = ((route.path, *need_of(route)) for route in offered(stack))
    return [path for path, backend, need in needs if backend not in values or not need(values[backend])]


DEV: Change = all_of(put("gateway", {}), put("tenants", [{"id": "a", "display_name": "A"}]))
CASES = {
    "dev": ("dev", DEV),
    "dev with all": ("dev", all_of(DEV, WITH_LOGS, WITH_PROFILES)),
    "test": ("test", all_of()),
    "prod": ("prod", all_of()),
    "prod with all": ("prod", all_of(WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD)),
    "dev without a generator": ("dev", all_of(DEV, NO_GENERATOR)),
    "prod without a generator": ("prod", all_of(NO_GENERATOR, drop("traces.roles.metrics-generator"))),
    "dev without local blocks": ("dev", all_of(DEV, NO_LOCAL_BLOCKS)),
    "prod without local blocks": ("prod", NO_LOCAL_BLOCKS),
}


@pytest.mark.parametrize(("environment", "change"), CASES.values(), ids=CASES.keys())
def test_whatever_is_offered_is_answered_by_something_that_is_configured(environment: str, change: Change) -> None:
    assert unserved(load_stack(environment, change)) == []


@pytest.mark.parametrize(("environment", "change"), CASES.values(), ids=CASES.keys())
def test_traceql_metrics_are_offered_where_they_are_answered(environment: str, change: Change) -> None:
    stack = load_stack(environment, change)
    paths = {route.path for route in offered(stack)}
    assert ("/tempo/api/metrics/query_range" in paths) is stack.traces.makes("local-blocks")


@pytest.mark.parametrize(
    ("name", "answered"), [("dev", True), ("prod", True), *((each, False) for each in CASES if "without" in each)]
)
def test_by_default_they_are_answered(name: str, answered: bool) -> None:
    environment, change = CASES[name]
    assert load_stack(environment, change).traces.makes("local-blocks") is answered


def test_tenants_have_the_processors_of_all() -> None:
    """A tenant's overrides take nothing over from the defaults."""
    (values,) = (each.values for each in releases_of(load_stack("prod")) if each.name == "tempo-distributed")
    (tenant,) = values["per_tenant_overrides"].values()
    assert tenant["metrics_generator"] == values["overrides"]["defaults"]["metrics_generator"]
