"""Keeps a stand-in's state in a file, one line per change: the thousandth change costs what the first did."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sandbox.world.files import write_private


class Journal:
    """Entries in the order in which they were added, in a file of mode 0600. Not thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> list[Any]:
        """Return all entries. A last line without an end was cut off when its writer was killed: it does not count."""
        lines = self._path.read_text().split("\n")[:-1] if self._path.exists() else []
        return [json.loads(line) for line in lines]

    def replace(self, entries: Iterable[Any]) -> None:
        """Put these entries in the place of all others, wholly or not at all."""
        write_private(self._path, "".join(map(_line, entries)))

    def add(self, entry: Any) -> None:
        """Add an entry at the end of the file, which is there."""
        with self._path.open("a") as stream:
            stream.write(_line(entry))


def _line(entry: Any) -> str:
    return json.dumps(entry) + "\n"
