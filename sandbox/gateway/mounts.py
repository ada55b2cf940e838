"""Volumes of ConfigMaps and Secrets, written as the kubelet writes them: all files of a change at once."""

import itertools
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

_DATA = "..data"


class Mounts:
    """Volumes below one directory.

    What a volume shows are links to ``..data/<name>``, and ``..data`` is a link to a directory with the files. A change
    is a new directory, and one rename that lets ``..data`` point to it (Kubernetes, pkg/volume/util/atomic_writer.go).
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._numbers = itertools.count(1)

    def put(self, volume: str, files: Mapping[str, str]) -> None:
        """Write a volume, or change it; ``files`` are texts by path."""
        directory = self.root / volume
        directory.mkdir(parents=True, exist_ok=True)
        content = directory / f"..{next(self._numbers):06d}"
        content.mkdir()
        for name, text in files.items():
            (content / name).parent.mkdir(exist_ok=True)
            (content / name).write_text(text)
        before = (directory / _DATA).resolve() if (directory / _DATA).is_symlink() else None
        draft = directory / "..data_tmp"
        draft.symlink_to(content.name)
        draft.replace(directory / _DATA)
        self._link(directory, {Path(name).parts[0] for name in files})
        if before is not None:
            shutil.rmtree(before)

    def _link(self, directory: Path, shown: Collection[str]) -> None:
        for path in directory.iterdir():
            if not path.name.startswith("..") and path.name not in shown:
                path.unlink()
        for name in shown:
            link = directory / name
            if not link.is_symlink():
                link.symlink_to(Path(_DATA) / name)
