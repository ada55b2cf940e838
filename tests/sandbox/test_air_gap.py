"""A bundle made of what real servers serve, verified, and installed where there is no network."""

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sandbox.engine import Engine
from sandbox.paths import REPO
from sandbox.stacks import merged
from sandbox.toolchain import Toolchain
from sandbox.world import World
from telemetry.operations.bundle.images import parse
from telemetry.operations.bundle.verify import verify
from tests.sandbox import namespace
from tests.sandbox.chart_servers import http_repository, package, registry

pytestmark = pytest.mark.sandbox

CHARTS = ("tempo", "mimir-distributed")
IMAGES = (
    "docker.io/grafana/tempo:2.10.8",
    "docker.io/grafana/mimir:3.1.2",
    "docker.io/nginxinc/nginx-unprivileged:1.29.8-alpine",
)
INDEX = "application/vnd.oci.image.index.v1+json"
CACHE = Path(os.environ.get("TELEMETRY_SANDBOX_CACHE", Path.home() / ".cache" / "telemetry-sandbox")).absolute()
SECONDS = 500
"""Most that it may take: 60 s of CPU."""


@pytest.fixture(scope="module")
def wheelhouse() -> dict[str, str]:
    """Variables with which pip takes the wheels from the user's cache; downloaded first if these are not there."""
    names = ("requirements.txt", "constraints.txt")
    key = hashlib.sha256(b"".join((REPO / name).read_bytes() for name in names)).hexdigest()[:16]
    folder = CACHE / f"wheels-{sys.version_info[0]}.{sys.version_info[1]}-{key}"
    if not folder.is_dir():
        draft = CACHE / f".{folder.name}-{os.getpid()}"
        line = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", "--dest", str(draft)]
        subprocess.run([*line, "-r", names[0], "-c", names[1]], cwd=REPO, check=True)
        draft.rename(folder)
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}


@pytest.fixture(scope="module")
def mirror(toolchain: Toolchain) -> Iterator[str]:
    """A real registry with a manifest for every image of dev."""
    with registry(toolchain) as address:
        for image in IMAGES:
            reference = parse(image)
            url = f"http://{address}/v2/{reference.repository}/manifests/{reference.tag}"
            content = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [], "annotations": {"for": image}}
            httpx.put(url, content=json.dumps(content), headers={"Content-Type": INDEX}).raise_for_status()
        yield f"http://{address}"


@pytest.fixture(scope="module")
def bundle(
    engine: Engine, wheelhouse: dict[str, str], mirror: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A bundle of dev, whose charts were released to an HTTP repository and locked as they are there."""
    folder = tmp_path_factory.mktemp("bundle")
    package(engine.toolchain.path("helm"), (REPO / "sandbox/charts" / name for name in CHARTS), folder / "released")
    own = yaml.safe_load((REPO / "Pulumi.dev.yaml").read_text())["config"]
    with http_repository(folder / "released") as repository:
        charts = {"chart": {"repository": repository}}
        settings = merged(own, {"telemetry:traces": charts, "telemetry:metrics": charts})
        (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": settings}))
        common = ["dev", "--config-file", str(folder / "Pulumi.dev.yaml"), "--lock", str(folder / "charts.lock.yaml")]
        requirements = ["--requirements", "requirements.txt", "--mirror", f"docker.io={mirror}"]

        def command(*line: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "telemetry", *line],
                cwd=REPO,
                env={**engine.environment, **wheelhouse, "COLUMNS": "200"},
                capture_output=True,
                text=True,
                check=False,
            )

        for line in (
            ("bundle-lock", *common),
            ("bundle", *common, "--output", str(folder / "made"), *requirements),
        ):
            done = command(*line)
            assert done.returncode == 0, done.stdout + done.stderr
    yield folder / "made"
    shutil.rmtree(folder)


def test_the_bundle_is_whole_and_every_image_has_its_digest(bundle: Path, mirror: str) -> None:
    seen = verify(bundle)
    assert (seen.findings, seen.manifest is not None) == ([], True)
    assert seen.manifest is not None
    assert {each.image for each in seen.manifest.images} == set(IMAGES)
    for each in seen.manifest.images:
        reference = parse(each.image)
        asked = httpx.get(f"{mirror}/v2/{reference.repository}/manifests/{each.digest}")
        assert json.loads(asked.text)["annotations"] == {"for": each.image}
    assert all(chart.locked for chart in seen.manifest.charts)


def flip(file: Path, at: int) -> None:
    """Flip a bit of a file."""
    with file.open("r+b") as stream:
        stream.seek(at)
        byte = stream.read(1)[0]
        stream.seek(at)
        stream.write(bytes([byte ^ 1]))


def test_a_changed_byte_in_a_real_bundle_is_found(bundle: Path) -> None:
    chosen = random.Random(9)
    file = chosen.choice(sorted(path for path in bundle.glob("*/**/*") if path.is_file()))
    at = chosen.randrange(file.stat().st_size)
    flip(file, at)
    assert [finding.file for finding in verify(bundle).findings] == [file.relative_to(bundle).as_posix()]
    flip(file, at)
    assert verify(bundle).findings == []


@pytest.fixture(scope="module")
def installed(bundle: Path, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What was seen when the bundle was installed and dev deployed from it, without a network."""
    work = tmp_path_factory.mktemp("offline")
    hidden = ("PULUMI_", "AWS_", "KUBECONFIG", "GRAFANA_", "HELM_", "PIP_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    here = {"PYTHONPATH": str(REPO), "TELEMETRY_SANDBOX_CACHE": str(CACHE)}  # its HOME is another
    command = [sys.executable, "-m", "tests.sandbox.offline_install", str(bundle), str(work)]
    try:
        done = namespace.run(command, {**kept, **here}, SECONDS)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        yield json.loads(done.stdout.splitlines()[-1])
    finally:
        World(work / "world", toolchain).stop()  # of a run that took too long
        shutil.rmtree(work)


@pytest.mark.nightly
def test_there_was_no_way_out(installed: dict[str, Any]) -> None:
    assert installed["routes"] == []
    assert "unreachable" in installed["outside"]


@pytest.mark.nightly
def test_preview_and_up_of_dev_succeed_from_the_bundle_alone(installed: dict[str, Any], bundle: Path) -> None:
    for step in ("preview", "up"):
        assert installed[step]["code"] == 0, installed[step]["stdout"] + installed[step]["stderr"]
    releases = {each["outputs"]["name"]: each for each in installed["state"] if each["type"].endswith(":Release")}
    assert {name: each["outputs"]["status"]["status"] for name, each in releases.items()} == {
        "tempo": "deployed",
        "mimir": "deployed",
    }
    assert releases["tempo"]["inputs"]["chart"].startswith("oci://127.0.0.1:")
    assert releases["mimir"]["inputs"]["repositoryOpts"]["repo"].startswith("http://127.0.0.1:")
    pulumi, helm, python, host = installed["which"].split()
    assert {str(Path(each).parent) for each in (pulumi, helm, host)} == {str(bundle / "bin")}
    assert python.endswith("telemetry/.venv/bin/python")


@pytest.mark.nightly
def test_the_new_environment_has_what_the_bundle_has_and_no_more(installed: dict[str, Any], bundle: Path) -> None:
    def normal(names: Iterable[str]) -> set[str]:
        return {"-".join(name.split("-")[:2]).lower().replace("_", "-") for name in names}

    brought = normal(path.name for path in (bundle / "wheels").iterdir())
    found = normal(name.removesuffix(".dist-info") for name in installed["packages"])
    assert {each for each in found if not each.startswith(("pip-", "setuptools-"))} == brought
