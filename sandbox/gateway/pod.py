"""What the gateway's pod has before it starts: nginx, a place to write to, and the volumes of a stack."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.gateway.mounts import Mounts
from sandbox.gateway.names import Names
from sandbox.gateway.volumes import put_config, put_secrets
from telemetry.gateway.layout import Layout
from telemetry.stack import Stack

NOBODY = 65534
"""Whom root becomes: the pod has no root, and nginx's workers would have other rights than a root that starts them."""


@dataclass(frozen=True)
class Pod:
    """A directory with all that watch.sh needs, and where it listens."""

    stack: Stack
    key: str
    layout: Layout
    mounts: Mounts
    inside: tuple[str, ...] = ()
    """The program, with its arguments, that watch.sh is started by."""

    @property
    def directory(self) -> Path:
        """Holds nginx, its volumes, its scratch and its logs."""
        return self.mounts.root.parent

    @property
    def logs(self) -> tuple[Path, Path]:
        """Where standard output goes, which is the access log, and standard error."""
        return self.directory / "logs" / "access", self.directory / "logs" / "error"


@contextmanager
def pod(
    stack: Stack,
    key: str,
    *,
    program: Path,
    address: str,
    names: Names,
    existing: Mapping[str, str] | None = None,
    inside: tuple[str, ...] = (),
    room: int | None = None,
    **layout: Any,
) -> Iterator[Pod]:
    """Prepare a gateway, and remove its files when it is left.

    Args:
        stack: its settings; `gateway.hosts` should have the address, for clients to verify it.
        key: what tokens and certificates are derived from.
        program: nginx.
        address: where it is to listen.
        names: its DNS.
        existing: tokens of Secrets that exist already, by the tenant's object name.
        inside: the program, with its arguments, that watch.sh is started by.
        room: bytes of the volume that watch.sh writes to, a volume of its own then, which takes root.
        layout: what else is to be otherwise than in a pod.
    """
    # Of its own, because neither the toolchain's cache nor pytest's directories are open to nobody.
    directory = Path(tempfile.mkdtemp(prefix="telemetry-gateway-"))
    directory.chmod(0o711)
    state = directory / "state"
    try:
        mounts, scratch = Mounts(directory / "root"), directory / "scratch"
        places = {"root": str(mounts.root), "scratch": str(scratch), "state": str(state)}
        chosen = Layout(**{**places, "address": address, "inner": address, "resolver": names.server, **layout})
        made = Pod(stack, key, chosen, mounts, inside)
        put_config(mounts, stack, chosen)
        put_secrets(mounts, stack, key)
        if existing is not None:
            mounts.put("existing", {f"{name}/token": token for name, token in existing.items()})
        install(program, directory)
        for folder in (scratch, state, made.logs[0].parent):
            folder.mkdir()
        for log in made.logs:
            log.touch()
        if room is not None:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", state], check=True)
        if os.geteuid() == 0:
            for path in (scratch, state, *made.logs):
                os.chown(path, NOBODY, NOBODY)
        yield made
    finally:
        if state.is_mount():
            subprocess.run(["umount", state], check=True)
        shutil.rmtree(directory)


def install(program: Path, directory: Path) -> Path:
    """Put nginx into a directory; Debian's has the stream module in a file of its own, nginx's images built in."""
    script = directory / "nginx"
    module = program.parents[1] / "lib" / "nginx" / "modules" / "ngx_stream_module.so"
    if not module.exists():
        return Path(shutil.copy(program, script))
    shutil.copy(program, directory / "nginx.bin")
    shutil.copy(module, directory / module.name)
    loads = f"load_module {directory / module.name};"
    script.write_text(f'#!/bin/sh\nexec {directory}/nginx.bin -g "{loads}" "$@"\n')
    script.chmod(0o755)
    return script
