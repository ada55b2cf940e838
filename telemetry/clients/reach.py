"""Reaches addresses of a cluster from outside: directly, through a forwarded port, or through the API server."""

import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import httpx
import urllib3
from kubernetes import client

from telemetry.spec.checks import CheckFailed, CheckSkipped, Refused

_PORTS = {"http": 80, "https": 443}
_IN_CLUSTER = re.compile(r"([^.]+)\.([^.]+)\.svc(\.cluster\.local)?")
_TOLD = 200
"""Characters of a refusal that are passed on."""
_HOW = "run this in the cluster, or forward the port and say --connect-to {place}=127.0.0.1:PORT (docs/validation.md)"


@dataclass(frozen=True)
class Reach:
    """The ways into a cluster."""

    connect_to: Mapping[str, str] = field(default_factory=dict)
    """`host:port` to connect to in place of a `host:port`; names in certificates and requests stay."""
    api: client.ApiClient | None = None
    """The cluster's API server; it passes requests on to services, but no credentials and no gRPC."""

    def is_direct(self, address: str) -> bool:
        """Whether a URL or `host:port` can be connected to; a name in the cluster may mean nothing here."""
        host, place = _place(address)
        return place in self.connect_to or _IN_CLUSTER.fullmatch(host) is None or _resolves(host)

    def target(self, address: str) -> tuple[str, str]:
        """Return where to connect to for an address, as `host:port`, and the name that its certificate has.

        Raises:
            CheckSkipped: there is no direct way.
        """
        host, place = _place(address)
        if not self.is_direct(address):
            raise CheckSkipped(f"no route to {place} from here; {_HOW.format(place=place)}")
        return self.connect_to.get(place, place), host

    def transport(self, verify: ssl.SSLContext) -> httpx.BaseTransport:
        """Return an HTTP transport that takes the right way to each address."""
        return _Transport(self, verify)


def ask(asked: httpx.Client, method: str, url: str, **request: object) -> httpx.Response:
    """Send a request, and return the answer if it is a success.

    Raises:
        Refused: it is a refusal for good: 401 or 403.
        CheckFailed: there is none, or no good one, such as a web page.
        CheckSkipped: there is no way to that address.
    """
    try:
        answer = asked.request(method, url, **request)  # type: ignore[arg-type]
    except httpx.HTTPError as error:
        reason = str(error) or "nothing more is known"
        raise CheckFailed(f"{url}: does not answer ({type(error).__name__}: {reason}); is it up?") from error
    said = f"{url}: answered {answer.status_code} ({' '.join(answer.text[:_TOLD].split())})"
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise Refused(f"{said}; it does not take this credential: see docs/tenants.md, 'Credentials'")
    if not answer.is_success:
        raise CheckFailed(said)
    if is_page(answer):
        raise CheckFailed(f"{url}: answered with a web page; is a login or another proxy in front of it?")
    return answer


def is_page(answer: httpx.Response) -> bool:
    """Whether an answer is a page for people, as logins and ingresses have them: no API that we ask sends one."""
    return str(answer.headers.get("Content-Type", "")).startswith("text/html")


def _place(address: str) -> tuple[str, str]:
    url = httpx.URL(address if "://" in address else f"grpc://{address}")
    port = url.port or _PORTS.get(url.scheme, 443)
    return url.host, f"{url.host}:{port}"


@cache
def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


class _Transport(httpx.BaseTransport):
    """Sends each request directly, through a forwarded port, or through the API server."""

    def __init__(self, reach: Reach, verify: ssl.SSLContext) -> None:
        self._reach = reach
        self._direct = httpx.HTTPTransport(verify=verify)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        address = str(request.url.copy_with(raw_path=b"/"))
        if self._reach.api is not None and not self._reach.is_direct(address):
            if "Authorization" in request.headers:
                raise CheckSkipped(f"no route to {request.url.host}, and the API server passes no credentials on")
            return _through(self._reach.api, request)
        place, name = self._reach.target(address)
        host, _, port = place.rpartition(":")
        request.extensions = {**request.extensions, "sni_hostname": name}
        request.url = request.url.copy_with(host=host, port=int(port))  # the header Host is set already
        return self._direct.handle_request(request)

    def close(self) -> None:
        self._direct.close()


def _through(api: client.ApiClient, request: httpx.Request) -> httpx.Response:
    """Send a request to a Service through the API server, which is reached as the kubeconfig says: by a proxy too."""
    service, namespace = request.url.host.split(".")[:2]
    scheme = request.url.scheme
    to = f"{scheme}:{service}:{request.url.port or _PORTS[scheme]}"
    path = f"/api/v1/namespaces/{namespace}/services/{to}/proxy{request.url.raw_path.decode()}"
    kept = {name: value for name, value in request.headers.items() if name not in ("host", "content-length")}
    method, url, headers, *_ = api.param_serialize(
        request.method, path, header_params=kept, auth_settings=["BearerToken"]
    )
    seconds = request.extensions.get("timeout", {}).get("read")
    try:
        answer = api.rest_client.pool_manager.request(
            method, url, body=request.read(), headers=headers, timeout=seconds, redirect=False, decode_content=False
        )
    except urllib3.exceptions.HTTPError as error:
        raise httpx.ConnectError(type(getattr(error, "reason", error)).__name__) from error
    return httpx.Response(answer.status, headers=answer.headers, content=answer.data)
