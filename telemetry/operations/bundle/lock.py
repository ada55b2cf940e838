"""The lock of charts: the digest of each chart's version."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from telemetry.config.chart import Chart
from telemetry.operations.bundle.errors import BundleError

_HEAD = """\
# The SHA-256 of each chart's released archive, wherever that is taken from. A bundle is made of these and no others.
# python -m telemetry bundle-lock STACK adds what is missing, from where the settings take the chart; it changes nothing
# that stands here.
"""


class Key(NamedTuple):
    """A chart's version."""

    name: str
    version: str


class _Locked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    version: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    source: str
    """Where the digest was learnt."""


class Lock(BaseModel):
    """What is locked."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    charts: list[_Locked] = Field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> "Lock":
        """Return a lock from its file; an empty one if there is none.

        Raises:
            BundleError: it is no lock.
        """
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            return cls.model_validate(content or {})
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
            raise BundleError(f"{path}: is no lock of charts; take it from Git again ({_first(error)})") from error

    def write(self, path: Path) -> None:
        """Write it."""
        content = yaml.safe_dump(self.model_dump(), sort_keys=False, width=200)
        path.write_text(_HEAD + content, encoding="utf-8")

    def digest(self, chart: Chart) -> str | None:
        """Return the digest of a chart's version; None if it is not locked."""
        return next((each.sha256 for each in self.charts if (each.name, each.version) == _key(chart)), None)

    def check(self, chart: Chart, sha256: str) -> None:
        """Refuse an archive that is not the locked one.

        Raises:
            BundleError: it is another, or none is locked.
        """
        locked = self.digest(chart)
        named = f"chart {chart.name} {chart.version} of {origin(chart)}"
        if locked is None:
            raise BundleError(
                f"{named}: is not in the lock of charts; look at it, then: python -m telemetry bundle-lock STACK"
            )
        if locked != sha256:
            raise BundleError(
                f"{named}: its digest is {sha256}, but {locked} is locked; somebody has changed what was released, so "
                "find out who before you use it, and only then take it out of the lock"
            )

    def extended(self, found: Mapping[Key, tuple[Chart, str]]) -> "Lock":
        """Return the lock with what was found and is not in it yet, sorted."""
        new = [
            _Locked(name=key.name, version=key.version, sha256=sha256, source=origin(chart))
            for key, (chart, sha256) in found.items()
            if self.digest(chart) is None
        ]
        return Lock(charts=sorted([*self.charts, *new], key=lambda each: (each.name, each.version)))


def origin(chart: Chart) -> str:
    """Return where a chart is taken from, for people."""
    return chart.repository or chart.source


def _key(chart: Chart) -> Key:
    return Key(chart.name, chart.version)


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]
