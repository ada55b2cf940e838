"""The linter that judges the workflows is the pinned one, and finds something where there is something to find."""

import subprocess
from pathlib import Path

import pytest

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain

pytestmark = pytest.mark.engine
FILES = sorted((REPO / ".github" / "workflows").glob("*.yml"))


@pytest.fixture(scope="module")
def actionlint() -> Path:
    tools = Toolchain()
    tools.ensure(["actionlint"])
    return tools.path("actionlint")


def lint(program: Path, *files: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *files], cwd=REPO, capture_output=True, text=True, check=False)


def test_all_workflows_are_sound(actionlint: Path) -> None:
    assert len(FILES) == 6
    done = lint(actionlint, *FILES)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("name", "sound", "broken", "said"),
    [
        ("deploy", "needs: dev", "needs: devv", "devv"),
        ("drift", "workflow_dispatch", "workflow_dispatched", "unknown Webhook event"),
        ("checks", "runner.os", "runer.os", "undefined variable"),
        ("preview", 'exec make "$TARGET"', "make comment ${{ github.head_ref }}", "potentially untrusted"),
    ],
)
def test_a_broken_one_is_not(actionlint: Path, tmp_path: Path, name: str, sound: str, broken: str, said: str) -> None:
    text = (REPO / ".github" / "workflows" / f"{name}.yml").read_text()
    sound = sound if sound in text else "make comment"
    assert sound in text
    file = tmp_path / f"{name}.yml"
    file.write_text(text.replace(sound, broken))
    done = lint(actionlint, file)
    assert done.returncode == 1
    assert said in done.stdout
