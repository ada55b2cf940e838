"""docs/settings.md is what the models say."""

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from docs import make_settings
from telemetry.backends import BACKENDS
from telemetry.config.quantities import Duration, parse_duration
from tests.support import REPO
from tests.unit.test_settings import ALL_MODELS


@cache
def page() -> str:
    """Return the document as the code says it now, which takes a tenth of a second."""
    return make_settings.document()


def rows(document: str) -> Iterator[str]:
    return (line for line in document.splitlines() if line.startswith("| `"))


def test_the_document_is_up_to_date() -> None:
    stale = "docs/settings.md is stale; write it anew with: python -m docs.make_settings"
    assert (REPO / "docs" / "settings.md").read_text() == page(), stale


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_every_setting_has_a_row(model: type[BaseModel]) -> None:
    written = [row.split(" | ")[0] for row in rows(page())]
    assert [name for name in model.model_fields if f"| `{name}`" not in written] == []


@pytest.mark.parametrize(
    ("role", "row"),
    [
        ("all", "required | 75m | 384Mi | 4Gi | 4Gi to 8Gi | 1Gi | 100/100 % | no | yes |"),
        ("metrics-generator", "optional | 40m | 192Mi | none | not set | none | none | no | yes |"),
        ("query-scheduler", "required | 20m | 96Mi | none | not set | none | none | no | no |"),
        ("store-gateway", "required | 40m | 224Mi | 2Gi | 2Gi to 4Gi | 1Gi, or none | none | no | yes |"),
        ("gateway", "added by the chart | 10m | 32Mi | none | not set | none | none | no | no |"),
        ("query-frontend", "required | 25m | 128Mi | none | not set | none | 15/10 % | yes | yes |"),
    ],
)
def test_a_role_is_told_with_its_need_its_share_and_whether_it_scales(role: str, row: str) -> None:
    assert f"| `{role}` | {row}" in page().splitlines()


def test_nobody_scales_by_default() -> None:
    found = [row for row in rows(page()) if row.startswith("| `autoscaling`")]
    assert len(found) == 2  # of a role, and of the gateway
    assert all(row.startswith("| `autoscaling` | [Autoscaling](#autoscaling) | none | ") for row in found)


def test_no_row_is_broken_and_no_type_unknown() -> None:
    document = page()
    titles = {f"(#{line.removeprefix('## ').lower()})" for line in document.splitlines() if line.startswith("## ")}
    for row in rows(document):
        assert row.count(" | ") in (1, 3, 9), row
        links = {part[: part.index(")") + 1] for part in row.split("]")[1:] if part.startswith("(#")}
        assert links <= titles, row


def test_check_fails_on_a_stale_document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["make_settings", "--check"])
    monkeypatch.setattr(make_settings, "DOCUMENT", tmp_path / "settings.md")
    assert make_settings.main() == 1
    make_settings.DOCUMENT.write_text(page())
    assert make_settings.main() == 0
    make_settings.DOCUMENT.write_text("old")
    assert make_settings.main() == 1
    assert make_settings.DOCUMENT.read_text() == "old"


def test_it_runs_as_a_command() -> None:
    done = subprocess.run([sys.executable, "-m", "docs.make_settings", "--check"], cwd=REPO, check=False)
    assert done.returncode == 0


def test_every_role_of_every_backend_has_a_row_and_its_sizes_a_path() -> None:
    document = page()
    for backend in BACKENDS:
        (section,) = [each for each in document.split("\n## ") if each.startswith(f"Roles of {backend.title}\n")]
        written = {row.split("`")[1] for row in rows(section)}
        assert written == {role for table in backend.roles.values() for role in table}
        assert f"`telemetry:{backend.signal}.roles.<role>`" in document


def test_a_default_is_written_so_that_it_can_be_read_again() -> None:
    for model in ALL_MODELS:
        for name, hint in make_settings._hints(model):
            if hint == Duration and not model.model_fields[name].is_required():
                written = make_settings._default(model, name, hint).strip("`")
                assert parse_duration(written) == model.model_fields[name].default
