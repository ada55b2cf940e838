"""Where load goes: a gateway as a stack's settings have it, and a real backend behind it, all on this machine."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.gateway.loopback import network
from sandbox.gateway.names import Names
from sandbox.gateway.pod import pod
from sandbox.gateway.process import Gateway, gateway
from sandbox.gateway.volumes import point
from sandbox.load.backend import Backend, Running
from sandbox.load.plan import SENDERS, Plan
from sandbox.toolchain import Toolchain
from telemetry.clients.reach import Reach
from telemetry.clients.target import Target, Tenant
from telemetry.gateway import access
from telemetry.gateway.secrets import upstreams
from telemetry.spec.context import TENANT_HEADER
from telemetry.spec.routes import Route
from telemetry.stack import Stack

GATEWAY = "gateway"
"""The group of its processes."""
_KEY = "fake-key-of-the-gateway-under-load"
_SO_MUCH = 100_000
"""More than anybody sends: what the run measures is not to be a limit."""
_LIMITS = {"requests_per_second": _SO_MUCH, "requests_burst": _SO_MUCH, "concurrent_requests": 10_000}
_TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Site:
    """A gateway with a backend behind it."""

    gateway: Gateway
    backend: Running

    @property
    def groups(self) -> Mapping[str, Sequence[int]]:
        """The processes of each part, by what it is called."""
        return {GATEWAY: [self.gateway.process.pid], **self.backend.parts}

    def through_gateway(self, tenant: int, *, certificate: bool = False, keep: bool = True) -> httpx.Client:
        """Return a client of the gateway that comes as a tenant.

        Args:
            tenant: its number.
            certificate: whether it shows a client certificate in place of its token.
            keep: whether it keeps its connections; else each request has a handshake of its own.
        """
        credential = list(access.of_tenants(self.gateway.stack, _KEY).values())[tenant]
        shown = Tenant("", pair=credential.pair) if certificate else Tenant("", token=credential.token)
        target = Target(self.gateway.stack, {}, [], Reach(), self.gateway.authority)
        context, headers = target.context(shown), target.identity(shown)
        return _client(self.gateway.url, context, headers, keep=keep)

    def direct(self, tenant: int, path: str) -> tuple[httpx.Client, str]:
        """Return a client of where the gateway leads a path, and the path there.

        It says itself which tenant it is, and is believed.
        """
        route = self._route(path)
        _, _, port = upstreams(self.gateway.stack)[route.upstream].rpartition(":")
        headers = {TENANT_HEADER: self.gateway.stack.tenants[tenant].id}
        url = f"http://{self.backend.addresses[0]}:{port}"
        return _client(url, ssl.create_default_context(), headers, keep=True), route.target

    def _route(self, path: str) -> Route:
        return next(each for each in self.gateway.stack.backend("metrics").of.routes if each.path == path)


@contextmanager
def opened(tools: Toolchain, backend: Backend, plan: Plan, directory: Path) -> Iterator[Site]:
    """Run a gateway and as many replicas of a backend as the plan says.

    Raises:
        RuntimeError: one did not start; the message ends with its last lines.
    """
    with ExitStack() as stack:
        net = stack.enter_context(network())
        address = net.address()
        settings = settings_of(backend, plan, address)
        names = stack.enter_context(Names(net.address()))
        running = stack.enter_context(backend.open(tools, settings, net, plan.replicas, directory))
        places = list(running.addresses)
        point(names, settings, traces=places, metrics=places)
        files = stack.enter_context(pod(settings, _KEY, program=tools.path("nginx"), address=address, names=names))
        yield Site(stack.enter_context(gateway(files)), running)


def settings_of(backend: Backend, plan: Plan, address: str) -> Stack:
    """Return the settings of a stack with a gateway at an address and so many tenants, who may send as they like."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    limits = {**_LIMITS, "metrics": dict(backend.limits)}
    own: dict[str, Any] = {
        "hosts": [address],
        "issued": {"issued_on": str(yesterday)},
        "accept_shared_organisation": True,
        **backend.gateway,
    }
    tenants = [
        {"id": f"t{each}", "display_name": f"T{each}", "limits": limits, "access": {"accepts": "either"}}
        for each in range(plan.tenants)
    ]
    return backend.stack(plan.replicas, tenants=tenants, gateway=own)


def _client(url: str, context: ssl.SSLContext, headers: Mapping[str, str], *, keep: bool) -> httpx.Client:
    limits = httpx.Limits(max_connections=SENDERS * 2, max_keepalive_connections=SENDERS * 2 if keep else 0)
    return httpx.Client(
        base_url=url, verify=context, headers=headers, limits=limits, timeout=_TIMEOUT_SECONDS, trust_env=False
    )
