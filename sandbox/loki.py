"""Real Loki processes on the configuration that its release has: one with every role, or one per role.

The cluster's pods do not run (kwok only says so), so the `loki` binary is started here, with the flags that the chart
gives its containers, and with addresses and directories of this machine in the place of the cluster's.
"""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.readiness import await_ready
from telemetry.backends.loki.endpoints import HTTP_PORT

_GRPC, _GOSSIP = 9095, 7946
_SECONDS_TO_START, _SECONDS_TO_FLUSH = 120, 60


@dataclass(frozen=True)
class Deployed:
    """What the release has on the cluster."""

    config: str
    runtime: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Member:
    """One Loki process."""

    target: str
    address: str
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where its HTTP port is."""
        return f"http://{self.address}:{HTTP_PORT}"

    def end(self) -> None:
        """End it; who holds lines as Kubernetes does, with time to flush them."""
        if self.target not in ("all", "write"):
            self.process.kill()
        self.process.terminate()
        try:
            self.process.wait(_SECONDS_TO_FLUSH)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def loki(
    program: Path, deployed: Deployed, targets: Sequence[tuple[str, str]], directory: Path
) -> Iterator[dict[str, Member]]:
    """Run Loki, and yield its processes by target once each is ready.

    Args:
        program: the executable.
        deployed: what it runs on.
        targets: what each process is to be (`all`, or `read`, `write`, `backend`), and the address of loopback that
            it has for itself.
        directory: where its files go.

    Raises:
        RuntimeError: one did not start; the message ends with its last lines.
    """
    (directory / "runtime.yaml").write_text(deployed.runtime)
    with ExitStack() as stack:
        members = [stack.enter_context(_member(program, deployed, each, targets, directory)) for each in targets]
        for member in members:
            log = directory / f"{member.target}.log"
            await_ready(member.process, f"{member.url}/ready", "Loki", log, seconds=_SECONDS_TO_START, client=None)
        yield {member.target: member for member in members}


@contextmanager
def _member(
    program: Path,
    deployed: Deployed,
    own: tuple[str, str],
    all_of_them: Sequence[tuple[str, str]],
    directory: Path,
) -> Iterator[Member]:
    target, address = own
    config = placed(yaml.safe_load(deployed.config), own, all_of_them, directory)
    (directory / f"{target}.yaml").write_text(yaml.safe_dump(config))
    line = [str(program), *_flags(target, address, directory)]
    with (directory / f"{target}.log").open("w") as log:
        process = subprocess.Popen(line, env=dict(deployed.environment), stdout=log, stderr=log)
        member = Member(target, address, process)
        try:
            yield member
        finally:
            member.end()


def placed(
    config: dict[str, Any], own: tuple[str, str], all_of_them: Sequence[tuple[str, str]], directory: Path
) -> dict[str, Any]:
    """Return a configuration with places of this machine; in the file, because Loki infers other settings from it."""
    target, address = own
    backend = dict(all_of_them).get("backend", address)
    config["common"] |= {
        "instance_addr": address,
        "ring": {"kvstore": {"store": "memberlist"}},  # which is what it infers where no address is stated
        "path_prefix": str(directory / target),
        "compactor_grpc_address": f"{backend}:{_GRPC}",
    }
    join = [f"{each}:{_GOSSIP}" for _, each in all_of_them]
    config["memberlist"] |= {"bind_addr": [address], "join_members": join}
    if target != "all":
        config["storage_config"]["tsdb_shipper"]["index_gateway_client"]["server_address"] = f"{backend}:{_GRPC}"
    return config


def _flags(target: str, address: str, directory: Path) -> list[str]:
    return [
        f"-target={target}",
        f"-config.file={directory / f'{target}.yaml'}",
        "-config.expand-env=true",
        *(["-legacy-read-mode=false"] if target == "backend" else []),
        f"-runtime-config.file={directory / 'runtime.yaml'}",
        f"-server.http-listen-address={address}",
        f"-server.grpc-listen-address={address}",
        "-ingester.min-ready-duration=0s",
        f"-memberlist.nodename={target}",
        f"-memberlist.advertise-addr={address}",
    ]
