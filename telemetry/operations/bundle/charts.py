"""Charts of a stack: fetched, held against the lock, and laid out as an HTTP repository of their own."""

import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from telemetry.clients.cli_tools import Helm
from telemetry.config.chart import Chart
from telemetry.operations.bundle import archive, manifest
from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.lock import Lock, origin

FOLDER = "charts"


@dataclass(frozen=True)
class Archive:
    """A chart's archive."""

    chart: Chart
    path: Path
    sha256: str
    metadata: dict[str, Any]
    """Its Chart.yaml."""

    @property
    def released(self) -> bool:
        """Whether somebody released it, so that a lock can name it: a folder of the project is packed here."""
        return not self.chart.by_path or self.chart.source.endswith(".tgz")

    @property
    def subcharts(self) -> list[str]:
        """`name version` of the charts that it needs."""
        return [f"{each['name']} {each['version']}" for each in self.metadata.get("dependencies") or ()]

    def described(self) -> manifest.Chart:
        """Return it as a manifest has it."""
        app = self.metadata.get("appVersion")
        return manifest.Chart(
            name=self.chart.name,
            version=self.chart.version,
            app_version=None if app is None else str(app),
            source=origin(self.chart),
            file=f"{FOLDER}/{self.path.name}",
            locked=self.released,
            subcharts=self.subcharts,
        )


def fetch(chart: Chart, helm: Helm, folder: Path) -> Archive:
    """Bring a chart's archive into a folder, from wherever the settings take it, and read it.

    Raises:
        BundleError: it is not what it should be.
        ToolError: helm cannot have it.
    """
    path = folder / f"{chart.name}-{chart.version}.tgz"
    if not chart.by_path:
        with TemporaryDirectory(dir=folder) as pulled:
            helm.pull(chart.source, version=chart.version, repository=chart.repository, destination=Path(pulled))
            archives = list(Path(pulled).iterdir())  # called otherwise where it was asked for by its digest
            if len(archives) != 1:
                raise BundleError(f"chart {chart.name}: helm pull wrote {len(archives)} archives of {chart.source}")
            archives[0].replace(path)
    else:
        there = (helm.folder / chart.source).resolve()
        if there.is_dir():
            archive.pack_folder(there, path, below=chart.name)
        elif there.is_file():
            path.write_bytes(there.read_bytes())
        else:
            raise BundleError(f"chart {chart.name}: there is no {chart.source}; a path begins at the project's folder")
    return _read(chart, path)


def check(archives: Iterable[Archive], lock: Lock) -> None:
    """Hold released archives against the lock.

    Raises:
        BundleError: one is not the locked one.
    """
    for each in archives:
        if each.released:
            lock.check(each.chart, each.sha256)


def index(archives: Iterable[Archive]) -> str:
    """Return the index.yaml that makes an HTTP repository of a folder of archives; helm's own has the time in it."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for each in sorted(archives, key=lambda one: one.path.name):
        entry = {**each.metadata, "digest": each.sha256, "urls": [each.path.name], "created": "1980-01-01T00:00:00Z"}
        entries.setdefault(each.chart.name, []).append(entry)
    return yaml.safe_dump({"apiVersion": "v1", "entries": entries, "generated": "1980-01-01T00:00:00Z"})


def _read(chart: Chart, path: Path) -> Archive:
    named = f"chart {chart.name} {chart.version}"
    try:
        text, names = archive.contents(path, f"{chart.name}/Chart.yaml")
        metadata = yaml.safe_load(text or "")
    except (OSError, EOFError, tarfile.TarError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BundleError(f"{named}: {path.name} cannot be read ({error})") from error
    if not isinstance(metadata, dict) or (metadata.get("name"), str(metadata.get("version"))) != (
        chart.name,
        chart.version,
    ):
        raise BundleError(f"{named}: {origin(chart)} gave another chart; its Chart.yaml says otherwise")
    for needed in metadata.get("dependencies") or ():
        inside = f"{chart.name}/charts/{needed['name']}"
        if not any(name.startswith((f"{inside}/", f"{inside}-")) for name in names):
            raise BundleError(
                f"{named}: its subchart {needed['name']} is not in it; a released archive has it, a folder gets it "
                "with: helm dependency build"
            )
    return Archive(chart, path, manifest.described(path).sha256, metadata)
