"""nginx.conf: every route once, no path that the client did not mean, and nothing secret."""

import re
from dataclasses import fields, replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from gateway.nginx import Layout, Upstreams, nginx_conf
from gateway.routes import ROUTES, Route
from tests.unit.nginx_maps import Request, maps, words

UPSTREAMS = Upstreams(**{field.name: f"{field.name.replace('_', '-')}.example:1" for field in fields(Upstreams)})
LEAST = replace(UPSTREAMS, logs_push=None, logs_query=None, profiles_push=None, profiles_query=None)
"""Without what stacks have only where they ask for it."""


def conf(
    *,
    certificates: bool = True,
    backend_tls: str | None = "backends.x.svc",
    existing: bool = True,
    upstreams: Upstreams = UPSTREAMS,
) -> str:
    """Return a configuration with everything in it, unless told otherwise."""
    return nginx_conf(
        upstreams=upstreams,
        layout=Layout(),
        max_body=16 * 2**20,
        client_certificates=certificates,
        backend_tls=backend_tls,
        existing_tokens=existing,
    )


CONF = conf()
MAPS = maps(CONF)
GOES_ON = [route for route in ROUTES if route.rest]
SEGMENTS = st.text(min_size=1).filter(lambda text: text.strip(".") and not set(text.split("/")) & {".", ".."})
"""What people call tags, labels and namespaces; slashes are theirs, but no dot segments."""


def rest(uri: str) -> str:
    """Return what is passed on after the path that goes on."""
    return Request(MAPS, request_uri=uri).value("rest")


def servers(text: str) -> list[str]:
    """Return the blocks of the servers."""
    return re.findall(r"^    server \{$.*?^    \}$", text, re.DOTALL | re.MULTILINE)


def test_the_configuration_is_as_reviewed(snapshot: SnapshotAssertion) -> None:
    assert snapshot == conf(upstreams=LEAST)


def test_there_is_no_way_to_a_backend_that_is_not_there() -> None:
    without = conf(upstreams=LEAST)
    assert "loki" not in without
    assert "querier" not in without
    assert {
        route.backend for route in ROUTES if f"${route.backend}" not in without
    } == UPSTREAMS.there.keys() - LEAST.there
    assert [route.path for route in ROUTES if f"${route.backend}" not in CONF] == []


def test_the_least_configuration_differs_as_reviewed(snapshot: SnapshotAssertion) -> None:
    least = conf(certificates=False, backend_tls=None, existing=False, upstreams=LEAST).splitlines()
    everything = conf(upstreams=LEAST).splitlines()
    assert snapshot == "\n".join(line for line in least if line not in everything)


@pytest.mark.parametrize("text", [CONF, conf(certificates=False, backend_tls=None, existing=False)])
def test_nothing_is_left_to_fill_in_and_all_blocks_are_closed(text: str) -> None:
    assert "@@" not in text
    assert list(words(text)).count("{") == list(words(text)).count("}")


def test_every_route_is_in_the_text_once() -> None:
    found = re.findall(r"location (?:= |~ \^)(/\S+) \{", CONF)
    assert sorted(found) == sorted([*(re.escape(each.path) if each.rest else each.path for each in ROUTES), "/ready"])


def test_routes_are_on_the_port_of_their_protocol_and_all_else_is_not_found() -> None:
    http, grpc, health = servers(CONF)
    assert (http.count("proxy_pass "), http.count("grpc_pass ")) == (len(ROUTES) - 1, 0)
    assert (grpc.count("proxy_pass "), grpc.count("grpc_pass ")) == (0, 1)
    assert "_pass " not in health
    for each in (http, grpc, health):
        assert len(re.findall(r"location / \{\s*return 404;\s*\}", each)) == 1


def test_everything_but_health_asks_who_it_is_before_it_looks_at_the_path() -> None:
    http, grpc, health = servers(CONF)
    for each in (http, grpc):
        assert "ssl http2;" in each
        assert each.index("return 401;") < each.index("return 403;") < each.index("location")
    assert "ssl" not in health


def test_every_location_asks_for_the_scope_of_its_route() -> None:
    blocks = dict(re.findall(r"location (?:= |~ \^)(/\S+) \{\n(.*?)\n        \}", CONF, re.DOTALL))
    for route in ROUTES:
        block = blocks.pop(re.escape(route.path) if route.rest else route.path)
        assert f"if ($scopes !~ {route.scope}) {{ return 403; }}" in block
    assert not [block for block in blocks.values() if "_pass" in block]


