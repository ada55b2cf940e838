"""The engine's processes can be interrupted even where the sandbox was started with SIGINT ignored."""

import signal
import subprocess
import sys

from sandbox.paths import REPO

CHILD = "import signal; print(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
PROGRAM = f"""
import subprocess, sys
from sandbox.engine import heed_interrupts
subprocess.run([sys.executable, "-c", {CHILD!r}], check=True)
heed_interrupts()
subprocess.run([sys.executable, "-c", {CHILD!r}], check=True)
"""


def test_an_ignored_interrupt_is_not_handed_down() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=REPO, capture_output=True, text=True, check=True)
    finally:
        signal.signal(signal.SIGINT, before)
    assert done.stdout.split() == ["True", "False"]
