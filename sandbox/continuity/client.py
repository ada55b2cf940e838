"""`python -m sandbox.continuity.client STACK SETTINGS FILE SIGNALS [BEGIN END]`: write until told to stop, or count.

It runs among the nodes, where the cluster's names lead to pods. SIGNALS are names with commas between. With two moments
(milliseconds since the epoch) it counts what was acknowledged between them and is not found, and prints the number.
"""

import signal
import sys
import threading
from pathlib import Path

from sandbox.continuity import traffic
from sandbox.continuity.signals import SIGNALS
from telemetry.cli.validate import target_of
from telemetry.clients.cli_tools import Pulumi
from telemetry.clients.reach import Reach
from telemetry.clients.target import Target
from telemetry.stack import decrypted
from telemetry.stack import file as stack_file


def target(stack: str, settings: Path) -> Target:
    """Return a deployed stack, at the addresses of its outputs."""
    outputs = Pulumi(stack, settings).json("stack output", "--json")
    loaded = stack_file.load(stack, settings)
    return target_of(loaded, outputs, decrypted.load(loaded, settings), Reach(), {})


def main(stack: str, settings: Path, file: Path, names: str, *window: int) -> None:
    """Write, or count."""
    signals, place = [SIGNALS[name] for name in names.split(",")], target(stack, settings)
    if window:
        missing = sum(traffic.lost(place, each, traffic.read(file, each, *window)) for each in signals)
        sys.stdout.write(f"{missing}\n")
        return
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    traffic.write(place, signals, file, stop)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4], *map(int, sys.argv[5:]))
