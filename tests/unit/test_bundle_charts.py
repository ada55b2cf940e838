"""Charts of a bundle: what they must be, and the repository that they make."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry.config.chart import Chart
from telemetry.operations.bundle.charts import fetch, index
from telemetry.operations.bundle.errors import BundleError
from telemetry.operations.bundle.lock import Lock
from telemetry.releases import CHARTS
from tests.support import REPO
from tests.unit.bundles import FakeHelm, chart_archive

TEMPO = Chart(name="tempo", version="2.2.4", repository="https://charts.example.org")


def test_every_version_that_may_be_deployed_is_locked() -> None:
    lock = Lock.read(REPO / "charts.lock.yaml")
    versions = {(name, version) for name, versions in CHARTS.items() for version in versions}
    assert versions <= {(each.name, each.version) for each in lock.charts}


def test_the_lock_is_written_as_it_is_read(tmp_path: Path) -> None:
    lock = Lock.read(REPO / "charts.lock.yaml")
    lock.write(tmp_path / "lock")
    assert Lock.read(tmp_path / "lock") == lock
    (tmp_path / "lock").write_text("charts: [{name: a}]")
    with pytest.raises(BundleError, match="is no lock of charts"):
        Lock.read(tmp_path / "lock")


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (b"no archive", "cannot be read"),
        (chart_archive("tempo", "2.2.3"), "gave another chart"),
        (chart_archive("loki", "2.2.4"), "gave another chart"),
        (
            chart_archive("tempo", "2.2.4", {"dependencies": [{"name": "minio", "version": "1"}]}),
            "its subchart minio is not in it",
        ),
    ],
)
def test_an_archive_that_is_not_the_chart_is_refused(archive: bytes, said: str, tmp_path: Path) -> None:
    helm: Any = FakeHelm({"tempo": archive})
    with pytest.raises(BundleError, match=said):
        fetch(TEMPO, helm, tmp_path)


def test_a_subchart_may_be_a_folder_or_an_archive(tmp_path: Path) -> None:
    needs = {"dependencies": [{"name": "minio", "version": "1"}, {"name": "agent", "version": "2"}]}
    helm: Any = FakeHelm(
        {"tempo": chart_archive("tempo", "2.2.4", needs, "charts/minio/Chart.yaml", "charts/agent-2.tgz")}
    )
    assert fetch(TEMPO, helm, tmp_path).subcharts == ["minio 1", "agent 2"]


def test_a_path_is_a_folder_or_a_released_archive(tmp_path: Path) -> None:
    helm: Any = FakeHelm({})
    folder = Chart(name="tempo", version="2.2.4", reference="./sandbox/charts/tempo")
    packed = fetch(folder, helm, tmp_path)
    assert not packed.released
    (tmp_path / "again").mkdir()
    assert fetch(folder, helm, tmp_path / "again").sha256 == packed.sha256
    helm.folder = tmp_path
    released = Chart(name="tempo", version="2.2.4", reference="./tempo-2.2.4.tgz")
    (tmp_path / "to").mkdir()
    found = fetch(released, helm, tmp_path / "to")
    assert (found.released, found.sha256) == (True, packed.sha256)
    with pytest.raises(BundleError, match=r"there is no \./tempo"):
        fetch(Chart(name="tempo", version="2.2.4", reference="./tempo"), helm, tmp_path / "to")


def test_the_index_names_each_archive_with_its_digest(tmp_path: Path) -> None:
    content = chart_archive("tempo", "2.2.4", {"appVersion": "2.10.8"})
    helm: Any = FakeHelm({"tempo": content})
    (entry,) = yaml.safe_load(index([fetch(TEMPO, helm, tmp_path)]))["entries"]["tempo"]
    assert (entry["version"], entry["urls"], entry["appVersion"]) == ("2.2.4", ["tempo-2.2.4.tgz"], "2.10.8")
    assert entry["digest"] == hashlib.sha256(content).hexdigest()
