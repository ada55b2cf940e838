"""A bundle whose maker means harm is refused before anything of it counts."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from telemetry.cli.app import app
from telemetry.clients.cli_tools import ToolError
from telemetry.config.chart import Chart
from telemetry.operations.bundle import archive, build, manifest, sources
from telemetry.operations.bundle.charts import fetch
from telemetry.operations.bundle.entries import refused_name
from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.manifest import NAME, SUMS, File, Manifest
from telemetry.operations.bundle.verify import verify
from telemetry.operations.report import base_commit as previous
from tests.unit.bundles import FakeHelm, chart_archive

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, to: str = "") -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, to, len(content)
    return info, content


def whole(*names: str) -> list[Member]:
    """Return files of these names, and the manifest and the sums that fit them: all by the same maker."""
    digest = File(size=1, sha256=manifest.sha256_of(io.BytesIO(b"x"))[1])
    made = Manifest(stack="dev", revision="a", python="x", charts=[], images=[], programs=[], files={})
    listed = made.model_copy(update={"files": dict.fromkeys(names, digest)})
    texts = ((NAME, listed.text()), (SUMS, manifest.sums(listed)))
    return [*(member(name, b"x") for name in names), *(member(name, text.encode()) for name, text in texts)]


def packed(path: Path, *members: Member) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    path.with_name(f"{path.name}.sha256").write_text(f"{manifest.described(path).sha256}  {path.name}\n")
    return path


def test_an_archive_of_plain_files_and_folders_is_whole(tmp_path: Path) -> None:
    folder = member("charts", kind=tarfile.DIRTYPE)
    assert verify(packed(tmp_path / "b.tar.gz", folder, *whole("charts/a", "b"))).findings == []


@pytest.mark.parametrize(
    ("evil", "why"),
    [
        # A link in the place of a folder: what is unpacked after it lands where the link leads.
        (member("charts", kind=tarfile.SYMTYPE, to="../../outside"), "is a link (to ../../outside)"),
        (member("charts/inner", kind=tarfile.SYMTYPE, to="a"), "is a link (to a)"),
        (member("charts", kind=tarfile.LNKTYPE, to="/etc/passwd"), "is a link (to /etc/passwd)"),
        (member("charts", kind=tarfile.CHRTYPE), "is neither a file nor a folder"),
        (member("charts", kind=tarfile.BLKTYPE), "is neither a file nor a folder"),
        (member("charts", kind=tarfile.FIFOTYPE), "is neither a file nor a folder"),
        (member("../charts", kind=tarfile.DIRTYPE), "leads out of it (..)"),
    ],
)
def test_what_could_lead_out_of_an_archive_is_refused_and_named(tmp_path: Path, evil: Member, why: str) -> None:
    seen = verify(packed(tmp_path / "b.tar.gz", evil, *whole("charts/a")))
    assert seen.manifest is None
    (finding,) = seen.findings
    assert (finding.file, finding.what.removeprefix("refused: ").startswith(why)) == (evil[0].name, True)


OUTSIDE = ("../../x", "/etc/x", "a/../../x", "./a", "a//b", "C:/x", "a\\..\\b", "a\nb  c", "..")


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_name_that_leads_out_is_refused_in_an_archive_and_in_a_manifest(tmp_path: Path, name: str) -> None:
    assert refused_name(name)
    seen = verify(packed(tmp_path / "b.tar.gz", *whole(name)))
    assert (seen.manifest, [each.file for each in seen.findings]) == (None, [name])

    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "x").write_text("x")
    for info, content in whole(name):
        if info.name in (NAME, SUMS):
            (folder / info.name).write_bytes(content)
    with pytest.raises(BundleError, match="do not use this bundle"):
        verify(folder)


@pytest.mark.parametrize("name", ["a", "a/b-1.tgz", "a..b", ".hidden", "...", "plugins/resource-aws-v7/x.yaml"])
def test_a_plain_name_is_taken(name: str) -> None:
    assert refused_name(name) is None


def test_a_manifest_that_names_a_chart_or_a_program_elsewhere_is_refused() -> None:
    made = Manifest(stack="dev", revision="a", python="x", charts=[], images=[], programs=[], files={})
    chart = {"name": "a", "version": "1", "source": "x", "file": "../../x", "locked": True}
    program = {"name": "a", "version": "1", "folder": "/bin"}
    for evil in ({"charts": [manifest.Chart(**chart)]}, {"programs": [manifest.Program(**program)]}):
        with pytest.raises(BundleError, match="do not use this bundle"):
            manifest.read(made.model_copy(update=evil).text())


def test_a_manifest_without_end_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telemetry.operations.bundle.verify._LARGEST_TEXT", 10)
    seen = verify(packed(tmp_path / "b.tar.gz", *whole("a")))
    assert [each.file for each in seen.findings] == [NAME, SUMS]


TEMPO = {"name": "tempo", "version": "2.2.4"}


@pytest.mark.parametrize(
    "evil",
    [
        member("tempo/Chart.yaml", kind=tarfile.SYMTYPE, to="Chart.yaml"),
        member("tempo/templates", kind=tarfile.SYMTYPE, to="/etc"),
        member("../x", b"x"),
    ],
)
def test_a_charts_archive_with_links_or_names_that_lead_out_is_no_chart(tmp_path: Path, evil: Member) -> None:
    plain = [(tarfile.TarInfo("tempo/Chart.yaml"), b"name: tempo\nversion: 2.2.4\n")] if evil[0].name[0] == "." else []
    for info, content in plain:
        info.size = len(content)
    released = packed(tmp_path / "evil.tgz", *plain, evil).read_bytes()
    chart = Chart.model_validate({**TEMPO, "repository": "https://charts.example"})
    with pytest.raises(BundleError, match=r"tempo-2\.2\.4\.tgz cannot be read"):
        fetch(chart, FakeHelm({"tempo": released}), tmp_path)  # type: ignore[arg-type]
    good = FakeHelm({"tempo": chart_archive("tempo", "2.2.4")})
    assert fetch(chart, good, tmp_path).metadata["name"] == "tempo"  # type: ignore[arg-type]


def test_a_link_that_leads_out_is_packed_into_no_bundle(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret", tmp_path / "project"
    folder.mkdir()
    secret.write_text("s")
    (folder / "own").write_text("o")
    (folder / "again").symlink_to("own")
    archive.pack_folder(folder, tmp_path / "good.tgz", below="x")
    (folder / "link").symlink_to(secret)
    with pytest.raises(BundleError, match="leads out of"):
        archive.pack_folder(folder, tmp_path / "a.tgz", below="x")
    for line in (["git", "init", "-q"], ["git", "add", "."]):
        subprocess.run(line, cwd=folder, check=True)
    with pytest.raises(BundleError, match="leads out of"):
        sources.pack(folder, tmp_path / "b.tgz")


def test_what_a_bundle_says_of_itself_steers_no_terminal(tmp_path: Path) -> None:
    evil = packed(tmp_path / "b.tar.gz", member("[/x]\x1b[2J", kind=tarfile.SYMTYPE, to="\x1b]0;title"), *whole("a"))
    shown = CliRunner().invoke(app, ["verify-bundle", str(evil)], env={"COLUMNS": "200"})
    assert (shown.exit_code, "\x1b[2J" in shown.output, "\x1b]" in shown.output) == (2, False, False)
    assert "[/x]?[2J" in shown.output


def test_a_folder_that_merely_has_a_manifest_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("{}")
    with pytest.raises(BundleError, match="is no bundle"):
        build._may_be_replaced(tmp_path)


def test_a_commit_with_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("../../etc/passwd")
    for line in (["init", "-q"], ["add", "."], ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"]):
        subprocess.run(["git", *line], cwd=tmp_path, check=True)
    with pytest.raises(ToolError, match="cannot be unpacked"), previous.checked_out("HEAD", tmp_path):
        pass
