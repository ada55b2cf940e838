"""Trying a program: which version it says it is."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from sandbox.toolchain.catalog import Tool

_SECONDS = 10


class Trial(NamedTuple):
    """Whether a program will do, and what it said."""

    fits: bool
    said: str


def tried(tool: Tool, program: Path) -> Trial:
    """Run a program's version command; one that does not run, or not to a good end, does not fit."""
    try:
        ran = subprocess.run(
            [str(program), *tool.version], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Trial(fits=False, said=str(error))
    said = ran.stdout + ran.stderr
    return Trial(fits=ran.returncode == 0 and tool.accepts(said), said=said)
