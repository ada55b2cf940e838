"""nginx.conf: every route once, no path that the client did not mean, and nothing secret."""

import re
from collections.abc import Mapping
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from telemetry.config.gateway import Gateway
from telemetry.gateway.layout import Layout
from telemetry.gateway.nginx import PASSED_ON, nginx_conf
from telemetry.gateway.secrets import upstreams
from telemetry.spec.routes import Route
from tests.support import ROUTES, WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD, load_stack
from tests.unit.nginx_maps import Request, maps, words

UPSTREAMS = {
    name: f"{name.replace('_', '-')}.example:1"
    for name in upstreams(load_stack("prod", WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD))
}
LEAST = {name: place for name, place in UPSTREAMS.items() if not name.startswith(("logs", "profiles"))}
"""Without what stacks have only where they ask for it."""


def conf(
    *,
    certificates: bool = True,
    backend_tls: str | None = "backends.x.svc",
    existing: bool = True,
    places: Mapping[str, str] = UPSTREAMS,
    gateway: Gateway | None = None,
) -> str:
    """Return a configuration with everything in it, unless told otherwise."""
    return nginx_conf(
        routes=ROUTES,
        upstreams=places,
        layout=Layout(),
        gateway=gateway or Gateway(),
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
    """Return the blocks of HTTP's servers: HTTP, gRPC, where strangers wait, health."""
    return re.findall(r"^    server \{$.*?^    \}$", text[text.index("\nhttp {") :], re.DOTALL | re.MULTILINE)


def test_the_configuration_is_as_reviewed(snapshot: SnapshotAssertion) -> None:
    assert snapshot == conf(places=LEAST)


def test_there_is_no_way_to_a_backend_that_is_not_there() -> None:
    without = re.sub(r"proxy_set_header X-Loki-\S+ \S+;", "", conf(places=LEAST))
    assert "loki" not in without
    assert "querier" not in without
    assert {
        route.upstream for route in ROUTES if f"${route.upstream}" not in without
    } == UPSTREAMS.keys() - LEAST.keys()
    assert [route.path for route in ROUTES if f"${route.upstream}" not in CONF] == []


def test_the_least_configuration_differs_as_reviewed(snapshot: SnapshotAssertion) -> None:
    least = conf(certificates=False, backend_tls=None, existing=False, places=LEAST).splitlines()
    everything = conf(places=LEAST).splitlines()
    assert snapshot == "\n".join(line for line in least if line not in everything)


@pytest.mark.parametrize("text", [CONF, conf(certificates=False, backend_tls=None, existing=False)])
def test_nothing_is_left_to_fill_in_and_all_blocks_are_closed(text: str) -> None:
    assert "@@" not in text
    assert list(words(text)).count("{") == list(words(text)).count("}")


def test_every_route_is_in_the_text_once() -> None:
    found = re.findall(r"location (?:= |~ \^)(/\S+) \{", CONF)
    own = ["/live", "/ready", "/unresolved", "/metrics", "/unknown", "/unknown"]
    assert sorted(found) == sorted([*(re.escape(each.path) if each.rest else each.path for each in ROUTES), *own])


def test_routes_are_on_the_port_of_their_protocol_and_all_else_is_not_found() -> None:
    http, grpc, unknown, health = servers(CONF)
    assert (http.count("_pass http"), http.count("grpc_pass ")) == (len(ROUTES) - 1 + 1, 0)  # and where strangers wait
    assert (grpc.count("_pass http"), grpc.count("grpc_pass ")) == (1, 1)
    assert "_pass " not in unknown
    assert re.findall(r"_pass (.*);", health) == ["$known_name:1"]  # where nobody is: it asks for the name
    for each in (http, grpc, health):
        assert len(re.findall(r"location / \{\s*return 404;\s*\}", each)) == 1


def test_everything_but_health_asks_who_it_is_before_it_looks_at_the_path() -> None:
    http, grpc, unknown, health = servers(CONF)
    for each in (http, grpc):
        assert "ssl http2 proxy_protocol;" in each
        assert each.index("= 401) { rewrite ^ /unknown last; }") < each.index("return 403;") < each.index("location")
    assert "ssl" not in health + unknown


def test_only_what_passes_connections_on_listens_where_clients_are() -> None:
    """Who reaches the servers behind it says whose request it is."""
    stream, rest = CONF.split("\nhttp {")
    assert sorted(re.findall(r"listen ([\d.]+):", stream)) == ["0.0.0.0"] * 3  # noqa: S104 - a pod's
    assert set(re.findall(r"listen ([\d.]+):", rest)) == {"127.0.0.1"}
    assert len(re.findall(r"limit_conn \w+_by_address \d+;\s*limit_conn \w+ \d+;", stream)) == 3


def test_probes_have_limits_of_their_own_and_write_nothing() -> None:
    """nginx passes none of the limits for clients on to a server that has one itself."""
    *_, health = servers(CONF)
    assert re.findall(r"limit_conn (\w+) ", health) == ["health"]
    assert "client_max_body_size 1k;" in health


def test_every_location_asks_for_the_scope_of_its_route() -> None:
    blocks = dict(re.findall(r"location (?:= |~ \^)(/\S+) \{\n(.*?)\n        \}", CONF, re.DOTALL))
    for route in ROUTES:
        block = blocks.pop(re.escape(route.path) if route.rest else route.path)
        assert f"if ($scopes !~ {route.scope}) {{ return 403; }}" in block
    # Where strangers wait, and where nobody is: neither is a backend's.
    assert {path for path, block in blocks.items() if "_pass " in block} == {"/unknown", "/ready"}


def test_backends_are_resolved_again_while_nginx_runs() -> None:
    named = re.sub(r"127\.0\.0\.1", "", CONF)  # itself
    assert not re.search(r"(?:proxy|grpc)_pass \S+://(?![$:])", named)
    assert "resolver kube-dns.kube-system.svc.cluster.local. valid=10s ipv6=off;" in CONF
    for name, place in UPSTREAMS.items():
        assert Request(MAPS).value(name) == place


def test_backends_are_called_in_plain_text_only_where_that_is_the_setting() -> None:
    assert set(re.findall(r"_pass (\w+)://\$", CONF)) == {"https", "grpcs"}
    assert CONF.count("_ssl_verify on;") == 2
    plain = conf(backend_tls=None)
    assert set(re.findall(r"_pass (\w+)://\$", plain)) == {"http", "grpc"}
    assert "_ssl_" not in plain.replace("$ssl_", "")


def test_credentials_stay_here() -> None:
    for header in ("Authorization", "Proxy-Authorization", "Cookie"):
        assert f'grpc_set_header {header} "";' in CONF
    log = CONF[CONF.index("log_format") : CONF.index("access_log /")]
    assert not [each for each in ("$http_", "$args", "$uri", "$request ", "$request_uri") if each in log]


def test_of_what_clients_say_only_what_is_listed_reaches_a_backend_over_http() -> None:
    assert "    proxy_pass_request_headers off;" in CONF
    passed = re.findall(r"proxy_set_header (\S+) \$http_(\w+);", CONF)
    assert [header for header, _ in passed] == list(PASSED_ON)
    assert all(header.lower().replace("-", "_") == variable for header, variable in passed)
    steers = {"x-scope-orgid", "cache-control", "x-read-consistency", "x-loki-disable-pipeline-wrappers", "traceparent"}
    assert not steers & {header.lower() for header in PASSED_ON}


def test_only_what_is_pushed_can_be_written_to_the_disk() -> None:
    """Whatever else has a body is passed on as it comes, in the little memory of one buffer."""
    blocks = re.findall(r"location (?:= |~ \^)(/\S+) \{\n(.*?)\n        \}", CONF, re.DOTALL)
    whole = {path for path, block in blocks if "proxy_pass" in block and "proxy_request_buffering off;" not in block}
    assert whole == {each.path for each in ROUTES if each.pushes}
    assert all(each.methods == ("POST",) for each in ROUTES if each.pushes)


@pytest.mark.parametrize(
    ("method", "length", "large"),
    [
        ("POST", str(2**16), False),
        ("POST", str(2**16 + 1), True),
        ("POST", "0", False),
        ("POST", "", True),  # in chunks, or over HTTP/2 without a length
        ("GET", "", False),
        ("DELETE", "", False),
    ],
)
def test_what_may_be_written_to_the_disk_counts_as_large(method: str, length: str, large: bool) -> None:
    asked = Request(MAPS, request_method=method, content_length=length, name="payments", refusal="")
    assert (asked.value("large"), asked.value("large_of_tenant")) == (("large", "payments") if large else ("", ""))
    assert asked.value("waiting") == ""


def test_a_stranger_takes_nobodys_part_of_the_disk_and_waits_among_strangers() -> None:
    asked = Request(MAPS, request_method="POST", content_length=str(2**20), name="", refusal="401")
    assert [asked.value(each) for each in ("large", "large_of_tenant", "waiting")] == ["", "", "waiting"]


def test_what_is_written_to_the_disk_at_a_time_fits_it() -> None:
    for scratch, most in (("1Gi", 60), ("128Mi", 4)):
        text = conf(gateway=Gateway.model_validate({"scratch": scratch}))
        assert f"limit_conn large {most};" in text
        assert f"limit_conn large_by_tenant {most // 4};" in text


def test_a_certificate_that_is_revoked_counts_no_longer_and_others_do() -> None:
    stolen = "AB:" * 19 + "AB"
    known = maps(conf(gateway=Gateway(revoked_certificates=[stolen])))
    for fingerprint, counts in (("ab" * 20, False), ("cd" * 20, True)):
        asked = Request(known, ssl_client_verify="SUCCESS", ssl_client_s_dn="CN=a", ssl_client_fingerprint=fingerprint)
        assert asked.value("certificate") == ("CN=a" if counts else "")


@given(st.text(max_size=5_000), st.text(max_size=5_000), st.text(max_size=5_000))
def test_what_is_logged_of_a_request_is_short_and_ascii_and_no_query(uri: str, method: str, agent: str) -> None:
    asked = Request(MAPS, request_uri=uri, request_method=method, http_user_agent=agent)
    shown = [asked.value(f"logged_{each}") for each in ("path", "method", "agent")]
    assert all(each.isascii() and each.isprintable() and len(each) <= 256 for each in shown)
    assert "?" not in shown[0]
    assert uri.startswith(shown[0])


def test_a_request_that_has_no_path_keeps_nginxs_own_answer() -> None:
    """nginx cannot send it to a named location: what should be 400 would be 500."""
    sent = {code for codes in re.findall(r"error_page ([\d ]+)", CONF) for code in codes.split()}
    assert {"401", "403", "404", "413", "429", "495", "496", "497", "502"} <= sent
    assert not sent & {"400", "414"}


def test_no_block_below_forgets_the_headers_that_are_set_above() -> None:
    """A `*_set_header` in a server or location would replace them all, the tenant's included."""
    own = "proxy_set_header X-Client $proxy_protocol_addr;"  # to where strangers wait, and nothing else
    assert not [each for each in servers(CONF) if "_set_header" in each.replace(own, "")]
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
