"""`python -m telemetry bundle`, `bundle-lock` and `verify-bundle`: all that a stack needs, for where no internet is."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, Mirrors, StackName, mirrors
from telemetry.clients.cli_tools import ToolError, helm_of
from telemetry.config.project import PROJECT
from telemetry.config.tables import table
from telemetry.operations.bundle import build
from telemetry.operations.bundle.build import Made, Order
from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.lock import Key, Lock
from telemetry.operations.bundle.manifest import Manifest
from telemetry.operations.bundle.registries import Registries
from telemetry.operations.bundle.verify import verify
from telemetry.operations.compare.charts import KUBE_VERSION
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file

UNRESOLVED, NOT_WHOLE = 2, 2
_MIB = 1 << 20
LockFile = Annotated[Path, typer.Option(help="The lock of charts.", dir_okay=False)]
_LOCK = PROJECT / "charts.lock.yaml"


def bundle(
    stack: StackName,
    output: Annotated[
        Path | None,
        typer.Option(help="A folder, or a file called .tar.gz; an earlier bundle is replaced. Default: bundle-STACK."),
    ] = None,
    mirror: Mirrors = None,
    allow_unresolved: Annotated[
        bool, typer.Option("--allow-unresolved", help="End with 0 although images have no digest.")
    ] = False,
    requirements: Annotated[
        Path, typer.Option(help="Whose wheels; requirements.txt is the program without commands and tests.")
    ] = PROJECT / "requirements-dev.txt",
    lock: LockFile = _LOCK,
    config_file: ConfigFile = None,
) -> None:
    """Put all that STACK needs into one place: charts, digests of images, engine, plugins, wheels, the program.

    Ends with 0 if it is complete, with 2 if it was made but a registry did not tell an image's digest, and with 1 if
    there is none: a chart is not what is locked, or a part cannot be had. The same input makes the same bytes.
    """
    with error_boundary(BundleError, ConfigError, ToolError, OSError) as console:
        order = _order(stack, config_file, lock, requirements, mirror)
        where = output or Path(f"bundle-{stack}")
        with console.status("") as status:

            def tell(what: str) -> None:
                status.update(f"{what} …")
                if not console.is_terminal:
                    console.print(what, soft_wrap=True)

            made = build.make(order, where, tell)
        _show(console, where, made)
    if made.unresolved and not allow_unresolved:
        raise typer.Exit(UNRESOLVED)


def bundle_lock(stack: StackName, lock: LockFile = _LOCK, config_file: ConfigFile = None) -> None:
    """Add the charts of STACK that are not locked yet to the lock, as they are where the settings take them from.

    Trust on first use: look at what a chart is before you commit its digest. Ends with 0 if all are locked, with 1 if
    one cannot be had or is another than the locked one.
    """
    with error_boundary(BundleError, ConfigError, ToolError, OSError) as console, TemporaryDirectory() as folder:
        order = _order(stack, config_file, lock, PROJECT / "requirements.txt", None)
        archives = [
            each
            for each in build.fetched(order, Path(folder), lambda what: console.print(f"{what} …"))
            if each.released
        ]
        found = {Key(each.chart.name, each.chart.version): (each.chart, each.sha256) for each in archives}
        extended = order.lock.extended(found)
        for each in archives:
            extended.check(each.chart, each.sha256)
        new = len(extended.charts) - len(order.lock.charts)
        if new:
            extended.write(lock)
        console.print(f"{lock.name}: {new} new, {len(archives) - new} as locked")


def verify_bundle(
    path: Annotated[Path, typer.Argument(help="A folder or archive that `bundle` has written.")],
    sha256: Annotated[
        str | None,
        typer.Option(help="The digest that `bundle` printed, told another way: then nobody on the way changed it."),
    ] = None,
) -> None:
    """Hold every file of a bundle against its manifest, and name those that were changed, are missing or additional.

    Ends with 0 if all is as it was made, with 2 if not, and with 1 if there is no bundle.
    """
    with error_boundary(BundleError, OSError) as console:
        seen = verify(path, sha256)
        if not seen.findings and seen.manifest is not None:
            size = sum(file.size for file in seen.manifest.files.values())
            console.print(
                f"{path}: whole: {len(seen.manifest.files)} files, {size / _MIB:.0f} MiB, "
                f"of stack {_plain(seen.manifest.stack)} at {_plain(seen.manifest.revision)}",
                soft_wrap=True,
            )
            return
        shown = table("File", "What is wrong", title=f"{path} is not as it was made")
        for finding in seen.findings:
            shown.add_row(_plain(finding.file), _plain(finding.what))
        console.print(shown)
    raise typer.Exit(NOT_WHOLE)


def _plain(said: str) -> str:
    """Return what a bundle says of itself without what would steer a terminal."""
    return "".join(each if each.isprintable() else "?" for each in said)


def _order(stack: str, config_file: Path | None, lock: Path, requirements: Path, mirror: list[str] | None) -> Order:
    settings = stack_file.load(stack, config_file)
    return Order(
        stack=settings,
        helm=helm_of(settings.kubernetes, settings.namespace.name),
        lock=Lock.read(lock),
        registries=Registries(mirrors(mirror)),
        project=PROJECT,
        requirements=requirements,
        constraints=PROJECT / "constraints.txt",
        kube_version=KUBE_VERSION,
    )


def _show(console: Console, where: Path, made: Made) -> None:
    console.print(_parts(made.manifest))
    console.print(_images(made))
    console.print(f"{where}: sha256 {made.digest}", soft_wrap=True)
    if made.unresolved:
        console.print(
            f"{len(made.unresolved)} images have no digest: the bundle does not say which they are. Give a registry "
            "that can be reached (--mirror), or agree to it (--allow-unresolved).",
            soft_wrap=True,
        )


def _parts(manifest: Manifest) -> Table:
    shown = table("Part", "Files", "MiB", title=f"Bundle of {manifest.stack}")
    parts: dict[str, list[int]] = {}
    for name, file in manifest.files.items():
        parts.setdefault(name.partition("/")[0], []).append(file.size)
    for part, sizes in sorted(parts.items()):
        shown.add_row(part, str(len(sizes)), f"{sum(sizes) / _MIB:.1f}")
    for chart in manifest.charts:
        state = "as locked" if chart.locked else "a folder of the program"
        shown.add_row(f"  chart {chart.name} {chart.version}", "", state)
    return shown


def _images(made: Made) -> Table:
    shown = table("Image", "Digest", "Used by", title="Images, which the bundle names and does not hold")
    for each in made.manifest.images:
        shown.add_row(each.image, each.digest or f"unknown: {made.unresolved[each.image]}", ", ".join(each.releases))
    return shown
