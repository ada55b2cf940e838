"""`python -m sandbox.nodes.namespaces FILE`: make the nodes' namespaces, hold them, and forward between worlds.

The network namespace has no link to the machine's: no bridge, address, route or rule of the nodes is seen outside.
What has to pass does so through this process, whose sockets are of either side: programs among the nodes reach the
world's services at the loopback addresses that these have outside, and the API server reaches kubelets and pods
through a socket file (its HTTP CONNECT). Mounts are seen inside only; so are the folders that container runtimes
write to at fixed places, and kernel settings that kubelets would change for the whole machine.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sandbox.nodes import cgroups, forward, linux

_HIDDEN = ("/run", "/var/lib", "/var/log")
_RESOLV_CONF = Path("/etc/resolv.conf")
# What a kubelet sets if it is otherwise (k8s.io/component-helpers/node/util/sysctl); here it finds it as it wants it.
_TUNABLES = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
_NETWORK = {"ip_forward": "1", "conf/all/rp_filter": "0", "conf/default/rp_filter": "0"}


@dataclass(frozen=True)
class Settings:
    """What the file holds.

    ``state`` is the world's directory, ``groups`` its control groups. ``kept`` are directories that stay to be seen.
    ``forwards`` are listeners inside, as (address, port, port of the machine's loopback), ``socket`` is the file of the
    way in.
    """

    state: str
    groups: list[str]
    addresses: list[str]
    service_range: str
    source: str
    resolv_conf: str
    kept: list[str]
    forwards: list[tuple[str, int, int]]
    socket: str


def main(file: str) -> None:
    """Make the namespaces and serve until killed."""
    settings = Settings(**json.loads(Path(file).read_text()))
    cgroups.Cgroups(Path(settings.state)).make(settings.groups)
    outside = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    linux.unshare(linux.NEW_NETWORK | linux.NEW_MOUNTS)
    inside = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    _mount(settings)
    _address(settings)
    asyncio.run(forward.serve(settings.forwards, Path(settings.socket), forward.Side(outside, inside)))


def _mount(settings: Settings) -> None:
    linux.mount("none", "/", flags=linux.RECURSIVE | linux.PRIVATE)
    for place in _HIDDEN:
        _hide(place, settings.kept)
    with tempfile.TemporaryDirectory(dir="/run") as directory:
        for name, value in _TUNABLES.items():
            file = Path(directory) / name.replace("/", "-")
            file.write_text(value + "\n")
            if Path("/proc/sys", name).exists():
                linux.mount(str(file), f"/proc/sys/{name}", flags=linux.BIND)
        resolv_conf = Path(directory) / "resolv.conf"
        resolv_conf.write_text(settings.resolv_conf)
        target = _RESOLV_CONF.resolve()
        if not target.exists():  # it pointed into a folder that is hidden now
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        linux.mount(str(resolv_conf), str(target), flags=linux.BIND)


def _hide(place: str, kept: Iterable[str]) -> None:
    """Put an empty folder in the place of another, in which only what is to be kept is found again."""
    below = [each for each in kept if Path(each).is_relative_to(place)]
    opened = {each: os.open(each, os.O_PATH | os.O_CLOEXEC) for each in below}
    linux.mount("tmpfs", place, "tmpfs", options="mode=755")
    for each, descriptor in opened.items():
        Path(each).mkdir(parents=True, exist_ok=True)
        linux.mount(f"/proc/self/fd/{descriptor}", each, flags=linux.BIND | linux.RECURSIVE)
        os.close(descriptor)


def _address(settings: Settings) -> None:
    """Give the namespace its addresses. Services have none: only the source of who asks them from here is said."""
    commands = [
        "link set lo up",
        *(f"address add {address}/32 dev lo" for address in settings.addresses),
        f"route add {settings.service_range} dev lo src {settings.source}",
    ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)
    for name, value in _NETWORK.items():
        Path("/proc/sys/net/ipv4", name).write_text(value)


if __name__ == "__main__":
    main(sys.argv[1])
