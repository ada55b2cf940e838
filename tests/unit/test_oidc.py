"""Who reads with a token of an OpenID provider: nginx's maps, what it asks, the way there, and what is said of it.

tests/sandbox/test_gateway_oidc.py asks the real nginx and the real oauth2-proxy.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.config.oidc import Readers
from telemetry.engine.preview import Preview
from telemetry.gateway import secrets as contents
from telemetry.gateway.certificates import subject
from telemetry.gateway.tenant_maps import tenants_conf
from telemetry.network.flows import flows_of
from telemetry.operations.preflight import oidc as preflight
from telemetry.operations.report.build import Found, build
from telemetry.stack import Stack
from tests.doubles import by_path
from tests.preflight import findings_at
from tests.support import Change, all_of, load_stack, put
from tests.unit.bad_tenants import tenant
from tests.unit.nginx_maps import Map, Request, maps
from tests.unit.test_gateway_maps import NOW, READS, token
from tests.unit.test_gateway_maps import tenant as a_tenant

URL = "http://oauth2-proxy.auth.svc:4180/oauth2/auth"
HERE, ELSEWHERE = "18447", "18443"
"""Ports of nginx's own: where identified requests come in, and where clients' do."""
TENANTS = [
    tenant(access={"oidc": {"groups": ["team-payments", "sre"]}}),
    tenant(id="orders", display_name="Orders", access={"oidc": {"users": ["alice"], "groups": ["sre"]}}),
    tenant(id="search", display_name="Search"),
]
READ: Change = all_of(
    put("tenants", TENANTS),
    put("gateway", {"oidc": {"url": URL}, "accept_shared_organisation": True}),
    put("namespace.quota", {"cpu": "40", "memory": "100Gi", "storage": "100Gi"}),
)
JWT = "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl"


def nginx(stack: Stack) -> str:
    assert stack.gateway is not None
    return contents.config_map(stack, stack.gateway)["nginx.conf"]


@pytest.fixture(scope="module")
def known() -> dict[str, Map]:
    stack = load_stack("test", READ)
    return maps(nginx(stack)) | maps(conf(stack.tenants))


def conf(tenants: list[Any]) -> str:
    return tenants_conf(tenants=tenants, tokens=(), federation=None, max_body=2**24, alerting=False)


def request(known: dict[str, Map], **variables: str) -> Request:
    """Return a request that shows nothing, but for these variables."""
    nothing = dict.fromkeys(
        (
            "http_authorization",
            "ssl_client_s_dn",
            "ssl_client_fingerprint",
            "http_x_scope_orgid",
            "content_length",
            "http_x_identity_user",
            "http_x_identity_groups",
        ),
        "",
    )
    nothing |= {"ssl_client_verify": "NONE", "server_port": ELSEWHERE, "uri": "/prometheus/api/v1/query"}
    return Request(known, **(nothing | {"time_iso8601": NOW, "existing_record": ""} | variables))


def shown(known: dict[str, Map], bearer: str, **variables: str) -> str:
    return request(known, http_authorization=f"Bearer {bearer}", **variables).value("refusal")


def test_a_jwt_alone_is_asked_about_where_something_is_read(known: dict[str, Map]) -> None:
    for path in ("/prometheus/api/v1/query", "/prometheus/api/v1/label/job/values", "/tempo/api/search"):
        assert shown(known, JWT, uri=path) == "identify"
    for path in ("/v1/traces", "/api/v1/push", "/flush", "/prometheus/config/v1/rules", "/authority", "/identify"):
        assert shown(known, JWT, uri=path) == "401"
    for other in ("tlm_wrong", "opaque", "sha256~abc", f"{JWT}.x", f"x{JWT}", "ey.ey."):
        assert shown(known, other) == "401"
    assert request(known).value("refusal") == "401"
    assert request(known, http_authorization=f"Basic {JWT}").value("refusal") == "401"


def test_a_jwt_beside_a_tenants_certificate_is_two_identities_and_refused() -> None:
    certified = tenant(access={"accepts": "certificate", "oidc": {"groups": ["sre"]}})
    stack = load_stack("test", READ, put("tenants", [certified]))
    known = maps(nginx(stack)) | maps(conf(stack.tenants))
    assert shown(known, JWT, ssl_client_verify="SUCCESS", ssl_client_s_dn=subject("payments", 1)) == "401"
    assert shown(known, JWT, ssl_client_verify="SUCCESS", ssl_client_s_dn="CN=somebody") == "identify"


def identified(known: dict[str, Map], user: str, groups: str, asked: str, port: str = HERE) -> Request:
    return request(
        known,
        server_port=port,
        http_x_identity_user=user,
        http_x_identity_groups=groups,
        http_x_scope_orgid=asked,
    )


def outcome(known: dict[str, Map], *who: str) -> str:
    found = identified(known, *who)
    return found.value("refusal") or found.value("tenant")


@pytest.mark.parametrize(
    ("user", "groups", "asked", "then"),
    [
        ("bob", "team-payments", "payments", "payments"),
        ("bob", "x,team-payments,y", "payments", "payments"),
        ("bob", "sre", "orders", "orders"),
        ("alice", "", "orders", "orders"),
        ("alice", "", "payments", "403"),
        ("bob", "team-payments", "orders", "403"),
        ("bob", "team-payments", "search", "403"),
        ("bob", "team-payments", "", "403"),
        ("bob", "team-payments", "payments|orders", "403"),
        ("bob", "team-payments", "Payments", "403"),
        ("bob", "Team-payments", "payments", "403"),
        ("bob", "team-payments-too", "payments", "403"),
        ("bob", "not-team-payments", "payments", "403"),
        ("alice2", "", "orders", "403"),
        ("malice", "", "orders", "403"),
        ("x", "alice", "orders", "403"),
        ("sre", "", "orders", "403"),
        ("", "", "orders", "403"),
    ],
)
def test_groups_and_users_read_the_tenant_that_they_ask_for(
    known: dict[str, Map], user: str, groups: str, asked: str, then: str
) -> None:
    assert outcome(known, user, groups, asked) == then


def test_they_are_readers_and_headers_of_clients_say_nothing(known: dict[str, Map]) -> None:
    reading = identified(known, "alice", "sre", "orders")
    assert [reading.value(each) for each in ("scopes", "credential", "refusal")] == [READS, "oidc", ""]
    assert identified(known, "alice", "sre", "orders", ELSEWHERE).value("refusal") == "401"


def test_the_only_tenant_need_not_be_named() -> None:
    stack = load_stack("test", READ, put("tenants", TENANTS[:1]))
    known = maps(nginx(stack)) | maps(conf(stack.tenants))
    assert outcome(known, "bob", "sre", "") == "payments"
    assert outcome(known, "bob", "others", "") == "403"


@given(
    st.lists(st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=1), min_size=1),
    st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=1),
)
def test_a_group_is_compared_as_it_is_written(groups: list[str], other: str) -> None:
    banned = set('",\\')
    named = [each for each in dict.fromkeys(groups) if each == each.strip() and not banned & set(each)] or ["sre"]
    given_to = a_tenant("a").model_copy(
        update={"access": a_tenant("a").access.model_copy(update={"oidc": Readers(groups=named)})}
    )
    known = maps(nginx(load_stack("test", READ))) | maps(conf([given_to, a_tenant("b")]))
    for each in (*named, *([] if banned & set(other) else [other])):
        assert outcome(known, "bob", f"x,{each}", "a") == ("a" if {"x", each} & set(named) else "403")


def test_without_a_provider_nothing_is_asked_and_a_jwt_is_a_wrong_token() -> None:
    stack = load_stack("test", put("tenants", [tenant()]))
    text = nginx(stack)
    assert "auth_request" not in text
    assert "identi" not in text
    assert shown(maps(text) | maps(conf(stack.tenants)), JWT) == "401"
    assert token("payments", 1) not in text


def test_the_proxy_is_asked_by_its_whole_name_and_verified_where_it_has_a_certificate() -> None:
    assert '"oauth2-proxy.auth.svc.cluster.local:4180"' in nginx(load_stack("test", READ))
    pem = "-----BEGIN CERTIFICATE-----\nx"
    secure = put("gateway.oidc", {"url": "https://login.auth.svc/o/auth", "authority": pem, "groups_header": "X-G"})
    stack = load_stack("test", READ, secure)
    assert stack.gateway is not None
    files = contents.config_map(stack, stack.gateway)
    assert files["oidc-ca.crt"].startswith(pem)
    assert 'map "" $authority { default "login.auth.svc.cluster.local:443"; }' in files["nginx.conf"]
    for line in ("proxy_pass https://$authority/o/auth;", "$upstream_http_x_g;", "proxy_ssl_name login.auth.svc;"):
        assert line in files["nginx.conf"]


def test_the_gateway_alone_reaches_it_at_the_port_that_is_said() -> None:
    def ways(*changes: Change) -> list[tuple[str, list[int], str]]:
        flows = flows_of(load_stack("test", *changes))
        asked = [flow for flow in flows if "OpenID proxy" in [each.name for each in flow.targets]]
        return [(flow.sources[0].name, [port.number for port in flow.ports], str(flow.targets[0])) for flow in asked]

    ((source, ports, place),) = ways(READ)
    assert (source, ports) == ("gateway", [4180])
    assert "'kubernetes.io/metadata.name': 'auth'" in place
    pods = {"namespaces": [{}], "pods": {"app": "login"}, "ports": [8443]}
    ((_, ports, place),) = ways(READ, put("security.oidc", pods))
    assert ports == [8443]
    assert "'app': 'login'" in place
    assert ways() == []


def test_a_report_says_who_reads() -> None:
    told = build(load_stack("test", READ), Preview((), {}), {}, Found("nothing")).warnings
    assert [(each.about, each.text) for each in told if each.about.startswith("tenant ")] == [
        ("tenant payments", "is read by group team-payments, group sre"),
        ("tenant orders", "is read by group sre, user alice"),
    ]


def test_before_an_up_the_service_is_looked_for(tmp_path: Path) -> None:
    def said(answers: dict[str, Any], *changes: Change) -> list[str]:
        with by_path(answers) as server:
            return findings_at(server, tmp_path, preflight.check, "test", READ, *changes)

    at = "/api/v1/namespaces/auth/services/oauth2-proxy"
    (line,) = said({})
    assert line.startswith("telemetry:gateway.oidc.url: Service oauth2-proxy is not in namespace auth")
    assert said({at: {}}) == said({at: 403}) == []
    outside = {"url": "https://login.example.org/a", "authority": "-----BEGIN CERTIFICATE-----\nx"}
    assert said({}, put("gateway.oidc", outside), put("security.oidc", {"cidrs": ["192.0.2.7/32"]})) == []
