"""Runs a program in a network namespace without any route: nothing but its own loopback can be reached.

As root or where users may make namespaces by `unshare`; where they may not (AppArmor of Ubuntu 24.04) by `sudo`, which
CI's machines have, and as the user who asked. Run as a program it is what `unshare` or `sudo` starts.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

_SIOCSIFFLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_WAYS = (("unshare", "--map-root-user", "--net"), ("unshare", "--net"), ("sudo", "-n", "unshare", "--net"))


def run(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a command there to its end, with these variables and no others."""
    way = next((way for way in _WAYS if subprocess.run([*way, "true"], capture_output=True).returncode == 0), None)
    assert way is not None, f"no network namespace can be made here; one of these has to work: {_WAYS}"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "start.json"
        user = [os.getuid(), os.getgid()] if way[0] == "sudo" else None
        file.write_text(json.dumps({"command": list(command), "environment": dict(environment), "user": user}))
        line = [*way, sys.executable, __file__, str(file)]
        return subprocess.run(line, capture_output=True, text=True, check=False, timeout=seconds)


def _begin(file: Path) -> None:
    """Bring the loopback up, become the user again, and become the command."""
    start = json.loads(file.read_text())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))
    if start["user"] is not None:
        user, group = start["user"]
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    os.execve(start["command"][0], start["command"], start["environment"])  # noqa: S606 - becomes it


if __name__ == "__main__":
    _begin(Path(sys.argv[1]))
