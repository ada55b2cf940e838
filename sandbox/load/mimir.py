"""Mimir under load: processes of all roles, with a folder for their buckets."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sandbox.gateway.loopback import Network
from sandbox.gateway.mimir import mimir
from sandbox.load.backend import Backend, Running
from sandbox.mimir_ring import wait_joined
from sandbox.toolchain import Toolchain
from telemetry.backends.mimir.sizing import MEASURED
from telemetry.stack import Stack

_SO_MUCH = 10**10


@contextmanager
def _open(tools: Toolchain, settings: Stack, net: Network, replicas: int, directory: Path) -> Iterator[Running]:
    (release,) = settings.backend("metrics").releases
    config, overrides = release.values["mimir"]["structuredConfig"], release.values["runtimeConfig"]["overrides"]
    places = [net.address() for _ in range(replicas)]
    with ExitStack() as opened:
        mimirs = [
            opened.enter_context(
                mimir(
                    tools.path("mimir"),
                    place,
                    directory / f"mimir-{number}",
                    config=config,
                    overrides=overrides,
                    ring=places if replicas > 1 else (),
                    buckets=directory / "buckets",
                )
            )
            for number, place in enumerate(places)
        ]
        if replicas > 1:
            wait_joined([f"http://{each.address}" for each in mimirs], "ingester/ring")
        yield Running(places, {"mimir": [each.pid for each in mimirs]})


def _described(replicas: int) -> str:
    return "1 Mimir" if replicas == 1 else f"{replicas} Mimirs, each with every series,"


MIMIR = Backend(
    name="mimir",
    title="Mimir",
    tools=("mimir",),
    measurements=MEASURED,
    open=_open,
    described=_described,
    settings=lambda _: {},  # how many there are, and that each has every series, is said where they are started
    limits={"ingestion_rate": _SO_MUCH, "burst": _SO_MUCH, "max_series": _SO_MUCH},
)
