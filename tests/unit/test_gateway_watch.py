"""watch.sh with a stand-in for nginx; tests/sandbox has the real one."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

WATCH = Path(__file__).parents[2] / "telemetry" / "gateway" / "watch.sh"
STAND_IN = f"""#!{sys.executable}
import os, pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
if "-t" in sys.argv:
    if (here / "root/config/bad").exists():
        sys.exit('nginx: [emerg] conflicting parameter "fake-quoted" in /x/tenants.conf:9')
    sys.exit(0)
def note(text):
    with (here / "log").open("a") as log:
        log.write(text + "\\n")
master = os.getpid()
def reload(*_):
    note("reload")
    if not (here / "keeps").exists() and not os.fork():  # its workers are others then
        while os.getppid() == master:
            time.sleep(0.01)
        os._exit(0)
signal.signal(signal.SIGHUP, reload)
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
        (folder / "state").mkdir()
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

    def listed(self) -> list[str]:
        """Return the lines of the tokens that exist already; the last line says that none is missing."""
        *lines, last = self.read("state/existing.conf").splitlines()
        assert last == "# whole"
        return sorted(lines)

    def start(self, *, patience: int = 60) -> subprocess.Popen[str]:
        """Start watch.sh."""
        own = {
            "GATEWAY_ROOT": str(self.folder / "root"),
            "GATEWAY_SCRATCH": str(self.folder / "scratch"),
            "GATEWAY_NGINX": str(self.folder / "nginx"),
            "GATEWAY_STATE": str(self.folder / "state"),
            "GATEWAY_INTERVAL": "0.05",
            "GATEWAY_STEP": "0.05",
            "GATEWAY_RELOAD_STEPS": "10",
            "GATEWAY_PATIENCE": str(patience),
            "GATEWAY_DRAIN": "0.3",
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
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
    assert pod.listed() == [
        r'"\\Fake-Token.1~+/==" "Fake-Token.1~+/==\tacme\n";',
        r'"\\~fake" "~fake\tother\n";',
    ]
    assert (pod.folder / "state/existing.conf").stat().st_mode & 0o077 == 0
    pod.put("root/existing/acme/token", "fake-2")
    pod.until_said("reload", "log")
    assert r'"\\fake-2" "fake-2\tacme\n";' in pod.read("state/existing.conf")
    assert "Fake-Token" not in pod.read("state/existing.conf")


@pytest.mark.parametrize(
    "token",
    ["", "\n", "fake token", "fake\ntoken", 'fake"', "fake;", "=fake", "fa=ke", "fake\r", "fäke", "$fake", "f" * 1901],
)
def test_what_is_no_bearer_token_is_not_taken_and_not_quoted(pod: Pod, token: str) -> None:
    pod.put("root/existing/acme/token", token)
    pod.put("root/existing/other/token", "right-one")
    pod.start()
    pod.until_said("start", "log")
    assert pod.listed() == [r'"\\right-one" "right-one\tother\n";']
    said = pod.read("said")
    assert said.count("tenant acme: not a bearer token") == 1
    assert "ke" not in said.replace("token", "").replace("taken", "")


def test_one_token_for_two_tenants_is_neithers(pod: Pod) -> None:
    for name, token in (("a", "fake-same"), ("b", "FAKE-same"), ("c", "fake-other")):
        pod.put(f"root/existing/{name}/token", token)
    pod.start()
    pod.until_said("start", "log")
    assert pod.listed() == [r'"\\fake-other" "fake-other\tc\n";']
    assert "tenants a b: the same token" in pod.read("said")


OLD, NEW = "fake-old", "fake-new"


def line(token: str) -> str:
    """What nginx is told of the one tenant's token."""
    return rf'"\\{token}" "{token}\tacme\n";'


def started_with_a_token(pod: Pod, *, patience: int = 60) -> subprocess.Popen[str]:
    """Start with the old token in force."""
    pod.put("root/existing/acme/token", OLD)
    process = pod.start(patience=patience)
    pod.until_said("start", "log")
    assert pod.listed() == [line(OLD)]
    return process


def test_a_list_of_which_half_is_missing_is_not_loaded_and_written_again(pod: Pod) -> None:
    """As a full volume leaves it; awk does not always say so."""
    half = pod.folder / "half"
    awk = f"#!/bin/sh\n[ -e {half} ] || exec {shutil.which('awk')} \"$@\"\ncat >/dev/null\nprintf '%s' '\"half'\n"
    pod.put("bin/awk", awk).chmod(0o755)
    started_with_a_token(pod)
    half.touch()
    pod.put("root/existing/acme/token", NEW)
    pod.until_said("cannot be written")
    time.sleep(0.3)  # several rounds
    assert pod.read("said").count("cannot be written") == 1
    assert pod.read("log") == "start\n"
    half.unlink()
    pod.until_said("reload", "log")
    assert pod.listed() == [line(NEW)]


@pytest.mark.parametrize(
    "breaks",
    [
        lambda pod: (pod.folder / "state/existing.conf.new").mkdir(),
        lambda pod: (pod.folder / "state/generation.conf.new").mkdir(),
        lambda pod: pod.put("root/config/bad", ""),
        lambda pod: pod.put("keeps", ""),
    ],
    ids=["no room for the list", "no room for the generation", "refused", "kept"],
)
def test_who_was_shut_out_is_not_let_in_for_ever(pod: Pod, breaks: Callable[[Pod], object]) -> None:
    process = started_with_a_token(pod, patience=1)
    breaks(pod)
    pod.put("root/existing/acme/token", NEW)
    assert process.wait(SECONDS) == 1
    assert "so the pod ends" in pod.read("said")
    assert pod.read("log").endswith("quit\n")


def test_a_certificate_of_a_server_that_is_refused_is_no_reason_to_end(pod: Pod) -> None:
    process = pod.start(patience=1)
    pod.until_said("start", "log")
    pod.put("nginx", STAND_IN.replace('"root/config/bad"', '"root/tls/tls.crt"'))
    pod.put("root/tls/tls.crt", "bad")
    pod.until_said("refuses")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(2.5)  # longer than its patience
    pod.put("root/tenants/tenants.conf", "and now a tenant goes")
    assert process.wait(SECONDS) == 1


def test_what_nginx_keeps_although_it_accepts_it_is_tried_again(pod: Pod) -> None:
    """Such as a zone that has another key: only a reload finds it."""
    pod.start()
    pod.until_said("start", "log")
    keeps = pod.put("keeps", "")
    pod.put("root/tls/tls.crt", "new")
    pod.until(lambda: pod.read("log").count("reload") == 1)
    time.sleep(0.3)  # several looks at its workers
    assert "loads them" not in pod.read("said")
    keeps.unlink()
    pod.until_said("loads them")
    assert pod.read("log").count("reload") > 1


def test_nothing_beside_nginx_can_end_and_leave_old_credentials_in_force(pod: Pod) -> None:
    process = pod.start()
    pod.until_said("start", "log")
    for number in range(20):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if not any("nginx" in word for word in child.cmdline()):
                    child.kill()
        time.sleep(0.02 * (number % 3))
    if process.poll() is None:
        pod.put("root/tenants/tenants.conf", "rotated")
        pod.until_said("reload", "log")


def test_the_generation_that_is_loaded_is_told_from_the_one_that_is_mounted(pod: Pod) -> None:
    def generation() -> str:
        return pod.read("state/generation.conf").split()[2].rstrip(";")

    def mounted() -> list[str]:
        return [each.name for each in (pod.folder / "state").glob("now-*")]

    pod.start()
    pod.until_said("start", "log")
    first = generation()
    assert mounted() == [f"now-{first}"]
    bad = pod.put("root/config/bad", "")
    pod.until_said("refuses")
    assert mounted() != [f"now-{first}"]
    bad.unlink()
    pod.until(lambda: mounted() == [f"now-{first}"])
    pod.put("root/tenants/tenants.conf", "fake")
    pod.until_said("loads them")
    assert mounted() == [f"now-{generation()}"] != [f"now-{first}"]
