"""What the pipeline says on GitHub: one comment, one issue, found by their marker and changed in place."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tenacity import wait_none
from typer.testing import CliRunner, Result

from telemetry.cli.app import app
from telemetry.cli.comment import DRIFT_MARKER, REPORT_MARKER, together
from telemetry.clients import github as forge
from telemetry.clients.github import LIMIT
from tests.doubles import Answer, answering, refused
from tests.unit.forge_double import Hub, listening

TOKEN = "gt0-fake"
STACKS = ("dev", "test", "prod")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub()
    monkeypatch.setattr(forge, "_WAIT", wait_none())
    with listening(hub) as address:
        for name, value in {
            "GITHUB_API_URL": address,
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_SERVER_URL": "https://hub.example",
            "GITHUB_RUN_ID": "42",
        }.items():
            monkeypatch.setenv(name, value)
        yield hub
    assert hub.authorizations <= {f"Bearer {TOKEN}"}


def files(folder: Path, kind: str, *texts: str | None) -> list[str]:
    """Write the stacks' files, where there is a text, and return their paths."""
    paths = [folder / f"{kind}-{stack}.md" for stack in STACKS]
    for path, text in zip(paths, texts, strict=True):
        path.unlink(missing_ok=True)
        if text is not None:
            path.write_text(text)
    return list(map(str, paths))


def run(*arguments: str) -> Result:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
    assert TOKEN not in result.output
    return result


def comment(folder: Path, *texts: str | None) -> Result:
    return run("comment", "7", *files(folder, "report", *texts))


def issue(folder: Path, *texts: str | None) -> Result:
    return run("issue", *files(folder, "drift", *texts))


def test_a_comment_is_written_updated_in_place_and_removed(hub: Hub, tmp_path: Path) -> None:
    assert comment(tmp_path, "more pods", "", "").output == "wrote https://hub.example/1\n"
    assert comment(tmp_path, "", "", "a bucket\n").output == "updated https://hub.example/1\n"
    (said,) = hub.comments
    assert said["body"] == f"{REPORT_MARKER}\n## dev\n\nNo change.\n\n## test\n\nNo change.\n\n## prod\n\na bucket"
    assert comment(tmp_path, "", "", "").output == "removed issues/comments/1\n"
    assert hub.comments == []


def test_nothing_is_posted_when_nothing_changes(hub: Hub, tmp_path: Path) -> None:
    assert comment(tmp_path, "", "", "").output == "nothing to say\n"
    assert issue(tmp_path, "", "", "").output == "nothing to say\n"
    assert hub.wrote == []


def test_only_our_own_comment_is_touched_and_it_is_found_on_any_page(hub: Hub, tmp_path: Path) -> None:
    for login, body in (
        ("somebody", f"{REPORT_MARKER}\nforged"),
        ("github-actions[bot]", "another workflow's"),
        ("github-actions[bot]", f"quotes {REPORT_MARKER}"),
        ("github-actions[bot]", None),
        ("github-actions[bot]", f"{REPORT_MARKER}\nours"),
    ):
        hub.add("issues/7/comments", {"body": body}, login)
    hub.comments[0]["user"] = None  # as of an account that was deleted
    before = [each["body"] for each in hub.comments[:4]]
    assert comment(tmp_path, "new", "", "").exit_code == 0
    assert hub.wrote == ["PATCH /repos/o/r/issues/comments/5"]
    assert [each["body"] for each in hub.comments[:4]] == before


def test_a_stack_without_a_report_is_no_stack_without_changes(hub: Hub, tmp_path: Path) -> None:
    comment(tmp_path, "", None, "")
    expected = "## test\n\nNo report of it could be made: see https://hub.example/o/r/actions/runs/42."
    assert expected in hub.comments[0]["body"]


def test_drift_opens_one_issue_updates_it_and_closes_it_when_it_is_gone(hub: Hub, tmp_path: Path) -> None:
    hub.add("issues", {"body": f"{DRIFT_MARKER}\nforged"}, "somebody")
    assert issue(tmp_path, "scaled by hand", "", "").output == "opened https://hub.example/2\n"
    assert issue(tmp_path, "", "deleted", "").output == "updated https://hub.example/2\n"
    assert "## dev\n\nNo drift.\n\n## test\n\ndeleted" in hub.issues[1]["body"]
    assert issue(tmp_path, "", "", "").output == "closed https://hub.example/2\n"
    closed = hub.issues[1]
    assert (closed["state"], closed["state_reason"]) == ("closed", "completed")
    assert closed["body"] == f"{DRIFT_MARKER}\nNo stack drifts any more: https://hub.example/o/r/actions/runs/42."
    assert issue(tmp_path, "again", "", "").output == "opened https://hub.example/3\n"


