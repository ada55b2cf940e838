"""A gateway with what is behind it, opened for a test: the real nginx, the real Mimir, and a stand-in for Tempo."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.gateway.http_sink import http_sink
from sandbox.gateway.ledger import Ledger
from sandbox.gateway.loopback import Network, network
from sandbox.gateway.mimir import PORT, Mimir, mimir
from sandbox.gateway.names import Names
from sandbox.gateway.pair import PairFiles
from sandbox.gateway.pod import pod
from sandbox.gateway.process import Gateway, gateway
from sandbox.gateway.tempo import tempo
from sandbox.gateway.volumes import point
from sandbox.toolchain import Toolchain
from telemetry.backends.loki.endpoints import HTTP_PORT as LOKI_HTTP
from telemetry.backends.mimir import values as mimir_chart
from telemetry.backends.pyroscope.endpoints import HTTP_PORT as PYROSCOPE_HTTP
from telemetry.config.access import Pair
from telemetry.gateway import access
from telemetry.stack import Stack
from tests.support import Change, load_stack, put

KEY = "fake-key-of-the-gateway-in-tests"
Tree = dict[str, Any]


@dataclass(frozen=True)
class Edge:
    """A gateway, its DNS and its backends. `ledger` has what reached stand-ins; without `mimir` they are all such."""

    gateway: Gateway
    names: Names
    network: Network
    ledger: Ledger
    mimir: Mimir | None

    def token(self, tenant_id: str) -> str:
        """The token that a tenant was given."""
        token = access.of_tenants(self.gateway.stack, KEY)[tenant_id].token
        assert token is not None
        return token

    def pair(self, tenant_id: str) -> Pair:
        """The client certificate that a tenant was given."""
        pair = access.of_tenants(self.gateway.stack, KEY)[tenant_id].pair
        assert pair is not None
        return pair

    def reached(self) -> int:
        """How many requests have reached any backend."""
        return len(self.ledger) + (self.mimir.requests() if self.mimir else 0)


def stack(address: str, tenants: Sequence[Tree], *changes: Change, **settings: Any) -> Stack:
    """The dev stack with tenants and a gateway at an address, after some changes."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    own = {
        "hosts": [address],
        "issued": {"issued_on": str(yesterday)},
        "address_limits": {"unknown_per_second": 1_000},  # most tests are not about strangers' patience
        **settings,
    }
    return load_stack(
        "dev", *changes, put("tenants", list(tenants)), put("gateway", own), put("credentials.gateway", {"key": KEY})
    )


def tenant(tenant_id: str, **fields: Any) -> Tree:
    """A tenant's settings."""
    return {"id": tenant_id, "display_name": f"Team {tenant_id}", **fields}


@contextmanager
def open_edge(
    tools: Toolchain,
    tenants: Sequence[Tree],
    *,
    directory: Path | None = None,
    existing: dict[str, str] | None = None,
    shows: PairFiles | None = None,
    room: int | None = None,
    changes: Sequence[Change] = (),
    **settings: Any,
) -> Iterator[Edge]:
    """Open an edge; with a directory the metrics' backend is a real Mimir, else everything is a stand-in.

    `existing` are tokens of Secrets that exist already, by object name; `shows` is the backends' certificate; `room` is
    that of the volume which watch.sh writes to; `changes` are made of the stack before that.
    """
    ledger = Ledger()
    with ExitStack() as opened:
        net = opened.enter_context(network())
        address, traces, metrics = net.address(), net.address(), net.address()
        chosen = stack(address, tenants, *changes, **settings)
        names = opened.enter_context(Names(net.address()))
        opened.enter_context(tempo(traces, ledger, shows))
        real = None
        if directory is None:
            opened.enter_context(http_sink(metrics, (PORT, LOKI_HTTP, PYROSCOPE_HTTP), ledger, shows))
        else:
            real = opened.enter_context(_mimir(tools, metrics, directory, chosen, shows))
        point(names, chosen, traces=[traces], metrics=[metrics])
        files = opened.enter_context(
            pod(chosen, KEY, program=tools.path("nginx"), address=address, names=names, existing=existing, room=room)
        )
        running = opened.enter_context(gateway(files))
        yield Edge(running, names, net, ledger, real)


@contextmanager
def _mimir(tools: Toolchain, address: str, directory: Path, chosen: Stack, shows: PairFiles | None) -> Iterator[Mimir]:
    values = mimir_chart.values(chosen.backend("metrics").context)
    config, overrides = values["mimir"]["structuredConfig"], values["runtimeConfig"]["overrides"]
    with mimir(tools.path("mimir"), address, directory, config=config, overrides=overrides, tls=shows) as running:
        yield running
