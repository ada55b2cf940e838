"""Where load goes: a gateway as a stack's settings have it, and real Mimirs behind it, all on this machine."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.gateway.loopback import network
from sandbox.gateway.mimir import Mimir, mimir
from sandbox.gateway.names import Names
from sandbox.gateway.pod import pod
from sandbox.gateway.process import Gateway, gateway
from sandbox.gateway.volumes import point
from sandbox.load.plan import SENDERS, Plan
from sandbox.mimir_ring import wait_joined
from sandbox.toolchain import Toolchain
from telemetry.clients.reach import Reach
from telemetry.clients.target import Target, Tenant
from telemetry.gateway import access
from telemetry.spec.context import TENANT_HEADER
from telemetry.stack import Stack, load_settings
from telemetry.stack import file as stack_file

_STACK = "dev"
"""Whose settings the gateway and Mimir are made of; shapes differ in how many Mimirs there are."""
_KEY = "fake-key-of-the-gateway-under-load"
_SO_MUCH = 100_000
"""More than anybody sends: what the run measures is not to be a limit."""
_LIMITS = {
    "requests_per_second": _SO_MUCH,
    "requests_burst": _SO_MUCH,
    "concurrent_requests": 10_000,
    "metrics": {"ingestion_rate": _SO_MUCH * _SO_MUCH, "burst": _SO_MUCH * _SO_MUCH, "max_series": _SO_MUCH**2},
}
_TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Site:
    """A gateway with Mimirs behind it."""

    gateway: Gateway
    mimirs: Sequence[Mimir]

    @property
    def groups(self) -> Mapping[str, Sequence[int]]:
        """The processes of each part, by what it is called."""
        return {"gateway": [self.gateway.process.pid], "mimir": [each.pid for each in self.mimirs]}

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

    def direct(self, tenant: int) -> httpx.Client:
        """Return a client of the first Mimir itself, which believes what it is told of the tenant."""
        headers = {TENANT_HEADER: self.gateway.stack.tenants[tenant].id}
        return _client(f"http://{self.mimirs[0].address}", ssl.create_default_context(), headers, keep=True)


@contextmanager
def opened(tools: Toolchain, plan: Plan, directory: Path) -> Iterator[Site]:
    """Run a gateway and so many Mimirs as the plan says.

    Raises:
        RuntimeError: one did not start; the message ends with its last lines.
    """
    with ExitStack() as stack:
        net = stack.enter_context(network())
        address, places = net.address(), [net.address() for _ in range(plan.mimirs)]
        settings = _settings(address, plan.tenants)
        names = stack.enter_context(Names(net.address()))
        mimirs = [
            stack.enter_context(_mimir(tools, settings, places, number, directory)) for number in range(plan.mimirs)
        ]
        if plan.mimirs > 1:
            wait_joined([f"http://{each.address}" for each in mimirs], "ingester/ring")
        point(names, settings, traces=places, metrics=places)
        files = stack.enter_context(pod(settings, _KEY, program=tools.path("nginx"), address=address, names=names))
        yield Site(stack.enter_context(gateway(files)), mimirs)


@contextmanager
def _mimir(tools: Toolchain, settings: Stack, places: Sequence[str], number: int, directory: Path) -> Iterator[Mimir]:
    (release,) = settings.backend("metrics").releases
    config, overrides = release.values["mimir"]["structuredConfig"], release.values["runtimeConfig"]["overrides"]
    ring, own = (places, directory / f"mimir-{number}") if len(places) > 1 else ((), directory / "mimir")
    with mimir(
        tools.path("mimir"),
        places[number],
        own,
        config=config,
        overrides=overrides,
        ring=ring,
        buckets=directory / "buckets",
    ) as running:
        yield running


def _settings(address: str, tenants: int) -> Stack:
    """Return the settings of a stack with a gateway at an address and so many tenants, who may send as they like."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    own: dict[str, Any] = {
        "tenants": [
            {"id": f"t{each}", "display_name": f"T{each}", "limits": _LIMITS, "access": {"accepts": "either"}}
            for each in range(tenants)
        ],
        "gateway": {"hosts": [address], "issued": {"issued_on": str(yesterday)}, "accept_shared_organisation": True},
    }
    config = stack_file.config(_STACK) | {f"telemetry:{key}": value for key, value in own.items()}
    return load_settings(stack_file.as_given(config), _STACK)


def _client(url: str, context: ssl.SSLContext, headers: Mapping[str, str], *, keep: bool) -> httpx.Client:
    limits = httpx.Limits(max_connections=SENDERS * 2, max_keepalive_connections=SENDERS * 2 if keep else 0)
    return httpx.Client(
        base_url=url, verify=context, headers=headers, limits=limits, timeout=_TIMEOUT_SECONDS, trust_env=False
    )
