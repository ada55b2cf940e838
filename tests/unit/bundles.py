"""Small bundles for tests: made by the program itself, of tools and wheels that are a line of text."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from telemetry.clients.cli_tools import ToolError
from telemetry.operations.bundle import build, programs, sources, wheels
from telemetry.operations.bundle.build import Order
from telemetry.operations.bundle.lock import Lock
from telemetry.operations.bundle.manifest import Program
from telemetry.operations.bundle.programs import Found
from telemetry.operations.bundle.registries import Registries
from telemetry.stack import Stack
from tests.support import REPO

DIGEST = f"sha256:{'0' * 63}1"


def chart_archive(name: str, version: str, more: Mapping[str, Any] | None = None, *files: str) -> bytes:
    """Return a released archive of a chart with nothing but a Chart.yaml and files of these names."""
    metadata = {"apiVersion": "v2", "name": name, "version": version, **(more or {})}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for path, text in (("Chart.yaml", yaml.safe_dump(metadata)), *((file, "x") for file in files)):
            member = tarfile.TarInfo(f"{name}/{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


class FakeHelm:
    """Gives archives as a repository would, and renders each release into a pod of one image."""

    folder = REPO

    def __init__(self, archives: Mapping[str, bytes]) -> None:
        self.archives = archives
        self.rendered: list[str] = []

    def pull(self, chart: str, *, version: str, repository: str | None, destination: Path) -> None:
        if chart not in self.archives:
            raise ToolError(f"helm pull: there is no {chart} in {repository}")
        (destination / f"{chart}-{version}.tgz").write_bytes(self.archives[chart])

    def template(self, name: str, chart: str, **_: Any) -> str:
        assert Path(chart).is_file()
        self.rendered.append(name)
        containers = [{"image": f"docker.io/grafana/{name}:1"}]
        return yaml.safe_dump({"kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers}})


def asked(request: httpx.Request) -> httpx.Response:
    """Answer as a registry that has every image, with the same manifest."""
    del request
    return httpx.Response(200, content=b"{}")


def order(stack: Stack, helm: Any, lock: Lock, registries: Registries | None = None) -> Order:
    """Return an order for a bundle."""
    reached = registries or Registries(client=httpx.Client(transport=httpx.MockTransport(asked)))
    return Order(stack, helm, lock, reached, REPO, REPO / "requirements.txt", REPO / "constraints.txt", "1.34")


def stub_parts(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Put lines of text in the place of the engine, the plugins, the wheels and the program."""
    tool = folder / "pulumi"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)

    def downloaded(_: Path, __: Path, into: Path) -> None:
        (into / "a_b-1.0-py3-none-any.whl").write_text("wheel")

    def packed(_: Path, path: Path) -> None:
        path.write_text("program")

    found = Found(Program(name="pulumi", version="3.260.0", folder="bin"), {"bin/pulumi": tool})
    monkeypatch.setattr(programs, "engine", lambda: iter([found]))
    monkeypatch.setattr(programs, "plugins", lambda _: iter(()))
    monkeypatch.setattr(wheels, "download", downloaded)
    monkeypatch.setattr(sources, "pack", packed)
    monkeypatch.setattr(sources, "revision", lambda _: "abc")


def made(order_: Order, output: Path) -> build.Made:
    """Make a bundle, quietly."""
    return build.make(order_, output, lambda _: None)
