"""Where the sandbox keeps things: one state directory in the checkout, one tool cache per user."""

import os
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
STACKS = ("dev", "test", "prod")


def state_dir() -> Path:
    """Return the directory of everything that belongs to this checkout's world; TELEMETRY_SANDBOX_STATE overrides."""
    return Path(os.environ.get("TELEMETRY_SANDBOX_STATE", REPO / ".sandbox")).absolute()


def stack_file(stack: str) -> Path:
    """Return a stack's own file: that of the folder STACK_FILES, else the checkout's."""
    name = f"Pulumi.{stack}.yaml"
    asked = Path(os.environ.get("STACK_FILES", REPO)).absolute() / name
    return asked if asked.exists() else REPO / name


def relative(path: Path) -> str:
    """Return a path as it looks from the checkout, or whole where it lies elsewhere."""
    return str(path.relative_to(REPO)) if path.is_relative_to(REPO) else str(path)
