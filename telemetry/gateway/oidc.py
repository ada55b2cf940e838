"""What nginx has beside all else where an OpenID provider's tokens read: parts of nginx.conf.template and of a server.

nginx settles whose a request is before it can ask anybody: limits come before auth_request, and a variable keeps its
first value. So a request with such a token is asked about, and then sent once more, by nginx to itself, with the answer
as headers and to a port of its own. There it is a reader's, as Grafana's are, with all that holds for a tenant.
"""

import re
from collections.abc import Iterable, Iterator
from textwrap import indent

from telemetry.config.oidc import Oidc
from telemetry.gateway.layout import Layout
from telemetry.gateway.text import Text
from telemetry.spec.routes import Route

AUTHORITY_FILE = "oidc-ca.crt"
"""The file of the ConfigMap with the authority of the proxy's certificate."""
AT_ONCE = 1_000
"""Requests that are asked about at a time; each takes three connections of nginx's own."""
_PORT = 8447

WITHOUT = {
    "stranger": "401",
    "identity": "",
    "by_identity": '""',
    "credential_of_identity": "",
    "identify": "",
    "client": "$proxy_protocol_addr",
    "oidc": "",
    "identified_listen": "",
    "identify_first": "",
    "identify_locations": "",
}
"""The parts of a configuration that knows no OpenID provider."""


def parts(
    oidc: Oidc, *, layout: Layout, routes: Iterable[Route], place: str, passed_on: str, unknown: str
) -> dict[str, str]:
    """Return the parts by their names in the templates.

    Args:
        oidc: the settings.
        layout: where the files are, and the addresses.
        routes: what is offered over HTTP.
        place: where the proxy is, as `host:port`; a host is a DNS name that is resolved again while nginx runs.
        passed_on: the lines that pass a client's headers on.
        unknown: the lines that have a request wait that shows no credential that counts.
    """
    listen = layout.inner_address(_PORT)
    http = _HTTP.fill(
        place=place, readable="\n".join(_readable(routes)), port=listen.rpartition(":")[2], at_once=str(AT_ONCE)
    )
    locations = _LOCATIONS.fill(
        user=_variable(oidc.user_header),
        groups=_variable(oidc.groups_header),
        passed_on=indent(passed_on, "    "),
        listen=listen,
        url=f"{'https' if oidc.is_tls else 'http'}://$authority{_path(oidc)}",
        tls=indent(_TLS.fill(name=oidc.host, file=f"{layout.root}/config/{AUTHORITY_FILE}"), "    ")
        if oidc.is_tls
        else "",
        unknown=indent(unknown, "    "),
    )
    return {
        "stranger": "$unknown",
        "identity": "$identity",
        "by_identity": "$identified",
        "credential_of_identity": '\n        "~\\n" oidc;',
        "identify": '\n        "~^identify" identify;',
        "client": "$client",
        "oidc": indent(http, "    ") + "\n",
        "identified_listen": f"\n    listen {listen};",
        "identify_first": indent(_FIRST, "    "),
        "identify_locations": indent(locations, "    "),
    }


def _readable(routes: Iterable[Route]) -> Iterator[str]:
    """Yield the lines that tell paths at which something is read."""
    for route in routes:
        if route.access == "read" and route.protocol == "http":
            key = f"~^{re.escape(route.path)}" if route.rest else route.path
            yield f'    "{key}" reads;'


def _variable(header: str) -> str:
    return f"$upstream_http_{header.lower().replace('-', '_')}"


def _path(oidc: Oidc) -> str:
    return "/" + oidc.url.split("/", 3)[3]


_HTTP = Text(
    """\
# ---- A token of the OpenID provider (a JWT), alone, where something is read: whose it is, others know.
map "" $authority { default "@@{place}"; }
map $uri $readable {
    default "";
@@{readable}
}
map "$token_name|$certificate_name|$readable|$token" $unknown {
    default 401;
    "~^\\?\\|\\|reads\\|ey[\\w-]*\\.ey[\\w-]*\\.[\\w-]+$" identify;
}
map $refusal $identifying {
    default "";
    identify identify;
}
limit_conn_zone $identifying zone=identifying:64k;
limit_conn identifying @@{at_once};
map $server_port $identity { # who reaches this port, which is nginx alone, says whose request it is
    default "";
    @@{port} "$http_x_identity_user\\n,$http_x_identity_groups,";
}
map $proxy_protocol_addr $client {
    default $proxy_protocol_addr;
    "" $http_x_client;
}
"""
)

_FIRST = """
if ($refusal = identify) { rewrite ^(?!/authority$) /identify last; } # which nginx asks there, and which begins anew"""

_LOCATIONS = Text(
    """
location = /identify {
    internal;
    auth_request /authority;
    auth_request_set $identity_user @@{user};
    auth_request_set $identity_groups @@{groups};
    access_log off; # it is logged where it is sent to
    proxy_set_header X-Client $proxy_protocol_addr;
    proxy_set_header X-Identity-User $identity_user;
    proxy_set_header X-Identity-Groups $identity_groups;
    proxy_set_header X-Scope-OrgID $http_x_scope_orgid;
@@{passed_on}
    proxy_request_buffering off;
    proxy_read_timeout 310s;
    proxy_pass http://@@{listen}$request_uri;
    recursive_error_pages on;
    error_page 401 403 = @unknown; # some proxies call a bad token forbidden
    error_page 413 429 502 503 504 @error;
    error_page 500 =503 @error; # what auth_request makes of a proxy that does not answer
}
location = /authority {
    internal;
    proxy_method GET;
    proxy_pass_request_body off;
    proxy_set_header Content-Length "";
    proxy_set_header Authorization "Bearer $token";
    proxy_read_timeout 10s;@@{tls}
    proxy_pass @@{url};
}
location @unknown {
@@{unknown}
}"""
)

_TLS = Text(
    """
proxy_ssl_name @@{name};
proxy_ssl_server_name on;
proxy_ssl_verify on;
proxy_ssl_verify_depth 3;
proxy_ssl_protocols TLSv1.2 TLSv1.3;
proxy_ssl_trusted_certificate @@{file};"""
)
