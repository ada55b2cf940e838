"""Charts as others serve them, on loopback: an HTTP repository, and the real registry that keeps things in memory."""

import re
import subprocess
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from sandbox.toolchain import Toolchain

_PORT = re.compile(r"serving on port (\d+)")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Say nothing."""


@contextmanager
def http_repository(folder: Path) -> Iterator[str]:
    """Serve a folder of archives and their index.yaml, and yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@contextmanager
def registry(toolchain: Toolchain) -> Iterator[str]:
    """Run a registry and yield its host and port."""
    toolchain.ensure(["registry"])
    command = [str(toolchain.path("registry")), "-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = _PORT.search(process.stderr.readline())
            assert said is not None, "the registry does not say where it serves"
            # Its log would fill the pipe up.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield f"127.0.0.1:{said[1]}"
        finally:
            process.terminate()


def package(helm: Path, charts: Iterable[Path], folder: Path) -> list[Path]:
    """Make released archives of charts in a folder, with an index beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for chart in charts:
        _run(helm, "package", chart, "--destination", folder)
    _run(helm, "repo", "index", folder)
    return sorted(folder.glob("*.tgz"))


def push(helm: Path, archives: Iterable[Path], address: str) -> str:
    """Put archives into a registry, and return the beginning of their references."""
    where = f"oci://{address}/charts"
    for archive in archives:
        _run(helm, "push", "--plain-http", archive, where)
    return where


def _run(*command: object) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
