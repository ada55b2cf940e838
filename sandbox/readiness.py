"""Waiting for a process that was started: until it says that it is ready, or has ended."""

import subprocess
from pathlib import Path

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

_SHOWN = 15


def await_ready(
    process: "subprocess.Popen[bytes]", url: str, name: str, log: Path, *, seconds: float, client: httpx.Client | None
) -> None:
    """Return once an address answers with success.

    Args:
        process: who is to answer.
        url: where; a path where the client knows the rest.
        name: what it is, for people.
        log: what it writes.
        seconds: how long it may take.
        client: who asks; None for one without certificates.

    Raises:
        RuntimeError: it ended; the message ends with its last lines.
        httpx.HTTPError: it did not answer in time.
    """
    get = client.get if client else httpx.get
    for attempt in Retrying(
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.25),
        retry=retry_if_exception_type(httpx.HTTPError),
        reraise=True,
    ):
        with attempt:
            if process.poll() is not None:
                last = "\n".join(log.read_text().splitlines()[-_SHOWN:])
                raise RuntimeError(f"{name} ended at its start:\n{last}")
            get(url).raise_for_status()
