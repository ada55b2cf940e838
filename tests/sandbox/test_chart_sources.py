"""Charts from an HTTP repository, a registry, a folder and an archive, each from a real server of its kind."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from sandbox.paths import REPO
from sandbox.stacks import merged
from sandbox.toolchain import Toolchain
from telemetry.cli.app import app
from telemetry.clients.cli_tools import Helm, ToolError
from telemetry.releases import releases_of
from tests.sandbox.chart_servers import http_repository, package, push, registry
from tests.sandbox.deployment import Deployment
from tests.sandbox.engine import Stack
from tests.sandbox.fixtures.releases import CHART, NAMESPACE, Site, resource
from tests.support import load_stack

pytestmark = pytest.mark.sandbox

STAND_INS = [REPO / "sandbox" / "charts" / name for name in ("tempo", "mimir-distributed")]


@dataclass(frozen=True)
class Served:
    """Where the same charts are."""

    repository: str
    registry: str
    """Where references begin."""
    archives: Path
    helm: Path

    def source(self, kind: str, name: str, version: str) -> dict[str, str | None]:
        """Return a chart's `source` and `repository` as a release is given them."""
        folder = str(CHART) if name == "tiny" else f"./sandbox/charts/{name}"
        sources: dict[str, tuple[str, str | None]] = {
            "repository": (name, self.repository),
            "registry": (f"{self.registry}/{name}", None),
            "archive": (os.path.relpath(self.archives / f"{name}-{version}.tgz", REPO), None),
            "folder": (folder, None),
        }
        return dict(zip(("source", "repository"), sources[kind], strict=True))


@pytest.fixture(scope="module")
def served(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    helm, archives = toolchain.path("helm"), tmp_path_factory.mktemp("served")
    with http_repository(archives) as repository, registry(toolchain) as address:
        where = push(helm, package(helm, [*STAND_INS, CHART], archives), address)
        yield Served(repository, where, archives, helm)


KINDS = ("repository", "registry", "archive", "folder")


def rendered(served: Served, kind: str, version: str = "2.2.4") -> str:
    """Render Tempo as dev has it."""
    (tempo,) = (each for each in releases_of(load_stack("dev")) if each.name == "tempo")
    where = served.source(kind, "tempo", "2.2.4")
    return Helm(None, None, "here", program=str(served.helm)).template(
        "tempo",
        str(where["source"]),
        version=version,
        repository=where["repository"],
        values=tempo.values,
        kube_version="1.34",
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_chart_is_the_same_wherever_it_comes_from(served: Served, kind: str) -> None:
    text = rendered(served, kind)
    assert "kind: StatefulSet" in text
    assert text == rendered(served, "folder")


@pytest.mark.parametrize("kind", ["repository", "registry"])
def test_a_version_that_is_not_there_is_helms_own_complaint(served: Served, kind: str) -> None:
    with pytest.raises(ToolError, match=r"2\.2\.3"):
        rendered(served, kind, version="2.2.3")


def edited(settings: dict[str, Any], served: Served, traces: str, metrics: str) -> dict[str, Any]:
    """Return a stack's settings with charts from these kinds of sources."""
    overlay = {}
    for signal, kind in (("traces", traces), ("metrics", metrics)):
        chart = settings[f"telemetry:{signal}"]["chart"]
        where = served.source(kind, chart["name"], chart["version"])
        reference = None if where["repository"] else where["source"]
        overlay[f"telemetry:{signal}"] = {"chart": {"repository": where["repository"], "reference": reference}}
    return merged(settings, overlay)


@pytest.mark.parametrize(("traces", "metrics"), [("repository", "registry"), ("registry", "archive")])
def test_compare_renders_what_the_settings_name(served: Served, tmp_path: Path, traces: str, metrics: str) -> None:
    own = yaml.safe_load((REPO / "Pulumi.dev.yaml").read_text())["config"]
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": edited(own, served, traces, metrics)}))
    options = ["--config-file", str(file), "--helm", str(served.helm)]
    done = CliRunner().invoke(app, ["compare", "dev", *options])
    assert (done.exit_code, done.stdout.count("difference")) == (0, 2), done.output


def test_the_report_renders_from_a_repository_and_a_registry(dev: Deployment, served: Served) -> None:
    def change(config: dict[str, Any]) -> None:
        config.update(edited(config, served, "registry", "repository"))

    with dev.edited(change):
        shown = dev.command("report", code=2)
    assert "StatefulSet tempo" in shown
    assert "StatefulSet mimir-ingester" in shown


def test_up_takes_charts_from_every_source(site: Site, served: Served, tmp_path: Path) -> None:
    releases = []
    for kind in KINDS:
        where = served.source(kind, "tiny", "0.1.0")
        chart: dict[str, Any] = {"chart": where["source"], "version": "0.1.0"}
        if kind == "archive":
            chart["chart"] = str(served.archives / "tiny-0.1.0.tgz")
        if where["repository"]:
            chart["repositoryOpts"] = {"repo": where["repository"]}
        releases.append(resource(f"from-{kind}", {"greeting": kind}, **chart))
    stack = Stack(tmp_path / "project", site.environment)
    stack.must_up(site.provider, *releases)
    assert {site.status(f"from-{kind}") for kind in KINDS} == {("deployed", 1)}
    assert {each["outputs"]["status"]["version"] for name, each in stack.state().items() if "from-" in name} == {
        "0.1.0"
    }
    assert f"{NAMESPACE}/from-registry" in {each.get("id") for each in stack.state().values()}
    assert stack.preview().raw["changeSummary"] == {"same": len(KINDS) + 2}