def test_an_issue_stays_open_while_a_stack_could_not_be_looked_at(hub: Hub, tmp_path: Path) -> None:
    issue(tmp_path, "scaled by hand", "", "")
    assert issue(tmp_path, "", "", None).output.startswith("updated")
    assert hub.issues[0]["state"] == "open"
    assert "It could not be looked at" in hub.issues[0]["body"]


@pytest.mark.parametrize("status", [500, 502, 429])
def test_a_hub_that_stumbles_is_asked_again(hub: Hub, tmp_path: Path, status: int) -> None:
    hub.failures = [("GET", status, False), ("POST", status, False)]
    assert comment(tmp_path, "a", "", "").exit_code == 0
    assert len(hub.comments) == 1


def test_what_was_written_although_the_answer_was_lost_is_not_written_twice(hub: Hub, tmp_path: Path) -> None:
    hub.failures = [("POST", 502, True)]
    assert comment(tmp_path, "a", "", "").output.startswith("updated")
    assert len(hub.comments) == 1
    hub.failures = [("PATCH", 502, True)]
    issue(tmp_path, "a", "", "")
    assert issue(tmp_path, "", "", "").exit_code == 0
    assert hub.issues[0]["state"] == "closed"


def test_a_hub_that_never_comes_round_is_one_message(hub: Hub, tmp_path: Path) -> None:
    hub.failures = [("GET", 503, False)] * 4
    done = comment(tmp_path, "a", "", "")
    assert done.exit_code == 1
    assert "GitHub answered 503 to GET /repos/o/r/issues/7/comments?per_page=100: told to fail" in done.output


def test_a_refusal_is_not_tried_again_and_says_what_to_look_at(hub: Hub, tmp_path: Path) -> None:
    hub.failures = [("POST", 403, False)]
    done = comment(tmp_path, "a", "", "")
    assert done.exit_code == 1
    assert "403 to POST /repos/o/r/issues/7/comments: told to fail; does the job grant it" in done.output
    assert len(hub.wrote) == 1


def test_a_hub_that_is_not_there_is_one_message(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", refused())
    done = comment(tmp_path, "a", "", "")
    assert (done.exit_code, "GitHub does not answer" in done.output) == (1, True)
    assert hub.asked == []


@pytest.mark.parametrize("body", ["<html>log in</html>", '[{"user": ', "[1]", "null"])
def test_what_is_no_hub_is_one_message(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    with answering(Answer(body=body)) as address:
        monkeypatch.setenv("GITHUB_API_URL", address)
        done = comment(tmp_path, "a", "", "")
    assert (done.exit_code, "is not GitHub's API" in done.output) == (1, True), done.output
    assert hub.asked == []


def test_a_report_that_is_no_text_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "report-dev.md").write_bytes(b"a \xff change")
    assert together([tmp_path / "report-dev.md"], "missing", "nothing") == "## dev\n\na \ufffd change"


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GITHUB_REPOSITORY"])
def test_a_variable_that_is_not_set_is_named(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "")
    done = comment(tmp_path, "a", "", "")
    assert (done.exit_code, f"{name}: is not set" in done.output) == (1, True)
    assert hub.asked == []


def test_too_long_a_report_is_left_out_whole_and_the_others_stay(hub: Hub, tmp_path: Path) -> None:
    comment(tmp_path, "a" * 40_000, "b" * 30_000, "c" * 20_000)
    body = hub.comments[0]["body"]
    assert len(body) <= LIMIT
    assert "aa" not in body
    assert "## dev\n\nToo long for this place: see the files of https://hub.example/o/r/actions/runs/42." in body
    assert "b" * 30_000 in body
    assert "c" * 20_000 in body


def test_all_may_be_too_long(tmp_path: Path) -> None:
    paths = [Path(each) for each in files(tmp_path, "report", *["x" * 50 for _ in STACKS])]
    assert together(paths, "", "", limit=100).count("Too long") == 3  # type: ignore[union-attr]
