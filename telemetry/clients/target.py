"""The stack that is validated, the way to it, and the tenants' credentials."""

import ssl
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx

from telemetry.clients.otlp import PROTOBUF
from telemetry.clients.reach import Reach, ask
from telemetry.clients.retry import retry
from telemetry.config.access import Pair
from telemetry.config.credentials import Credentials
from telemetry.spec.checks import CheckSkipped
from telemetry.spec.context import TENANT_HEADER, Surroundings

COLLECTOR_ADDRESS = "collector.otlp_http"
"""The name of the collector's address, without a path."""
_TIMEOUT_SECONDS = 10
Blocks = Callable[[str], set[str]]
"""Returns the keys of a tenant's blocks in Mimir's bucket."""


@dataclass(frozen=True)
class Tenant:
    """A tenant in whose name checks are made."""

    id: str | None
    """None where there are no tenants."""
    token: str | None = field(default=None, repr=False)
    pair: Pair | None = field(default=None, repr=False)
    unknown: bool = False
    """Whether its credential is not the program's own, so that nobody can ask in its name."""
    datasources: Mapping[str, str] = field(default_factory=dict)
    """Its datasources' uids by signal."""
    org: int | None = None
    """The Grafana organisation that they belong to; None is our login's."""


@dataclass(frozen=True)
class Target:
    """A stack to validate."""

    stack: Surroundings
    addresses: Mapping[str, str]
    """By signal and name, such as `metrics.query`: where clients come in, and where backends show their own pages."""
    tenants: Sequence[Tenant]
    reach: Reach
    authority: str | None = None
    """PEM of whom clients trust; None for public ones."""
    behind_gateway: bool = False
    """Whether the addresses are those of the backends, although clients come by a gateway: it cannot be reached."""
    credentials: Credentials | None = None
    blocks: Blocks | None = None
    """What lists them, where that is not the bucket itself."""
    collects_as: Sequence[str | None] = ()
    """The tenant as whom the stack's collector sends; empty where it has none that can be asked."""
    flush: bool = True
    """Whether Mimir may be asked to flush a tenant, which makes one small block per ingester."""

    def inner(self, name: str) -> str:
        """Return an address that the stack's network policies keep the API server from (docs/network.md).

        Raises:
            CheckSkipped: it could be asked through the API server only.
        """
        address = self.addresses[name]
        if self.stack.security.network_policies and self.reach.api and not self.reach.is_direct(address):
            raise CheckSkipped(
                f"network policies keep the API server from {address}; forward a pod's port, and say --connect-to"
            )
        return address

    def client(self, tenant: Tenant) -> httpx.Client:
        """Return a client that comes as a tenant's own would."""
        return self._client(self.context(tenant), self.identity(tenant))

    def context(self, tenant: Tenant) -> ssl.SSLContext:
        """Return whom it trusts, and what it shows of itself."""
        context = ssl.create_default_context(cadata=self.authority)
        if tenant.pair is not None:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # Python reads keys from files only
                file.write(tenant.pair.key + tenant.pair.certificate)
                file.flush()
                context.load_cert_chain(file.name)
        if self.behind_gateway:
            context.check_hostname = False  # all backends share one certificate
        return context

    def admin(self, tenant: Tenant | None = None) -> httpx.Client:
        """Return a client of the backends' own pages, which ask for no credential."""
        context = ssl.create_default_context(cadata=self.authority)
        context.check_hostname = False  # all backends share one certificate
        return self._client(context, {TENANT_HEADER: tenant.id} if tenant and tenant.id else {})

    def collect(self, signal: str, content: bytes, seconds: float) -> None:
        """Send OTLP to the stack's collector, which asks nobody who they are.

        Raises:
            CheckFailed: it did not take it within so many seconds.
            CheckSkipped: there is no way to it from here.
        """
        url = f"{self.inner(COLLECTOR_ADDRESS)}/v1/{signal}"
        with self.admin() as client:
            retry(lambda: ask(client, "POST", url, content=content, headers=PROTOBUF), seconds)

    def identity(self, tenant: Tenant) -> dict[str, str]:
        """Return the headers that say who asks: a token for the gateway, the tenant's name for backends."""
        if self.stack.gateway is None or self.behind_gateway:
            return {TENANT_HEADER: tenant.id} if tenant.id else {}
        return {"Authorization": f"Bearer {tenant.token}"} if tenant.token else {}

    def _client(self, context: ssl.SSLContext, headers: Mapping[str, str]) -> httpx.Client:
        transport = self.reach.transport(context)
        return httpx.Client(transport=transport, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False)
