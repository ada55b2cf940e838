"""A certificate and its key as files: what servers take."""

from pathlib import Path
from typing import NamedTuple

from telemetry.config.access import Pair


class PairFiles(NamedTuple):
    """Paths of a certificate and its key, in PEM."""

    certificate: Path
    key: Path


def written(pair: Pair, directory: Path) -> PairFiles:
    """Write a pair into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    files = PairFiles(directory / "tls.crt", directory / "tls.key")
    files.certificate.write_text(pair.certificate)
    files.key.write_text(pair.key)
    return files
