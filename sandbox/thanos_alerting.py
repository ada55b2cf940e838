"""The Alertmanagers that Thanos' ruler tells: started as `sandbox.thanos` starts the rest."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from tenacity import Retrying, stop_after_delay, wait_fixed

from sandbox.thanos import Member, Site, running
from telemetry.backends.thanos.endpoints import ALERTMANAGER_GOSSIP, ALERTMANAGER_PORT
from telemetry.spec.alertmanager import FOLDER

_SECONDS_TO_JOIN = 60


@contextmanager
def alertmanagers(site: Site, program: Path, addresses: Sequence[str], credentials: Path) -> Iterator[list[Member]]:
    """Run Alertmanagers on the release's configuration, and yield them once each knows all others.

    Args:
        site: where.
        program: the executable.
        addresses: where they listen, one each.
        credentials: the folder of the receivers' files.
    """
    config = site.directory / "alertmanager.yml"
    config.write_text(site.of.alertmanager.replace(FOLDER, str(credentials)))
    peers = [f"--cluster.peer={each}:{ALERTMANAGER_GOSSIP}" for each in addresses]
    with ExitStack() as opened:
        members = []
        for number, address in enumerate(addresses):
            name = f"alertmanager-{number}"
            process = site.alertmanager(
                program,
                name,
                f"--config.file={config}",
                f"--storage.path={site.directory / name / 'data'}",
                f"--web.listen-address={address}:{ALERTMANAGER_PORT}",
                f"--cluster.listen-address={address}:{ALERTMANAGER_GOSSIP}",
                *peers,
            )
            members.append(opened.enter_context(running(site, name, address, process, ALERTMANAGER_PORT)))
        _await_joined(members)
        yield members


def _await_joined(members: Sequence[Member]) -> None:
    """Return once every Alertmanager knows every other one, which spreads by gossip."""
    for attempt in Retrying(stop=stop_after_delay(_SECONDS_TO_JOIN), wait=wait_fixed(0.25), reraise=True):
        with attempt:
            for member in members:
                cluster = httpx.get(f"{member.url}/api/v2/status").raise_for_status().json()["cluster"]
                if cluster["status"] != "ready" or len(cluster["peers"]) != len(members):
                    raise RuntimeError(f"{member.name} is {cluster['status']} and knows {len(cluster['peers'])} peers")
