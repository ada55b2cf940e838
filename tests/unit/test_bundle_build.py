"""A bundle as a whole: the same input, the same bytes; nothing that is not locked; nothing half-made."""

import json
import time
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from telemetry.cli import bundle as bundle_command
from telemetry.cli.app import app
from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.lock import Key, Lock
from telemetry.operations.bundle.registries import Registries
from telemetry.operations.bundle.verify import verify
from telemetry.releases import releases_of
from tests.support import load_stack
from tests.unit.bundles import FakeHelm, chart_archive, made, order, stub_parts

ARCHIVES = {
    "tempo": chart_archive("tempo", "2.2.4", {"appVersion": "2.10.8"}),
    "tempo-distributed": chart_archive("tempo-distributed", "2.26.2"),
    "mimir-distributed": chart_archive(
        "mimir-distributed",
        "6.1.0",
        {"dependencies": [{"name": "minio", "version": "5.4.0"}]},
        "charts/minio/Chart.yaml",
    ),
}
SILENT = Registries(client=httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(404))))


@pytest.fixture(autouse=True)
def parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub_parts(monkeypatch, tmp_path)


def locked(environment: str = "dev") -> Lock:
    """Return the lock of what the fake repository has."""
    import hashlib

    charts = {each.chart.name: each.chart for each in releases_of(load_stack(environment))}
    digests = {name: hashlib.sha256(ARCHIVES[name]).hexdigest() for name in charts}
    return Lock().extended({Key(name, c.version): (c, digests[name]) for name, c in charts.items()})


