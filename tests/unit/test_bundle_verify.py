"""Whatever is changed in a bundle is found and named."""

import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from telemetry.cli.app import app
from telemetry.operations.bundle import archive, manifest
from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.manifest import NAME, SUMS, Manifest
from telemetry.operations.bundle.verify import verify

FILES = {"charts/a-1.tgz": b"\0" * 40, "bin/tool": b"#!/bin/sh\n", "images.json": b"[]\n", "empty": b""}


def bundle_of(folder: Path) -> Path:
    """Write a bundle of small files."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "bin/tool").chmod(0o755)
    files = {name: manifest.described(folder / name) for name in FILES}
    whole = Manifest(stack="dev", revision="a", python="x", charts=[], images=[], programs=[], files=files)
    (folder / NAME).write_text(whole.text())
    (folder / SUMS).write_text(manifest.sums(whole))
    return folder


def packed(folder: Path, path: Path) -> Path:
    archive.pack({each.relative_to(folder).as_posix(): each for each in manifest.files_below(folder)}, path)
    path.with_name(f"{path.name}.sha256").write_text(f"{manifest.described(path).sha256}  {path.name}\n")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle_of(tmp_path_factory.mktemp("whole") / "bundle")


@pytest.fixture(scope="module")
def whole_archive(whole: Path) -> Path:
    return packed(whole, whole.with_name("bundle.tar.gz"))


def copy_of(bundle: Path, tmp: Path) -> Path:
    """Return a fresh copy of a bundle, of its sidecar as well."""
    shutil.rmtree(tmp, ignore_errors=True)
    tmp.mkdir()
    if bundle.is_dir():
        return Path(shutil.copytree(bundle, tmp / bundle.name))
    shutil.copy(bundle.with_name(f"{bundle.name}.sha256"), tmp)
    return Path(shutil.copy(bundle, tmp))


def test_what_was_not_touched_is_whole(whole: Path, whole_archive: Path) -> None:
    for bundle in (whole, whole_archive):
        seen = verify(bundle)
        assert (seen.findings, seen.manifest is not None) == ([], True)


@given(data=st.data())
def test_one_flipped_bit_anywhere_is_found_and_named(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    names = sorted(
        path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file() and path.stat().st_size
    )
    name = data.draw(st.sampled_from(names))
    bundle = copy_of(whole, tmp_path_factory.getbasetemp() / "flipped")
    content = bytearray((bundle / name).read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    (bundle / name).write_bytes(content)
    (finding,) = verify(bundle).findings
    # Whichever of the two was changed: a digest that does not fit does not say on which side.
    assert finding.file == name or (name, finding.file) == (SUMS, NAME)
    assert finding.what.startswith("changed")


@given(data=st.data())
def test_one_flipped_bit_anywhere_in_an_archive_is_found(
    whole_archive: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    bundle = copy_of(whole_archive, tmp_path_factory.getbasetemp() / "flipped-archive")
    victim = data.draw(st.sampled_from([bundle, bundle.with_name(f"{bundle.name}.sha256")]))
    content = bytearray(victim.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    victim.write_bytes(content)
    seen = verify(bundle)
    assert seen.findings[0].file == bundle.name


@given(data=st.data())
def test_what_is_cut_off_missing_or_additional_is_found_and_named(
    whole: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    bundle = copy_of(whole, tmp_path_factory.getbasetemp() / "touched")
    names = sorted(path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file())
    name = data.draw(st.sampled_from(names))
    match data.draw(st.sampled_from(["missing", "longer", "additional"])):
        case "missing":
            (bundle / name).unlink()
            expected = (name, "missing")
        case "longer":
            (bundle / name).write_bytes((bundle / name).read_bytes() + b"\n")
            expected = (name, "changed")
        case _:
            name = data.draw(st.sampled_from(["more", "charts/more.tgz", "wheels/deep/er", ".hidden"]))
            (bundle / name).parent.mkdir(parents=True, exist_ok=True)
            (bundle / name).write_bytes(b"")
            expected = (name, "additional")
    (finding,) = verify(bundle).findings
    assert (finding.file, finding.what.partition(":")[0]) == expected


def _link(bundle: Path) -> None:
    (bundle / "images.json").unlink()
    (bundle / "images.json").symlink_to(bundle / "empty")


@pytest.mark.parametrize(
    ("touch", "file", "what"),
    [
        (_link, "images.json", "changed: is no plain file"),
        (lambda bundle: (bundle / "new").mkdir(), "new", "additional"),
        (lambda bundle: (bundle / "bin/tool").chmod(0o644), "bin/tool", "changed: may be run"),
    ],
)
def test_links_folders_and_modes_count_as_well(
    whole: Path, tmp_path: Path, touch: Callable[[Path], None], file: str, what: str
) -> None:
    bundle = copy_of(whole, tmp_path / "copy")
    touch(bundle)
    (finding,) = verify(bundle).findings
    assert (finding.file, finding.what.startswith(what)) == (file, True)


def test_who_changes_the_manifest_as_well_is_found_by_a_digest_told_another_way(whole: Path, tmp_path: Path) -> None:
    told = manifest.digest((whole / NAME).read_text())
    bundle = copy_of(whole, tmp_path / "copy")
    text = (bundle / NAME).read_text().replace('"dev"', '"prod"')
    (bundle / NAME).write_text(text)
    (bundle / SUMS).write_text(manifest.sums(manifest.read(text)))
    assert verify(bundle).findings == []
    assert verify(whole, told.upper()).findings == []
    assert verify(bundle, told).findings[0].file == NAME


def test_an_archive_without_its_digest_needs_one(whole_archive: Path, tmp_path: Path) -> None:
    bundle = copy_of(whole_archive, tmp_path / "copy")
    told = bundle.with_name(f"{bundle.name}.sha256")
    digest = told.read_text().split()[0]
    told.unlink()
    assert [finding.file for finding in verify(bundle).findings] == [told.name]
    assert verify(bundle, digest).findings == []
    assert verify(bundle, "0" * 64).findings[0].file == bundle.name


def test_an_archive_that_was_packed_anew_is_looked_into(whole: Path, tmp_path: Path) -> None:
    folder = copy_of(whole, tmp_path / "copy")
    (folder / "images.json").write_text("{}\n")
    bundle = packed(folder, tmp_path / "again.tar.gz")
    assert [finding.file for finding in verify(bundle).findings] == ["images.json"]
    twice = tmp_path / "twice.tar.gz"
    with tarfile.open(twice, "w:gz") as tar:
        for path in manifest.files_below(whole):
            tar.add(path, path.relative_to(whole).as_posix())
        tar.add(folder / "images.json", "images.json")
    sha256 = manifest.described(twice).sha256
    assert [finding.file for finding in verify(twice, sha256).findings] == ["images.json"]


def test_the_command_says_which_file_and_ends_with_2(whole: Path, tmp_path: Path) -> None:
    bundle = copy_of(whole, tmp_path / "copy")
    shown = CliRunner().invoke(app, ["verify-bundle", str(bundle)])
    assert (shown.exit_code, "whole: 4 files" in shown.output) == (0, True)
    (bundle / "charts/a-1.tgz").write_bytes(b"x")
    shown = CliRunner().invoke(app, ["verify-bundle", str(bundle)])
    assert (shown.exit_code, "charts/a-1.tgz" in shown.output) == (2, True)
    shown = CliRunner().invoke(app, ["verify-bundle", str(tmp_path / "none")])
    assert (shown.exit_code, "is neither a folder nor an archive" in shown.output) == (1, True)
    with pytest.raises(BundleError, match="there is no manifest"):
        verify(tmp_path)


def test_where_there_is_nothing_else_sha256sum_says_the_same(whole: Path, tmp_path: Path) -> None:
    def checked(bundle: Path) -> subprocess.CompletedProcess[str]:
        line = ["sha256sum", "--check", "--strict", "--quiet", SUMS]
        return subprocess.run(line, cwd=bundle, capture_output=True, text=True, check=False)

    assert checked(whole).returncode == 0
    bundle = copy_of(whole, tmp_path / "copy")
    (bundle / "bin/tool").write_bytes(b"#!/bin/sh\r")
    assert (checked(bundle).returncode, "bin/tool: FAILED" in checked(bundle).stdout) == (1, True)
