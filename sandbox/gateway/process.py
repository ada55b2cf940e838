"""The real nginx under the product's own log.sh and watch.sh."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from sandbox.gateway.pod import NOBODY, Pod
from telemetry.clients.processes import is_alive
from telemetry.gateway import access

_SECONDS_TO_START = 60
_SECONDS_TO_DRAIN = 30
_POLL_SECONDS = 0.005
_LOOK_SECONDS = 0.2
"""How often watch.sh looks for changed files."""


@dataclass(frozen=True)
class Gateway(Pod):
    """A running gateway."""

    process: subprocess.Popen[bytes] = field(kw_only=True)

    @property
    def url(self) -> str:
        """Where it offers HTTP."""
        return f"https://{self.layout.address}:{self.layout.https_port}"

    @property
    def grpc(self) -> str:
        """Where it offers gRPC, as host:port."""
        return f"{self.layout.address}:{self.layout.grpc_port}"

    @property
    def authority(self) -> str:
        """The authority that clients trust, in PEM."""
        return access.own_authority(self.stack, self.key).certificate

    def health(self, path: str) -> httpx.Response:
        """Return what its health listener says: `live`, `ready` or `metrics`."""
        url = f"http://{self.layout.address}:{self.layout.health_port}/{path}"
        return httpx.get(url, trust_env=False, timeout=60)

    def requests(self) -> list[dict[str, Any]]:
        """Return what it has logged of requests."""
        return [json.loads(line) for line in self.logs[0].read_text().splitlines()]

    def said(self) -> str:
        """Return all that it has written to its logs."""
        return "".join(log.read_text() for log in self.logs)

    def drain(self) -> int:
        """End it as Kubernetes does; return its exit code once it has ended by itself."""
        self.process.terminate()
        return self.process.wait(_SECONDS_TO_DRAIN)


@contextmanager
def gateway(pod: Pod) -> Iterator[Gateway]:
    """Run a pod's log.sh, and yield once nginx serves.

    Raises:
        RuntimeError: it did not start; the message ends with its last lines.
    """
    running = Gateway(pod.stack, pod.key, pod.layout, pod.mounts, pod.inside, process=_started(pod))
    try:
        _wait(running)
        yield running
    finally:
        _end(running.process)


def _started(pod: Pod) -> subprocess.Popen[bytes]:
    """Start log.sh as a user without rights, in a process group of its own."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "GATEWAY_ROOT": pod.layout.root,
        "GATEWAY_SCRATCH": pod.layout.scratch,
        "GATEWAY_STATE": pod.layout.state,
        "GATEWAY_NGINX": str(pod.directory / "nginx"),
        "GATEWAY_INTERVAL": str(_LOOK_SECONDS),
        "GATEWAY_STEP": "0.05",
        "GATEWAY_DRAIN": "0",
    }
    # By a program and not by Popen's `user`, with which Python forks: gRPC's threads do not bear that.
    nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    with pod.logs[0].open("ab") as out, pod.logs[1].open("ab") as err:
        return subprocess.Popen(
            [*pod.inside, *nobody, "sh", str(Path(pod.layout.root) / "config" / "log.sh")],
            cwd=pod.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End all of its group at once; nobody waits for what is still open, but the next one needs the ports."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    while any(_is_of(process.pid, each) for each in psutil.process_iter()):
        time.sleep(_POLL_SECONDS)


def _is_of(group: int, process: psutil.Process) -> bool:
    try:
        return os.getpgid(process.pid) == group and is_alive(process)
    except (ProcessLookupError, psutil.Error):
        return False


def _wait(running: Gateway) -> None:
    for attempt in Retrying(
        stop=stop_after_delay(_SECONDS_TO_START),
        wait=wait_fixed(_POLL_SECONDS),
        retry=retry_if_exception_type(httpx.HTTPError),
        reraise=True,
    ):
        with attempt:
            if running.process.poll() is not None:
                raise RuntimeError("the gateway ended at its start:\n" + running.said()[-2000:])
            running.health("live").raise_for_status()
