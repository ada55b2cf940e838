"""`python -m sandbox.continuity.client STACK SETTINGS FILE [BEGIN END]`: write until told to stop, or count.

It runs among the nodes, where the cluster's names lead to pods. With two moments (milliseconds since the epoch) it
counts what was acknowledged between them and is not found, and prints the number.
"""

import signal
import sys
import threading
from pathlib import Path

from sandbox.continuity import traffic
from telemetry.cli.validate import target_of
from telemetry.clients.cli_tools import Pulumi
from telemetry.clients.reach import Reach
from telemetry.clients.target import Target
from telemetry.stack import decrypted
from telemetry.stack import file as stack_file


def target(stack: str, settings: Path) -> Target:
    """Return a deployed stack, at the addresses of its outputs."""
    outputs = Pulumi(stack, settings).json("stack output", "--json")
    return target_of(stack_file.load(stack, settings), outputs, decrypted.load(stack, settings), Reach(), {})


def main(stack: str, settings: Path, file: Path, *window: int) -> None:
    """Write, or count."""
    if window:
        sys.stdout.write(f"{traffic.lost(target(stack, settings), traffic.read(file, *window))}\n")
        return
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    traffic.write(target(stack, settings), file, stop)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *map(int, sys.argv[4:]))
