"""Copies of the state: their names, which are kept, what is refused, and how the commands tell of it."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from typer.testing import CliRunner

from telemetry.cli.app import app
from telemetry.clients.cli_tools import Pulumi, ToolError
from telemetry.operations.adopt import AdoptError
from telemetry.operations.backup import exports
from telemetry.operations.backup.storage import Bucket, Folder, place_of

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


def export(stack: str = "dev", resources: int = 1) -> str:
    each = [{"urn": f"urn:pulumi:{stack}::telemetry::a:b:C::{number}"} for number in range(resources)]
    return json.dumps({"version": 3, "deployment": {"manifest": {"time": "then"}, "resources": each}})


def test_a_copy_is_for_us_alone_and_reads_as_it_was_written(tmp_path: Path) -> None:
    place = place_of(str(tmp_path / "copies"))
    name = exports.write(place, "dev", export(), at=NOW, keep=3)
    assert name == "telemetry-dev-20261121T123000.000000Z.json"
    file = tmp_path / "copies" / name
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert file.read_text() == export()


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o702])
def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path, mode: int) -> None:
    place = place_of(str(tmp_path / "copies"))
    name = exports.write(place, "dev", export(), at=NOW, keep=3)
    (tmp_path / "copies").chmod(mode)
    for act in (place.names, lambda: place.read(str(name)), lambda: place.write("new", "x")):
        with pytest.raises(AdoptError, match=r"can be written to by others \(mode .*chmod go-w"):
            act()
    (tmp_path / "copies").chmod(0o755)
    assert place.names() == [name]


def test_so_is_one_in_a_folder_in_which_others_could_put_another_in_its_place(tmp_path: Path) -> None:
    around = tmp_path / "around"
    place = place_of(str(around / "copies"))
    exports.write(place, "dev", export(), at=NOW, keep=3)
    around.chmod(0o777)
    with pytest.raises(AdoptError, match="around: can be written to by others"):
        place.names()
    around.chmod(0o1777)  # as /tmp is: there, nobody can move what is another's
    assert place.names()


def test_so_is_one_of_another_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_of(str(tmp_path))
    assert place.names() == []
    owner = tmp_path.stat().st_uid
    if owner == 0:
        os.chown(tmp_path, 4711, -1)
    else:
        monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(AdoptError, match="belongs to another user"):
        place.names()


def test_a_copy_is_never_overwritten(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    name = exports.write(place, "dev", export(), at=NOW, keep=3)
    with pytest.raises(AdoptError, match="File exists"):
        exports.write(place, "dev", export(resources=2), at=NOW, keep=3)
    assert place.read(str(name)) == export()


def test_the_oldest_copies_of_this_stack_go(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    other = exports.write(place, "prod", export("prod"), at=NOW, keep=1)
    mine = [exports.write(place, "dev", export(), at=NOW + timedelta(days=day), keep=2) for day in range(4)]
    assert sorted(place.names()) == sorted([str(other), *map(str, mine[2:])])
    assert exports.of_stack("dev", place.names()) == [mine[3], mine[2]]


def test_a_state_that_was_lost_drives_out_no_copy(tmp_path: Path) -> None:
    place = Folder(tmp_path)
    good = exports.write(place, "dev", export(), at=NOW, keep=1)
    assert exports.write(place, "dev", export(resources=0), at=NOW + timedelta(days=1), keep=1) is None
    assert place.names() == [good]


def test_a_copy_that_cannot_be_written_whole_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AdoptError, match="No space left on device"):
        exports.write(Folder(tmp_path), "dev", export(), at=NOW, keep=1)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_reads_otherwise_costs_no_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Folder(tmp_path)
    old = exports.write(place, "dev", export(), at=NOW, keep=1)
    monkeypatch.setattr(Folder, "read", lambda *_: "other")
    with pytest.raises(AdoptError, match="reads otherwise"):
        exports.write(place, "dev", export(), at=NOW + timedelta(days=1), keep=1)
    assert str(old) in place.names()


@given(cut=st.integers(min_value=0, max_value=len(export()) - 1))
def test_a_copy_that_is_cut_off_anywhere_is_refused(cut: int) -> None:
    with pytest.raises(AdoptError):
        exports.parsed(export()[:cut], "dev")


@given(st.datetimes(), st.datetimes())
def test_names_are_in_the_order_of_time(one: datetime, other: datetime) -> None:
    early, late = sorted((one.replace(tzinfo=UTC), other.replace(tzinfo=UTC)))
    if early.year >= 1000:
        names = [exports.name_of("dev", early), exports.name_of("dev", late)]
        assert exports.of_stack("dev", names) == names[::-1]


def test_a_file_of_the_backend_is_a_copy_as_well() -> None:
    deployment = json.loads(export())["deployment"]
    text = json.dumps({"version": 3, "checkpoint": {"stack": "x", "latest": deployment}})
    assert exports.parsed(text, "dev") == json.loads(export())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "is no copy"),
        ('{"a": 1}', "is no copy"),
        ('{"deployment": {"resources": ["a"]}}', "is no copy"),
        (export("prod"), "is the state of another stack"),
    ],
)
def test_what_is_no_copy_of_this_state_is_refused(text: str, said: str) -> None:
    with pytest.raises(AdoptError, match=said):
        exports.parsed(text, "dev")


@mock_aws
def test_a_bucket_keeps_copies_in_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="copies")
    place = place_of("s3://copies/telemetry/state?region=us-east-1")
    names = [exports.write(place, "dev", export(), at=NOW + timedelta(days=day), keep=2) for day in range(3)]
    assert sorted(place.names()) == names[1:]
    assert place.read(str(names[1])) == export()
    with pytest.raises(AdoptError, match="is there already"):
        place.write(str(names[1]), "other")
    assert str(place) == "s3://copies/telemetry/state"
    with pytest.raises(AdoptError, match="NoSuchBucket"):
        place_of("s3://none").names()
    boto3.client("s3", region_name="us-east-1").put_object(Bucket="copies", Key="telemetry/state/x", Body=b"\xff")
    with pytest.raises(AdoptError, match="is no copy of a state"):
        place.read("x")


@pytest.mark.parametrize(
    "address", ["gs://bucket", "https://host/x", "s3:///folder", "s3://key:secret@bucket", "s3://["]
)
def test_another_place_is_refused(address: str) -> None:
    with pytest.raises(AdoptError):
        place_of(address)


def test_the_credentials_are_those_of_the_environment() -> None:
    assert isinstance(place_of("s3://bucket?endpoint=s3.example.net&s3ForcePathStyle=true"), Bucket)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, says: str | Exception = "", **variables: str) -> Any:
    asked: list[tuple[str, str | None]] = []

    def answer(_: Pulumi, command: str, *__: str, stdin: str | None = None) -> Any:
        asked.append((command, stdin))
        if isinstance(says, Exception):
            raise says
        return type("Done", (), {"stdout": says})

    monkeypatch.setattr(Pulumi, "run", answer)
    monkeypatch.delenv("STATE_EXPORTS", raising=False)
    done = CliRunner().invoke(app, list(arguments), env={**variables, "COLUMNS": "200"})
    return done.exit_code, done.output, asked


def test_a_place_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said, asked = run(monkeypatch, "export-state", "dev")
    assert code == 1
    assert "set STATE_EXPORTS" in said
    assert asked == []


def test_an_export_is_never_asked_for_its_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code, said, asked = run(monkeypatch, "export-state", "dev", says=export(), STATE_EXPORTS=str(tmp_path))
    assert code == 0
    assert asked == [("stack export", None)]
    (file,) = tmp_path.iterdir()
    assert f"dev: state exported to {file}" in said


def test_a_state_that_cannot_be_read_fails_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cut_off = ToolError("error: failed to load checkpoint: unexpected end of JSON input")
    code, said, _ = run(monkeypatch, "export-state", "dev", says=cut_off, STATE_EXPORTS=str(tmp_path))
    assert code == 1
    assert "restore-state dev COPY" in said
    assert list(tmp_path.iterdir()) == []


def test_a_copy_is_put_back_only_when_somebody_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = exports.write(Folder(tmp_path), "dev", export(), at=NOW, keep=1)
    for copy in (str(tmp_path / str(name)), str(name)):
        code, said, asked = run(monkeypatch, "restore-state", "dev", copy, STATE_EXPORTS=str(tmp_path))
        assert (code, asked) == (2, [])
        assert "written then, has 1 resources" in said
        code, said, asked = run(monkeypatch, "restore-state", "dev", copy, "--yes", STATE_EXPORTS=str(tmp_path))
        assert code == 0
        assert [(command, json.loads(stdin or "")) for command, stdin in asked] == [
            ("stack import", json.loads(export()))
        ]


def test_the_copies_of_a_stack_are_shown_the_newest_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = [exports.write(Folder(tmp_path), "dev", export(), at=NOW + timedelta(days=day), keep=9) for day in (0, 1)]
    code, said, _ = run(monkeypatch, "restore-state", "dev", STATE_EXPORTS=str(tmp_path))
    assert code == 0
    assert said.index(str(names[1])) < said.index(str(names[0]))


@pytest.mark.parametrize(
    ("copy", "said"), [("none.json", "there is no such file"), ("/none/x", "there is no such file")]
)
def test_a_copy_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, copy: str, said: str) -> None:
    code, printed, _ = run(monkeypatch, "restore-state", "dev", copy)
    assert code == 1
    assert said in printed
