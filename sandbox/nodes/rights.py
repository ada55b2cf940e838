"""`python -m sandbox.nodes.rights`: try whether this machine lets us have real nodes; say what is in the way."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from sandbox.nodes import cgroups, linux

_TRIED = "/run"


def missing() -> str | None:
    """Return what real nodes lack here, None if they can be had; tried in a process that leaves nothing."""
    ran = subprocess.run([sys.executable, "-m", __name__], capture_output=True, text=True, check=False)
    return None if ran.returncode == 0 else (ran.stdout + ran.stderr).strip().splitlines()[-1]


def _try() -> str | None:
    if sys.platform != "linux":
        return "they need Linux"
    if os.geteuid() != 0:
        return "they need root"
    if shutil.which("ip") is None:
        return "they need the program `ip` (package iproute2)"
    groups = cgroups.Cgroups(Path("/nodes-tried"))
    try:
        linux.unshare(linux.NEW_NETWORK | linux.NEW_MOUNTS)
        linux.mount("none", "/", flags=linux.RECURSIVE | linux.PRIVATE)
        linux.mount("tmpfs", _TRIED, "tmpfs")
        Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
        groups.make([cgroups.SERVICES])
    except OSError as error:
        return f"they need namespaces, mounts and control groups of their own, and the system says no: {error}"
    finally:
        groups.remove()
    return None


if __name__ == "__main__":
    reason = _try()
    if reason is not None:
        sys.exit(reason)
