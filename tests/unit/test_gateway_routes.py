"""The table of routes: whole, without overlaps, and with nothing in it that is for administrators."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.config.access import Scopes
from telemetry.gateway.secrets import upstreams
from telemetry.spec.routes import SEGMENT, Route
from tests.support import ROUTES, WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD, load_stack

ADMINISTRATION = (
    "/",
    "/flush",
    "/shutdown",
    "/ingester/flush",
    "/ingester/shutdown",
    "/ingester/prepare-shutdown",
    "/ingester/ring",
    "/distributor/ring",
    "/distributor/all_user_stats",
    "/compactor/ring",
    "/store-gateway/ring",
    "/ruler/ring",
    "/multitenant_alertmanager/status",
    "/multitenant_alertmanager/configs",
    "/memberlist",
    "/config",
    "/runtime_config",
    "/services",
    "/metrics",
    "/ready",
    "/debug/pprof/heap",
    "/status",
    "/status/config",
    "/tempo/flush",
    "/tempo/status",
    "/tempo/api/overrides",
    "/prometheus/api/v1/admin/tsdb/delete_series",
    "/alertmanager/-/reload",
    "/alertmanager/debug/pprof/heap",
    "/alertmanager/metrics",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    "/ring",
    "/scheduler/ring",
    "/indexgateway/ring",
    "/ingester/prepare_shutdown",
    "/log_level",
    "/loki/api/v1/tail",
    "/loki/api/v1/rules",
    "/loki/api/v1/delete",
    "/loki/api/v1/cache/generation_numbers",
)
"""What Mimir, Tempo and Loki offer to their administrators, and what this gateway has no backend for."""


def matches(route: Route, path: str) -> bool:
    """Return whether a path, as a client sends it, is the route's."""
    return re.fullmatch(re.escape(route.path) + route.rest, path) is not None


def test_no_path_stands_in_the_table_twice() -> None:
    assert len({route.path for route in ROUTES}) == len(ROUTES)


def test_no_path_that_goes_on_is_the_beginning_of_another() -> None:
    for one in ROUTES:
        if one.rest:
            assert one.path.endswith("/")
            assert [other.path for other in ROUTES if other.path.startswith(one.path)] == [one.path]


def test_every_route_leads_to_a_backend_and_every_backend_has_a_route() -> None:
    everything = load_stack("prod", WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD)
    assert {route.upstream for route in ROUTES} == upstreams(everything).keys()


@pytest.mark.parametrize("path", ADMINISTRATION)
def test_nothing_for_administrators_is_offered(path: str) -> None:
    assert not [route.path for route in ROUTES if matches(route, path) or matches(route, f"{path}/")]
    assert not [route.path for route in ROUTES if route.target in (path, f"{path}/")]


@pytest.mark.parametrize(
    ("path", "backend", "target"),
    [
        ("/v1/traces", "traces_otlp_http", "/v1/traces"),
        ("/v1/metrics", "metrics_push", "/otlp/v1/metrics"),
        ("/api/v1/push", "metrics_push", "/api/v1/push"),
        ("/prometheus/api/v1/query_range", "metrics_query", "/prometheus/api/v1/query_range"),
        ("/prometheus/api/v1/label/__name__/values", "metrics_query", "/prometheus/api/v1/label/"),
        ("/prometheus/api/v1/rules", "metrics_rules", "/prometheus/api/v1/rules"),
        ("/prometheus/config/v1/rules", "metrics_rules", "/prometheus/config/v1/rules"),
        ("/prometheus/config/v1/rules/space/group", "metrics_rules", "/prometheus/config/v1/rules/"),
        ("/alertmanager/api/v2/silence/1-a", "metrics_alertmanager", "/alertmanager/api/v2/silence/"),
        ("/v1/logs", "logs_push", "/otlp/v1/logs"),
        ("/loki/api/v1/push", "logs_push", "/loki/api/v1/push"),
        ("/loki/api/v1/query_range", "logs_query", "/loki/api/v1/query_range"),
        ("/loki/api/v1/label/service_name/values", "logs_query", "/loki/api/v1/label/"),
        ("/ingest", "profiles_push", "/ingest"),
        ("/push.v1.PusherService/Push", "profiles_push", "/push.v1.PusherService/Push"),
        ("/querier.v1.QuerierService/SelectSeries", "profiles_query", "/querier.v1.QuerierService/"),
        ("/tempo/api/v2/traces/0af7", "traces_query", "/api/v2/traces/"),
        ("/tempo/api/search/tag/app%2Fname/values", "traces_query", "/api/search/tag/"),
        ("/tempo/api/metrics/query_range", "traces_metrics", "/api/metrics/query_range"),
    ],
)
def test_a_path_leads_where_it_should(path: str, backend: str, target: str) -> None:
    (route,) = (route for route in ROUTES if matches(route, path))
    assert (route.upstream, route.target) == (backend, target)


@pytest.mark.parametrize("signal", ["traces", "metrics", "logs", "profiles"])
def test_every_signal_is_read_and_written_by_scopes_of_its_own(signal: str) -> None:
    scopes = {route.scope for route in ROUTES if route.upstream.startswith(signal)}
    assert scopes == {f"{signal}:{right}" for right in getattr(RIGHTS, signal)}


RIGHTS = Scopes(metrics=["read", "write", "alerts", "admin"])
"""All rights that a tenant may be given; a right that no route asks for would be an idle setting."""


def test_whatever_changes_rules_or_receivers_is_administration_and_silences_are_a_right_of_their_own() -> None:
    for route in ROUTES:
        assert (route.access == "admin") == route.path.startswith(("/prometheus/config", "/api/v1/alerts"))
        assert (route.access == "alerts") == route.path.startswith("/alertmanager/api/v2/")


def test_who_may_only_read_finds_nothing_that_deletes_or_pushes() -> None:
    for route in ROUTES:
        if route.access == "read":
            assert set(route.methods) <= {"GET", "POST"}
            asked = {"metrics_query", "metrics_rules", "traces_query", "traces_metrics", "logs_query", "profiles_query"}
            assert route.upstream in asked
            by_post = {"metrics_query", "logs_query", "profiles_query"}
            assert route.upstream in by_post or route.methods == ("GET",)


@given(st.text(min_size=1))
def test_any_text_is_a_segment_once_it_is_encoded(text: str) -> None:
    encoded = quote(text.encode("utf-8", "surrogatepass"), safe="")
    assert re.fullmatch(SEGMENT, encoded, re.ASCII)


@given(st.text(max_size=5), st.sampled_from('/?#;\\ \n\r\t\0{}<>"|^`\x7f'), st.text(max_size=5))
def test_what_separates_or_is_not_encoded_is_no_segment(before: str, character: str, after: str) -> None:
    assert not re.fullmatch(SEGMENT, f"{before}{character}{after}", re.ASCII)
