"""log.sh with stand-ins for watch.sh: what nginx says is passed on, without what clients sent and without tokens."""

import os
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import pytest

LOG = Path(__file__).parents[2] / "telemetry" / "gateway" / "log.sh"
SECRET = "fake-secret"
REQUEST = (
    "2026/11/30 07:28:40 [error] 7#7: *13 connect() failed (111: Connection refused) while connecting to upstream, "
    'client: 10.0.0.7, server: , request: "{request}", upstream: "http://10.0.0.9:8080{path}", '
    'host: "gateway", referrer: "https://grafana/?token=fake-secret"'
)


def said(folder: Path, script: str, *, code: int = 0) -> list[str]:
    """Run log.sh over a script in place of watch.sh, and return the lines that it passes on."""
    (folder / "root/config").mkdir(parents=True)
    (folder / "root/config/watch.sh").write_text(script)
    ran = subprocess.run(["sh", str(LOG)], env=environment(folder), capture_output=True, timeout=30, check=False)
    assert ran.returncode == code
    assert ran.stderr.isascii()
    return ran.stderr.decode().splitlines()


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "GATEWAY_ROOT": str(folder / "root"), "GATEWAY_STATE": str(folder)}


def saying(folder: Path, text: str | bytes) -> str:
    """Return a script that says a text."""
    (folder / "text").write_bytes(text.encode() if isinstance(text, str) else text)
    return f"cat {folder}/text >&2"


@pytest.mark.parametrize(
    ("request_line", "path"),
    [
        ("GET /tempo/api/search?q=fake-secret HTTP/1.1", "/tempo/api/search?q=fake-secret"),
        ('GET /a"b?q=fake-secret HTTP/1.1', '/a"b?q=fake-secret'),
        ("GET /a?q=fake-secret, client: ", "/a?q=fake-secret"),
    ],
)
def test_a_request_is_told_without_query_and_referer(tmp_path: Path, request_line: str, path: str) -> None:
    (line,) = said(tmp_path, saying(tmp_path, REQUEST.format(request=request_line, path=path)))
    assert SECRET not in line
    assert "connect() failed (111: Connection refused)" in line
    assert "client: 10.0.0.7" in line
    assert 'request: "GET /' in line
    assert 'upstream: "http://10.0.0.9:8080/' in line


def test_a_request_that_nginx_cut_off_tells_no_query_either(tmp_path: Path) -> None:
    whole = REQUEST.format(request=f"GET /a?{'x' * 50}{SECRET * 50}", path="/a")
    (line,) = said(tmp_path, saying(tmp_path, whole[:400]))
    assert SECRET not in line
    assert 'request: "GET /a"' in line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            f'nginx: [emerg] conflicting parameter "{SECRET}" in /etc/gateway/tenants/tenants.conf:9',
            'nginx: [emerg] conflicting parameter "..." in /etc/gateway/tenants/tenants.conf:9',
        ),
        (
            f'nginx: [emerg] unexpected "{SECRET}"{SECRET}" in /etc/gateway/tenants/tenants.conf:9',
            'nginx: [emerg] unexpected "..."',
        ),
        (
            f'nginx: [emerg] unexpected "{SECRET}\n{SECRET}\nwatch.sh: next',
            'nginx: [emerg] unexpected "..."\nwatch.sh: next',
        ),
        (f'nginx: [emerg] too long parameter "{SECRET}', 'nginx: [emerg] too long parameter "..."'),
        (
            f'nginx: [emerg] unknown directive "{SECRET}\n{SECRET}\n{SECRET}" in /x/tenants.conf:9\nwatch.sh: next',
            'nginx: [emerg] unknown directive "..."\nwatch.sh: next',
        ),
        (
            'nginx: [emerg] unknown directive "stream" in /etc/gateway/config/nginx.conf:19',
            'nginx: [emerg] unknown directive "stream" in /etc/gateway/config/nginx.conf:19',
        ),
        ("watch.sh: files have changed, nginx loads them", "watch.sh: files have changed, nginx loads them"),
    ],
)
def test_of_a_refused_configuration_the_place_is_told_and_no_token(tmp_path: Path, text: str, shown: str) -> None:
    assert said(tmp_path, saying(tmp_path, text + "\n")) == shown.splitlines()


def test_lines_are_bounded_and_ascii(tmp_path: Path) -> None:
    lines = said(tmp_path, saying(tmp_path, b"x" * 100_000 + b"\n\xff\xfe\x1b[2J \xc3\xa9\nlast, without an end"))
    assert [len(line) for line in lines[:1]] == [600]
    assert lines[1:] == ["???[2J ??", "last, without an end"]


def test_the_last_words_are_passed_on_before_the_pod_ends(tmp_path: Path) -> None:
    assert said(tmp_path, "echo 'watch.sh: that is all' >&2; exit 3", code=3) == ["watch.sh: that is all"]


def test_a_process_that_is_left_behind_does_not_keep_the_pod(tmp_path: Path) -> None:
    began = time.monotonic()
    assert said(tmp_path, "sleep 60 >/dev/null & echo 'watch.sh: gone' >&2; exit 4", code=4) == ["watch.sh: gone"]
    assert time.monotonic() - began < 50


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_the_end_is_passed_on(tmp_path: Path, sent: signal.Signals) -> None:
    (tmp_path / "root/config").mkdir(parents=True)
    script = "trap 'echo ended >&2; exit 5' TERM\necho ready >&2\nwhile :; do sleep 0.05; done\n"
    (tmp_path / "root/config/watch.sh").write_text(script)
    process = subprocess.Popen(
        ["sh", str(LOG)],
        env=environment(tmp_path),
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests may ignore it, as shells have it in the background; in a pod nobody does.
        preexec_fn=partial(signal.signal, sent, signal.SIG_DFL),
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "ready\n"
    process.send_signal(sent)
    assert process.stderr.read() == "ended\n"
    assert process.wait(10) == 5
