"""nginx's configuration: nginx.conf.template with the routes, the addresses and the files of one place filled in.

Nothing in it depends on who the tenants are, and nothing is secret; both are in gateway/tenant_maps.py.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from textwrap import indent
from typing import get_args

from telemetry.backends import BACKENDS
from telemetry.config.gateway import Gateway
from telemetry.gateway import oidc
from telemetry.gateway.health import health_locations
from telemetry.gateway.layout import Layout
from telemetry.gateway.pcre import below
from telemetry.gateway.text import Text
from telemetry.spec.backend import Signal
from telemetry.spec.routes import Protocol, Route

_WRITE_SECONDS = 30
_READ_SECONDS = 300
_MEMORY = 2**16
"""Bytes of a request's body that are held in memory (client_body_buffer_size)."""
_UNKNOWN_PORT = 8444
_PROBES = 16, 64
"""Connections of probes at a time, of one address and of all."""
PASSED_ON = (
    "Accept",
    "Accept-Encoding",
    "Content-Encoding",
    "Content-Type",
    "User-Agent",
    *dict.fromkeys(header for backend in BACKENDS for header in backend.request_headers),
)
"""Headers of clients that reach a backend over HTTP: what says how to read a body, and how to write the answer."""


def nginx_conf(
    *,
    routes: Iterable[Route],
    upstreams: Mapping[str, str],
    layout: Layout,
    gateway: Gateway,
    max_body: int,
    client_certificates: bool,
    backend_tls: str | None,
    existing_tokens: bool,
    identities: str | None = None,
) -> str:
    """Return nginx.conf.

    Args:
        routes: what is offered, where the upstream is there.
        upstreams: where the backends listen, as `host:port` by name; a host is a DNS name that is resolved again while
            nginx runs.
        layout: where the files are, and the ports.
        gateway: its settings.
        max_body: the largest request of any tenant, in bytes.
        client_certificates: whether a tenant may come with one.
        backend_tls: the name that backends' certificates bear; None for plain HTTP.
        existing_tokens: whether a tenant's token is from a Secret that exists already (watch.sh lists them).
        identities: where it is asked whose a token of an OpenID provider is, as `host:port`; None for nowhere.
    """
    secure = "" if backend_tls is None else "s"
    offered = [route for route in routes if route.upstream in upstreams]
    passed_on = "\n".join(map(_passed_on, PASSED_ON))
    unknown = _UNKNOWN.fill(unknown=layout.inner_address(_UNKNOWN_PORT))
    identified = oidc.WITHOUT
    if gateway.oidc is not None and identities is not None:
        identified = oidc.parts(
            gateway.oidc, layout=layout, routes=offered, place=identities, passed_on=passed_on, unknown=unknown
        )
    http = _server(offered, layout.inner_address(layout.https_port), "http", secure, unknown, identified)
    grpc = _server(offered, layout.inner_address(layout.grpc_port), "grpc", secure, unknown, oidc.WITHOUT)
    large = gateway.large_requests(max_body)
    connections = 4 * gateway.connections + 4_384 + (3 * oidc.AT_ONCE if gateway.oidc else 0)
    return _CONF.fill(
        root=layout.root,
        scratch=layout.scratch,
        worker_connections=str(connections),
        open_files=str(connections + 512),
        stream_servers=indent("\n".join(_stream_servers(layout, gateway)), "    "),
        health_listen=layout.inner_address(layout.health_port),
        probes=str(_PROBES[1]),
        unknown_listen=layout.inner_address(_UNKNOWN_PORT),
        unknown=str(gateway.address_limits.unknown_per_second),
        unknown_burst=str(gateway.address_limits.requests + gateway.address_limits.unknown_per_second),
        address_requests=str(gateway.address_limits.requests),
        in_memory=rf"~^POST {below(_MEMORY).removeprefix('^')}",
        large=str(large),
        large_of_tenant=str(large // 4),  # so that one tenant leaves most of it to others
        revoked="".join(f'\n        "{each}" revoked;' for each in gateway.revoked_certificates),
        passed_on=indent(passed_on, "    "),
        resolver=f"{layout.resolver} valid=10s{layout.asks}",
        reads=" ".join(sorted(f"{signal}:read" for signal in get_args(Signal))),
        max_body=str(max_body),
        existing=indent((_EXISTING if existing_tokens else _NONE_EXISTING).fill(state=layout.state), "    "),
        upstreams=indent("\n".join(_upstream(*each) for each in upstreams.items()), "    "),
        rests=indent("\n".join(_rests(offered)), "        "),
        client_tls=indent(_CLIENT_TLS.fill(root=layout.root), "    ") if client_certificates else "",
        backend_tls=""
        if backend_tls is None
        else indent(_BACKEND_TLS.fill(root=layout.root, name=backend_tls), "    "),
        http_server=indent(http, "    "),
        grpc_server=indent(grpc, "    "),
        health=indent(health_locations(state=layout.state, known_name=layout.known_name), "        "),
        **identified,
    )


def _stream_servers(layout: Layout, gateway: Gateway) -> Iterator[str]:
    """Yield what clients and kubelets connect to; probes have connections of their own, which clients cannot use up."""
    limits = gateway.address_limits.connections, gateway.connections
    for port, zone, (of_one, of_all) in (
        (layout.https_port, "connections", limits),
        (layout.grpc_port, "connections", limits),
        (layout.health_port, "probes", _PROBES),
    ):
        yield _STREAM_SERVER.fill(
            listen=indent(layout.listen(port), "    ").lstrip(),
            zone=zone,
            of_one=str(of_one),
            of_all=str(of_all),
            inner=layout.inner_address(port),
        )


def _passed_on(header: str) -> str:
    return f"proxy_set_header {header} $http_{header.lower().replace('-', '_')};"


def _upstream(name: str, address: str) -> str:
    return f'map "" ${name} {{ default "{address}"; }}'


def _rests(routes: Iterable[Route]) -> Iterator[str]:
    """Yield the lines that find what follows each path that goes on; nginx wants every capture to have its own name."""
    for number, route in enumerate(route for route in routes if route.rest):
        yield f'"~^{re.escape(route.path)}(?<rest_{number}>{route.rest})(?:\\?|$)" $rest_{number};'


def _server(
    routes: Iterable[Route], listen: str, protocol: Protocol, secure: str, unknown: str, parts: Mapping[str, str]
) -> str:
    locations = (_location(route, secure) for route in routes if route.protocol == protocol)
    return _SERVER.fill(
        listen=listen, unknown=indent(unknown, "        "), locations=indent("\n".join(locations), "    "), **parts
    )


def _location(route: Route, secure: str) -> str:
    lines = list(_conditions(route))
    if route.protocol == "grpc":
        lines += [f"grpc_pass grpc{secure}://${route.upstream};"]
    else:
        seconds = _READ_SECONDS if route.access == "read" else _WRITE_SECONDS
        rest = "$rest" if route.rest else ""
        lines += [
            *([] if route.pushes else ["proxy_request_buffering off;"]),
            f"proxy_read_timeout {seconds}s;",
            f"proxy_pass http{secure}://${route.upstream}{route.target}{rest}$is_args$args;",
        ]
    # A regular expression where the path goes on, because nginx redirects `/a` to a location `/a/` of its own accord.
    match = f"~ ^{re.escape(route.path)}" if route.rest else f"= {route.path}"
    return "\n".join((f"location {match} {{", *(f"    {line}" for line in lines), "}"))


def _conditions(route: Route) -> Iterator[str]:
    yield f"if ($request_method !~ ^(?:{'|'.join(route.methods)})$) {{ return 405; }}"
    yield f"if ($scopes !~ {route.scope}) {{ return 403; }}"
    if route.rest:
        yield 'if ($rest = "") { return 404; }'
    if route.unread:
        yield f'if ($content_type ~* "{route.unread}") {{ return 415; }}'
    if route.protocol == "grpc":  # which passes on what the client sent, whatever nginx made of it
        yield f"if ($request_uri != {route.path}) {{ return 404; }}"


_CONF = Text(Path(__file__).with_name("nginx.conf.template").read_text(encoding="utf-8"))

_SERVER = Text(
    """\
server {
    listen @@{listen} ssl http2 proxy_protocol;@@{identified_listen}@@{identify_first}
    if ($refusal = 401) { rewrite ^ /unknown last; }
    if ($refusal = 403) { return 403; }
    if ($refusal = 413) { return 413; }
@@{locations}
    location = /unknown {
        internal;
@@{unknown}
    }@@{identify_locations}
    location / { return 404; }
    location @error {
        add_header WWW-Authenticate $challenge always;
        add_header Retry-After $retry_after always;
        return 200 '{"error":"$reason"}\\n';
    }
}"""
)

_UNKNOWN = Text(
    """\
proxy_set_header X-Client $proxy_protocol_addr;
proxy_request_buffering off;
proxy_ignore_client_abort on;
proxy_intercept_errors on;
proxy_read_timeout 360s;
proxy_pass http://@@{unknown};"""
)

_STREAM_SERVER = Text(
    """\
server {
    @@{listen}
    limit_conn @@{zone}_by_address @@{of_one};
    limit_conn @@{zone} @@{of_all};
    proxy_pass @@{inner};
}"""
)

_EXISTING = Text(
    """\
map $token $existing_record {
    default "";
    include @@{state}/existing.conf;
}
map "$token\\n$existing_record" $existing_name {
    default "";
    "~^(?<own_token>[^\\n]+)\\n\\k<own_token>\\t(?<name_of_own>[^\\n]+)\\n" $name_of_own;
}"""
)
_NONE_EXISTING = Text('map "" $existing_name { default ""; }')

_CLIENT_TLS = Text(
    """\
ssl_client_certificate @@{root}/client-ca/ca.crt;
ssl_verify_client optional; # whoever has a token may come without
ssl_verify_depth 3;"""
)

_BACKEND_TLS = Text(
    """\
proxy_ssl_name @@{name};
proxy_ssl_server_name on;
proxy_ssl_verify on;
proxy_ssl_verify_depth 3;
proxy_ssl_protocols TLSv1.2 TLSv1.3;
proxy_ssl_trusted_certificate @@{root}/backend-ca/ca.crt;
grpc_ssl_name @@{name};
grpc_ssl_server_name on;
grpc_ssl_verify on;
grpc_ssl_verify_depth 3;
grpc_ssl_protocols TLSv1.2 TLSv1.3;
grpc_ssl_trusted_certificate @@{root}/backend-ca/ca.crt;"""
)
