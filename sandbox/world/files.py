"""Files of the state directory: written whole or not at all, and unreadable for others."""

import os
import secrets
from pathlib import Path


def private_dir(path: Path) -> Path:
    """Make a directory that only its owner can enter, and return it."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def write_private(path: Path, text: str) -> Path:
    """Write a file with mode 0600 in one step, so that a kill in the middle leaves the old one."""
    private_dir(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def remembered(path: Path, make: str) -> str:
    """Return the text of a file; write it first with the given text when it is not there yet."""
    if not path.exists():
        write_private(path, make)
    return path.read_text()
