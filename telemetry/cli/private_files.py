"""Files that hold secrets: new, and for one user alone."""

import os
from pathlib import Path


def write_new(path: Path, content: str) -> None:
    """Write a file that only this user can read, and make the folders on the way to it.

    Raises:
        FileExistsError: there is one already, which is left alone.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise FileExistsError(f"{path}: is there already, and is left alone; remove it first") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
