"""Makes a bundle, part by part, in a folder beside where it is to be; nothing is there before all of it is."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from telemetry.clients.cli_tools import Helm
from telemetry.config.chart import Chart
from telemetry.gateway.addresses import SERVICE
from telemetry.kubernetes.manifests import documents
from telemetry.operations.bundle import archive, charts, images, manifest, programs, sources, wheels
from telemetry.operations.bundle.charts import Archive
from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.lock import Key, Lock
from telemetry.operations.bundle.manifest import Image, Manifest, described, files_below
from telemetry.operations.bundle.registries import Registries, UnresolvedError
from telemetry.operations.bundle.verify import SUFFIX
from telemetry.operations.compare.charts import objects_of_gateway
from telemetry.releases import releases_of
from telemetry.stack import Stack

IMAGES = "images.json"
PACKED = (".tar.gz", ".tgz")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Order:
    """What a bundle is made from."""

    stack: Stack
    helm: Helm
    lock: Lock
    registries: Registries
    project: Path
    requirements: Path
    constraints: Path
    kube_version: str
    """What the charts are rendered for."""


@dataclass(frozen=True)
class Made:
    """A bundle, and the images whose digests are unknown."""

    manifest: Manifest
    digest: str
    """What tells another that it is this one: of the manifest, or of the archive."""
    unresolved: Mapping[str, str]
    """Images whose digest nobody gave, and why."""


def make(order: Order, output: Path, tell: Tell) -> Made:
    """Make a bundle: a folder, or an archive if `output` is called `.tar.gz`.

    Raises:
        BundleError: a part cannot be had or is not what is locked; nothing is left behind.
        ToolError: helm cannot have or render a chart.
    """
    _may_be_replaced(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with _draft(output) as folder:
        made = _fill(order, folder, tell)
        if not output.name.endswith(PACKED):
            _put(folder, output)
            return made
        tell(f"packing {output.name}")
        packed = folder.with_name(f"{folder.name}.tar.gz")
        archive.pack({path.relative_to(folder).as_posix(): path for path in files_below(folder)}, packed)
        sha256 = described(packed).sha256
        _put(packed, output)
        output.with_name(output.name + SUFFIX).write_text(f"{sha256}  {output.name}\n")
        return replace(made, digest=sha256)


def fetched(order: Order, folder: Path, tell: Tell) -> list[Archive]:
    """Bring the charts of all releases into a folder."""
    found = []
    for chart in {_key(release.chart): release.chart for release in releases_of(order.stack)}.values():
        tell(f"chart {chart.name} {chart.version}")
        found.append(charts.fetch(chart, order.helm, folder))
    return found


def rendered(order: Order, archives: list[Archive]) -> dict[str, list[Any]]:
    """Return the objects of each release, as the archives make them, and of the gateway that the program makes."""
    by_key = {_key(each.chart): each for each in archives}
    objects = {}
    for release in releases_of(order.stack):
        text = order.helm.template(
            release.name,
            str(by_key[_key(release.chart)].path.absolute()),
            version=None,
            repository=None,
            values=release.values,
            kube_version=order.kube_version,
        )
        try:
            objects[release.name] = list(documents(text))
        except yaml.YAMLError as error:
            raise BundleError(f"release {release.name}: what helm makes of it is no YAML") from error
    ours = objects_of_gateway(order.stack)
    return objects | ({SERVICE: ours} if ours else {})


def _fill(order: Order, folder: Path, tell: Tell) -> Made:
    (folder / charts.FOLDER).mkdir()
    archives = fetched(order, folder / charts.FOLDER, tell)
    charts.check(archives, order.lock)
    (folder / charts.FOLDER / "index.yaml").write_text(charts.index(archives))
    found, unresolved = _resolved(order, rendered(order, archives), tell)
    (folder / IMAGES).write_text(json.dumps([each.model_dump() for each in found], indent=1) + "\n")
    copied = []
    for each in (*programs.engine(), *programs.plugins(programs.home())):
        tell(f"{each.program.name} {each.program.version}")
        for name, path in each.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name)
        copied.append(each.program)
    tell(f"wheels of {order.requirements.name}")
    (folder / wheels.FOLDER).mkdir()
    wheels.download(order.requirements, order.constraints, folder / wheels.FOLDER)
    tell("the program itself")
    sources.pack(order.project, folder / sources.FILE)
    listed = Manifest(
        stack=order.stack.environment,
        revision=sources.revision(order.project),
        python=wheels.made_for(),
        charts=[each.described() for each in archives],
        images=found,
        programs=copied,
        files=_files(folder),
    )
    return Made(*_concluded(folder, listed), unresolved)


def _concluded(folder: Path, listed: Manifest) -> tuple[Manifest, str]:
    """Write the bill of materials and the manifest; return the manifest and its digest."""
    # Imported here: it takes half a second, and who verifies does not need it.
    from telemetry.operations.bundle.sbom import NAME, sbom

    (folder / NAME).write_text(sbom(listed), encoding="utf-8")
    complete = listed.model_copy(update={"files": _files(folder)})
    (folder / manifest.NAME).write_text(complete.text(), encoding="utf-8")
    (folder / manifest.SUMS).write_text(manifest.sums(complete), encoding="utf-8")
    archive.settle(folder)
    return complete, manifest.digest(complete.text())


def _resolved(order: Order, objects: Mapping[str, list[Any]], tell: Tell) -> tuple[list[Image], dict[str, str]]:
    users: dict[str, list[str]] = {}
    for release, made in sorted(objects.items()):
        for image in images.images_in(made):
            users.setdefault(image, []).append(release)
    tell(f"digests of {len(users)} images")
    answers = order.registries.resolve_all(sorted(users))
    found = [
        Image(image=image, digest=None if isinstance(answer, UnresolvedError) else answer, releases=users[image])
        for image, answer in answers.items()
    ]
    return found, {image: str(answer) for image, answer in answers.items() if isinstance(answer, UnresolvedError)}


def _key(chart: Chart) -> Key:
    return Key(chart.name, chart.version)


def _files(folder: Path) -> dict[str, manifest.File]:
    return {path.relative_to(folder).as_posix(): described(path) for path in files_below(folder)}


def _may_be_replaced(output: Path) -> None:
    """Refuse to write over what is no bundle."""
    folder = all((output / name).is_file() for name in (manifest.NAME, manifest.SUMS))
    ours = folder or (output.is_file() and output.name.endswith(PACKED))
    if output.exists() and not ours and (output.is_file() or any(output.iterdir())):
        raise BundleError(f"{output}: is there already and is no bundle; remove it, or name another place (--output)")


@contextmanager
def _draft(output: Path) -> Iterator[Path]:
    """Yield an empty folder on the same file system; it is gone afterwards, and so is what was made beside it."""
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as around:
        folder = Path(around) / "bundle"
        folder.mkdir()
        yield folder


def _put(made: Path, output: Path) -> None:
    if output.is_dir():
        shutil.rmtree(output)
    made.replace(output)
