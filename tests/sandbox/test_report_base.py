"""What another commit would deploy, out of a real repository."""

import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.paths import REPO
from telemetry.clients.cli_tools import ToolError
from telemetry.operations.report import base_commit as previous

LEFT_OUT = shutil.ignore_patterns(".*", "tests", "__pycache__", "tools", "reports")


def git(project: Path, *arguments: str) -> None:
    """Run git in the copy."""
    name = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *name, *arguments], cwd=project, check=True, capture_output=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of three commits: without commands, with them, and with other settings."""
    project = tmp_path_factory.mktemp("project") / "telemetry"
    project.mkdir()
    git(project, "init", "--quiet")
    (project / "README.md").write_text("nothing yet\n")
    git(project, "add", ".")
    git(project, "commit", "-m", "nothing")
    shutil.copytree(REPO, project, ignore=LEFT_OUT, dirs_exist_ok=True)
    git(project, "add", ".")
    git(project, "commit", "-m", "telemetry")
    settings = project / "Pulumi.dev.yaml"
    settings.write_text(settings.read_text().replace("retention: 3d", "retention: 5d"))
    git(project, "commit", "-am", "retention")
    return project


def retention(project: Path, ref: str) -> str:
    """Return what Tempo would keep."""
    with previous.checked_out(ref, project) as folder:
        found = {each["name"]: each for each in previous.releases(folder, "dev", None) or []}
        assert (folder / "sandbox/charts/tempo/Chart.yaml").exists()
    assert not folder.exists()
    return str(found["tempo"]["values"]["tempo"]["retention"])


def test_each_commit_says_what_it_would_deploy(project: Path) -> None:
    assert (retention(project, "HEAD~1"), retention(project, "HEAD")) == ("72h", "120h")


def test_a_commit_without_the_command_cannot_say(project: Path) -> None:
    with previous.checked_out("HEAD~2", project) as folder:
        assert previous.releases(folder, "dev", None) is None


def test_an_unknown_commit_and_bad_settings_are_errors(project: Path) -> None:
    with pytest.raises(ToolError, match="no-such is no commit here"), previous.checked_out("no-such", project):
        pass
    with previous.checked_out("HEAD", project) as folder:
        (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
        with pytest.raises(ToolError, match="telemetry:environment"):
            previous.releases(folder, "dev", None)


def test_the_commit_before_is_the_last_one_while_there_are_edits(project: Path) -> None:
    assert previous.default_base(project) == "HEAD~1"
    settings = project / "Pulumi.dev.yaml"
    before = settings.read_text()
    settings.write_text(before + "# edited\n")
    assert previous.default_base(project) == "HEAD"
    settings.write_text(before)
