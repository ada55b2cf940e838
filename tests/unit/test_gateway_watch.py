"""watch.sh with a stand-in for nginx; tests/sandbox has the real one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

WATCH = Path(__file__).parents[2] / "gateway" / "watch.sh"
STAND_IN = f"""#!{sys.executable}
import pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
if "-t" in sys.argv:
    if (here / "root/config/bad").exists():
        sys.exit('nginx: [emerg] conflicting parameter "fake-quoted" in /x/tenants.conf:9')
    sys.exit(0)
def note(text):
    with (here / "log").open("a") as log:
        log.write(text + "\\n")
signal.signal(signal.SIGHUP, lambda *_: note("reload"))
signal.signal(signal.SIGQUIT, lambda *_: (note("quit"), sys.exit(0)))
note("start")
while not (here / "die").exists():
    time.sleep(0.01)
sys.exit(7)
"""
SECONDS = 20


class Pod:
    """A folder that is mounted like a pod's, and watch.sh running in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.put("nginx", STAND_IN).chmod(0o755)
        self.put("root/config/nginx.conf", "fake")
        (folder / "scratch").mkdir()
        self._process: subprocess.Popen[str] | None = None

    def put(self, path: str, text: str) -> Path:
        """Write a file."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def read(self, path: str) -> str:
        """Return a file's text; empty while there is none."""
        file = self.folder / path
        return file.read_text() if file.exists() else ""

    def start(self) -> subprocess.Popen[str]:
        """Start watch.sh."""
        own = {
            "GATEWAY_ROOT": str(self.folder / "root"),
            "GATEWAY_SCRATCH": str(self.folder / "scratch"),
            "GATEWAY_NGINX": str(self.folder / "nginx"),
            "GATEWAY_INTERVAL": "0.05",
            "GATEWAY_DRAIN": "0.3",
        }
        with (self.folder / "said").open("w") as said:
            self._process = subprocess.Popen(["sh", WATCH], env=os.environ | own, stderr=said, text=True)
        return self._process

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, (self.read("log"), self.read("said"))
            time.sleep(0.01)

    def until_said(self, text: str, path: str = "said") -> None:
        """Wait until watch.sh says something; with `log`, until nginx notes it."""
        self.until(lambda: text in self.read(path))

    def stop(self) -> None:
        """End what is still running."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(SECONDS)


@pytest.fixture
def pod(tmp_path: Path) -> Iterator[Pod]:
    made = Pod(tmp_path)
    yield made
    made.stop()


def test_a_changed_file_is_loaded_once(pod: Pod) -> None:
    pod.start()
    pod.until_said("start", "log")
    pod.put("root/tenants/tenants.conf", "fake")
    pod.until_said("reload", "log")
    time.sleep(0.3)  # several rounds
    assert pod.read("log") == "start\nreload\n"


def test_what_nginx_refuses_is_said_once_without_what_it_quotes_and_loaded_when_mended(pod: Pod) -> None:
    pod.start()
    pod.until_said("start", "log")
    bad = pod.put("root/config/bad", "")
    pod.until_said("refuses")
    time.sleep(0.3)  # several rounds
    said = pod.read("said")
    assert said.count("refuses") == said.count('conflicting parameter "..." in /x/tenants.conf:9') == 1
    assert "fake-quoted" not in said
    assert pod.read("log") == "start\n"
    bad.unlink()
    pod.put("root/config/nginx.conf", "mended")
    pod.until_said("reload", "log")


def test_nothing_starts_with_a_configuration_that_nginx_refuses(pod: Pod) -> None:
    pod.put("root/config/bad", "")
    assert pod.start().wait(SECONDS) == 1
    assert pod.read("log") == ""
    assert "fake-quoted" not in pod.read("said")


def test_a_pod_that_is_to_end_waits_and_then_lets_nginx_finish(pod: Pod) -> None:
    process = pod.start()
    pod.until_said("start", "log")
    asked_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
    assert time.monotonic() - asked_at > 0.3
    assert pod.read("log") == "start\nquit\n"


def test_the_pod_ends_with_nginx(pod: Pod) -> None:
    process = pod.start()
    pod.until_said("start", "log")
    pod.put("die", "")
    assert process.wait(SECONDS) == 7


def test_tokens_that_exist_already_become_lines_of_a_map(pod: Pod) -> None:
    pod.put("root/existing/acme/token", "Fake-Token.1~+/==\n")
    pod.put("root/existing/other/token", "~fake")
    pod.start()
    pod.until_said("start", "log")
    assert sorted(pod.read("scratch/existing.conf").splitlines()) == [
        r'"\\Fake-Token.1~+/==" "Fake-Token.1~+/==\tacme\n";',
        r'"\\~fake" "~fake\tother\n";',
    ]
    assert (pod.folder / "scratch/existing.conf").stat().st_mode & 0o077 == 0
    pod.put("root/existing/acme/token", "fake-2")
    pod.until_said("reload", "log")
    assert r'"\\fake-2" "fake-2\tacme\n";' in pod.read("scratch/existing.conf")
    assert "Fake-Token" not in pod.read("scratch/existing.conf")


@pytest.mark.parametrize(
    "token",
    ["", "\n", "fake token", "fake\ntoken", 'fake"', "fake;", "=fake", "fa=ke", "fake\r", "fäke", "$fake", "f" * 1901],
)
def test_what_is_no_bearer_token_is_not_taken_and_not_quoted(pod: Pod, token: str) -> None:
    pod.put("root/existing/acme/token", token)
    pod.put("root/existing/other/token", "right-one")
    pod.start()
    pod.until_said("start", "log")
    assert pod.read("scratch/existing.conf") == '"\\\\right-one" "right-one\\tother\\n";\n'
    said = pod.read("said")
    assert said.count("tenant acme: not a bearer token") == 1
    assert "ke" not in said.replace("token", "").replace("taken", "")


def test_one_token_for_two_tenants_is_neithers(pod: Pod) -> None:
    for name, token in (("a", "fake-same"), ("b", "FAKE-same"), ("c", "fake-other")):
        pod.put(f"root/existing/{name}/token", token)
    pod.start()
    pod.until_said("start", "log")
    assert pod.read("scratch/existing.conf") == '"\\\\fake-other" "fake-other\\tc\\n";\n'
    assert "tenants a b: the same token" in pod.read("said")
