"""The real OpenTelemetry Collector on a configuration that the program has written, at an address of loopback."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from sandbox.readiness import await_ready
from telemetry.collector.otel import STORAGE
from telemetry.config.collector import HEALTH_PORT

PROGRAM = "otelcol-contrib"
_SECONDS_TO_START = 60
_EVERYWHERE, _LOOPBACK = "0.0.0.0:", "127.0.0.1:"
_FAILED = "xporting failed"
_COMPONENT = re.compile(r'"otelcol\.component\.id": "([^"]+)"')


@dataclass(frozen=True)
class Running:
    """A running Collector."""

    address: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def failed(self) -> set[str]:
        """Return the exporters that have tried to send something, and could not."""
        lines = [line for line in self.log.read_text().splitlines() if _FAILED in line]
        return {name for line in lines for name in _COMPONENT.findall(line)}


@contextmanager
def running(program: Path, config: str, address: str, directory: Path) -> Iterator[Running]:
    """Run it until it is left, and yield once it is ready.

    Args:
        program: the executable.
        config: its configuration; only where it listens and keeps its files is given anew.
        address: where it listens, at its own ports.
        directory: where its files go; what is there is from an earlier run of it.

    Raises:
        RuntimeError: it did not start; the message ends with its last lines.
    """
    directory.mkdir(exist_ok=True)
    file, log = directory / "config.yaml", directory / "log"
    file.write_text(yaml.safe_dump(_placed(yaml.safe_load(config), address, directory)))
    with log.open("a") as out, httpx.Client(base_url=f"http://{address}:{HEALTH_PORT}", trust_env=False) as client:
        process = subprocess.Popen([program, "--config", file], stdout=out, stderr=out)
        try:
            await_ready(process, "/", PROGRAM, log, seconds=_SECONDS_TO_START, client=client)
            yield Running(address, process, log)
        finally:
            process.kill()
            process.wait()


def _placed(value: Any, address: str, directory: Path) -> Any:
    match value:
        case str():
            placed = value.replace(_EVERYWHERE, f"{address}:").replace(_LOOPBACK, f"{address}:")
            return placed.replace(STORAGE, str(directory))
        case dict():
            return {key: address if key == "host" else _placed(each, address, directory) for key, each in value.items()}
        case list():
            return [_placed(each, address, directory) for each in value]
        case _:
            return value
