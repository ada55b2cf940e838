"""What credentials may do: real nginx, every route of every backend, with each scope and as Grafana comes."""

import re
from collections.abc import Iterator, Mapping, Sequence

import grpc
import httpx
import pytest

from sandbox.toolchain import Toolchain
from telemetry.config.access import SILENCES
from telemetry.gateway import access
from telemetry.grafana.datasources import datasources_of
from telemetry.grafana.views import views
from telemetry.spec.routes import SEGMENT, Route
from tests.sandbox.edge import KEY, Edge, open_edge, tenant
from tests.sandbox.gateway_clients import channel, export, http
from tests.support import ROUTES, WITH_LOGS, WITH_PROFILES, with_alerting

UNBOUNDED = {"requests_per_second": 100_000, "requests_burst": 100_000}
SCOPES = sorted({route.scope for route in ROUTES})
NOTHING: dict[str, list[str]] = {signal: [] for signal in ("traces", "metrics", "logs", "profiles")}
HTTP = [(method, route) for route in ROUTES if route.protocol == "http" for method in route.methods]


def alone(scope: str) -> dict[str, list[str]]:
    """Return the settings of a token that has one scope."""
    signal, _, right = scope.partition(":")
    return {**NOTHING, signal: [right]}


TENANTS = [
    tenant("all", access={"scopes": {"metrics": ["read", "write", "admin"]}}, limits=UNBOUNDED),
    tenant("existing", access={"token_secret": "theirs"}, limits=UNBOUNDED),
    *(tenant(scope.replace(":", "-"), access={"scopes": alone(scope)}, limits=UNBOUNDED) for scope in SCOPES),
]


@pytest.fixture(scope="module")
def edge(gateway_tools: Toolchain) -> Iterator[Edge]:
    backends = (WITH_LOGS, WITH_PROFILES)
    with open_edge(gateway_tools, TENANTS, existing={"existing": "theirs"}, changes=backends) as opened:
        yield opened


def path_of(route: Route) -> str:
    """Return a path that a route offers."""
    rest = re.sub(r"\(\?:(.*)\)\?", r"\1", route.rest.replace(SEGMENT, "some"))
    assert re.fullmatch(route.rest, rest)
    return f"{route.path}{rest}"


def refused(edge: Edge, client: httpx.Client, offered: Sequence[tuple[str, Route]]) -> set[tuple[str, str]]:
    """Ask for routes and return those that are answered with 403; any other answer comes from a backend."""
    found = set()
    for method, route in offered:
        before = len(edge.ledger)
        status = client.request(method, path_of(route)).status_code
        assert status in (200, 403), (method, route.path, status)
        assert len(edge.ledger) - before == (status == 200), (method, route.path)
        if status == 403:
            found.add((method, route.path))
    return found


def implied(route: Route, scope: str) -> bool:
    """Return whether a right lets somebody use a route: who administers also silences."""
    return route.scope == scope or (route.scope, scope) == (SILENCES, "metrics:admin")


def datasources(edge: Edge) -> Mapping[str, Mapping[str, str]]:
    """Return the headers with which Grafana's datasources come, by uid."""
    chosen = edge.gateway.stack
    shown = views(chosen, credentials=access.of_readers(chosen, KEY), federation=access.of_federation(chosen, KEY))
    urls = dict.fromkeys(("metrics", "traces", "logs", "profiles"), edge.gateway.url)
    made = datasources_of(chosen, shown, urls=urls, authority=None)
    return {each.uid: each.headers for of in made for each in of.values()}


def test_a_datasource_reads_everything_and_writes_and_administers_nothing(edge: Edge) -> None:
    """Whoever may use a datasource may send any path with its headers: Grafana's proxy passes them on."""
    changes = {(method, route.path) for method, route in HTTP if route.access != "read"}
    assert {route.upstream.partition("_")[0] for _, route in HTTP if route.access != "read"} == NOTHING.keys()
    given = datasources(edge)
    assert len(given) == 4 * (len(TENANTS) + 1)
    for headers in {tuple(each.items()) for each in given.values()}:
        with http(edge.gateway, headers=dict(headers)) as client:
            assert refused(edge, client, HTTP) == changes
        with channel(edge.gateway) as opened:
            before = len(edge.ledger)
            said = export(opened, dict(headers)["Authorization"].removeprefix("Bearer "))
            assert (said, len(edge.ledger)) == (grpc.StatusCode.PERMISSION_DENIED, before)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_does_what_its_scope_says_and_no_more(edge: Edge, scope: str) -> None:
    token = edge.token(scope.replace(":", "-"))
    with http(edge.gateway, token) as client:
        assert refused(edge, client, HTTP) == {
            (method, route.path) for method, route in HTTP if not implied(route, scope)
        }
    with channel(edge.gateway) as opened:
        wanted = grpc.StatusCode.OK if scope == "traces:write" else grpc.StatusCode.PERMISSION_DENIED
        assert export(opened, token) == wanted


def test_a_token_may_do_all_that_it_was_given(edge: Edge) -> None:
    """By default everything but administration, also where the token existed before."""
    with http(edge.gateway, edge.token("all")) as client:
        assert refused(edge, client, HTTP) == set()
    with http(edge.gateway, "theirs") as client:
        administered = {(m, route.path) for m, route in HTTP if route.access in ("alerts", "admin")}
        assert refused(edge, client, HTTP) == administered


def test_where_alerts_are_sent_grafana_silences_for_whom_may(gateway_tools: Toolchain) -> None:
    may = tenant("may", access={"scopes": {"metrics": ["read", "alerts"]}}, limits=UNBOUNDED)
    others = [tenant("others", limits=UNBOUNDED)]
    changes = (WITH_LOGS, WITH_PROFILES, with_alerting)
    with open_edge(gateway_tools, [may, *others], changes=changes, federation=UNBOUNDED) as opened:
        given = datasources(opened)
        assert {uid for uid in given if uid.startswith("alertmanager")} == {"alertmanager-dev-may"}
        for uid, headers in given.items():
            with http(opened.gateway, headers=dict(headers)) as client:
                allowed = ("read", "alerts") if uid.endswith("-may") else ("read",)
                wanted = {(method, route.path) for method, route in HTTP if route.access not in allowed}
                assert refused(opened, client, HTTP) == wanted, uid