def test_backends_are_resolved_again_while_nginx_runs() -> None:
    assert not re.search(r"(?:proxy|grpc)_pass \S+://(?!\$)", CONF)
    assert "resolver kube-dns.kube-system.svc.cluster.local valid=10s ipv6=off;" in CONF
    for field in fields(Upstreams):
        assert Request(MAPS).value(field.name) == getattr(UPSTREAMS, field.name)


def test_backends_are_called_in_plain_text_only_where_that_is_the_setting() -> None:
    assert set(re.findall(r"_pass (\w+)://", CONF)) == {"https", "grpcs"}
    assert CONF.count("_ssl_verify on;") == 2
    plain = conf(backend_tls=None)
    assert set(re.findall(r"_pass (\w+)://", plain)) == {"http", "grpc"}
    assert "_ssl_" not in plain.replace("$ssl_", "")


@pytest.mark.parametrize("header", ["Authorization", "Proxy-Authorization", "Cookie"])
def test_credentials_stay_here(header: str) -> None:
    assert f'proxy_set_header {header} "";' in CONF
    assert f'grpc_set_header {header} "";' in CONF
    assert "$http_authorization" not in CONF[CONF.index("log_format") :]
    assert "$args" not in CONF[CONF.index("log_format") : CONF.index("access_log")]


def test_a_request_that_has_no_path_keeps_nginxs_own_answer() -> None:
    """nginx cannot send it to a named location: what should be 400 would be 500."""
    sent = {code for codes in re.findall(r"error_page ([\d ]+)", CONF) for code in codes.split()}
    assert {"401", "403", "404", "413", "429", "495", "496", "497", "502"} <= sent
    assert not sent & {"400", "414"}


def test_no_block_below_forgets_the_headers_that_are_set_above() -> None:
    """A `*_set_header` in a server or location would replace them all, the tenant's included."""
    assert not [each for each in servers(CONF) if "_set_header" in each]
    assert CONF.count("X-Scope-OrgID $tenant;") == 2


@given(st.sampled_from(GOES_ON), SEGMENTS, st.sampled_from(["", "?", "?a=%2F..&b=/../x"]))
def test_what_follows_reaches_the_backend_as_the_client_wrote_it(route: Route, text: str, query: str) -> None:
    path, suffix = route.path, "/values" if route.rest.endswith("/values") else ""
    encoded = quote(text.encode("utf-8", "surrogatepass"), safe="")
    assert rest(f"{path}{encoded}{suffix}{query}") == f"{encoded}{suffix}"


@pytest.mark.parametrize("dots", ["..", ".", "%2e%2e", "%2E.", ".%2e", "%2E"])
@pytest.mark.parametrize(
    "uri",
    [
        "/tempo/api/traces/{}",
        "/tempo/api/traces/a%2F{}",
        "/tempo/api/traces/{}%2fflush",
        "/tempo/api/v2/search/tag/{}/values",
        "/tempo/api/v2/search/tag/a%2f{}%2Fb/values?x=1",
        "/{}/tempo/api/traces/0af7",
        "/tempo/{}/tempo/api/traces/0af7",
        "/prometheus/config/v1/rules/{}/g",
        "/prometheus/config/v1/rules/n/{}",
    ],
)
def test_dot_segments_lead_nowhere_however_they_are_written(uri: str, dots: str) -> None:
    assert rest(uri.format(dots)) == ""
    assert rest(uri.format("a..")) or "tempo/api/traces/0af7" in uri


@pytest.mark.parametrize(
    "uri",
    [
        "/tempo/api/traces/",
        "/tempo/api/traces/a/b",
        "/tempo//api/traces/a",
        "/%74empo/api/traces/a",
        "/tempo/api/traces/a;b",
        "/tempo/api/traces/a%2",
        "/TEMPO/api/traces/a",
        "/tempo/api/search/tag/a/valuesx",
        "/tempo/api/search/tag/a",
        "/prometheus/config/v1/rules/n/g/x",
        "/flush",
    ],
)
def test_a_path_that_is_written_otherwise_than_in_the_table_leads_nowhere(uri: str) -> None:
    assert rest(uri) == ""