def everything(folder: Path) -> dict[str, tuple[bytes, int, float]]:
    """Return all that a copy of a folder would keep: bytes, modes and times."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_input_makes_the_same_bytes(tmp_path: Path) -> None:
    first = made(order(load_stack(), FakeHelm(ARCHIVES), locked()), tmp_path / "a")
    packed = made(order(load_stack(), FakeHelm(ARCHIVES), locked()), tmp_path / "a.tar.gz")
    time.sleep(1.1)  # archives count whole seconds
    again = made(order(load_stack(), FakeHelm(ARCHIVES), locked()), tmp_path / "elsewhere" / "b")
    repacked = made(order(load_stack(), FakeHelm(ARCHIVES), locked()), tmp_path / "elsewhere" / "b.tar.gz")
    assert everything(tmp_path / "a") == everything(tmp_path / "elsewhere" / "b")
    assert (first.digest, packed.digest) == (again.digest, repacked.digest)
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "elsewhere" / "b.tar.gz").read_bytes()
    for bundle in (tmp_path / "a", tmp_path / "a.tar.gz"):
        assert verify(bundle).findings == []


@pytest.mark.parametrize("environment", ["dev", "test", "prod"])
def test_every_release_has_its_chart_and_its_images_in_it(environment: str, tmp_path: Path) -> None:
    stack, helm = load_stack(environment), FakeHelm(ARCHIVES)
    manifest = made(order(stack, helm, locked(environment)), tmp_path / "bundle").manifest
    releases = {each.name for each in releases_of(stack)}
    assert set(helm.rendered) == releases
    assert {each.name for each in manifest.charts} == {each.chart.name for each in releases_of(stack)}
    assert all(each.locked and each.file in manifest.files for each in manifest.charts)
    users = {user for image in manifest.images for user in image.releases}
    assert users == releases | ({"gateway"} if stack.gateway else set())
    assert {image["digest"] for image in json.loads((tmp_path / "bundle/images.json").read_text())} == {
        image.digest for image in manifest.images
    }


def test_the_bill_of_materials_lists_every_part_with_its_digest(tmp_path: Path) -> None:
    manifest = made(order(load_stack(), FakeHelm(ARCHIVES), locked()), tmp_path / "bundle").manifest
    bill = json.loads((tmp_path / "bundle/sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    found = {each["purl"]: each for each in bill["components"]}
    wheel = found["pkg:pypi/a-b@1.0"]
    assert wheel["hashes"] == [{"alg": "SHA-256", "content": manifest.files["wheels/a_b-1.0-py3-none-any.whl"].sha256}]
    assert {each.split("?")[0].split("@")[0] for each in found} >= {
        "pkg:helm/tempo",
        "pkg:helm/mimir-distributed",
        "pkg:oci/tempo",
        "pkg:generic/pulumi",
    }
    (image,) = [each for each in found if each.startswith("pkg:oci/tempo")]
    assert manifest.images[-1].digest is not None
    assert manifest.images[-1].digest.removeprefix("sha256:") in image


def test_a_chart_that_is_not_locked_or_another_makes_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is not in the lock of charts; look at it, then"):
        made(order(load_stack(), FakeHelm(ARCHIVES), Lock()), tmp_path / "bundle")
    changed = {**ARCHIVES, "tempo": chart_archive("tempo", "2.2.4", {"appVersion": "2.10.9"})}
    with pytest.raises(BundleError, match=r"tempo 2\.2\.4 of https://grafana-community.* is locked; somebody has"):
        made(order(load_stack(), FakeHelm(changed), locked()), tmp_path / "bundle")
    assert [path.name for path in tmp_path.iterdir()] == ["pulumi"]


def test_an_earlier_bundle_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    made(order(load_stack(), FakeHelm(ARCHIVES), locked()), tmp_path / "bundle")
    (tmp_path / "bundle" / "left").write_text("over")
    made(order(load_stack(), FakeHelm(ARCHIVES), locked()), tmp_path / "bundle")
    assert verify(tmp_path / "bundle").findings == []
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_text("x")
    with pytest.raises(BundleError, match="is there already and is no bundle"):
        made(order(load_stack(), FakeHelm(ARCHIVES), locked()), tmp_path / "photos")
    assert (tmp_path / "photos" / "one.jpg").exists()


@pytest.mark.parametrize(("options", "code"), [([], 2), (["--allow-unresolved"], 0)])
def test_an_image_without_a_digest_is_said_and_no_success(
    options: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreached = order(load_stack(), FakeHelm(ARCHIVES), locked(), SILENT)
    monkeypatch.setattr(bundle_command, "_order", lambda *_: unreached)
    shown = CliRunner().invoke(app, ["bundle", "dev", "--output", str(tmp_path / "bundle"), *options])
    assert shown.exit_code == code, shown.output
    assert "2 images have no digest" in shown.output
    assert {each["digest"] for each in json.loads((tmp_path / "bundle/images.json").read_text())} == {None}
    assert verify(tmp_path / "bundle").findings == []


def test_the_lock_takes_what_is_new_and_refuses_what_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "charts.lock.yaml"

    def lock(archives: dict[str, bytes]) -> tuple[int, str]:
        given = order(load_stack(), FakeHelm(archives), Lock.read(file))
        monkeypatch.setattr(bundle_command, "_order", lambda *_: given)
        shown = CliRunner().invoke(app, ["bundle-lock", "dev", "--lock", str(file)])
        return shown.exit_code, shown.output

    assert lock(ARCHIVES)[0] == 0
    written = file.read_text()
    assert Lock.read(file) == locked()
    assert "0 new, 2 as locked" in lock(ARCHIVES)[1]
    code, said = lock({**ARCHIVES, "tempo": chart_archive("tempo", "2.2.4", {"appVersion": "9"})})
    assert (code, "somebody has changed what was released" in said) == (1, True)
    assert file.read_text() == written


def test_a_mirror_is_an_address(tmp_path: Path) -> None:
    where = ["--output", str(tmp_path / "bundle")]
    shown = CliRunner().invoke(app, ["bundle", "dev", "--mirror", "docker.io", *where])
    assert shown.exit_code == 1
    assert "is not REGISTRY=ADDRESS" in shown.output
