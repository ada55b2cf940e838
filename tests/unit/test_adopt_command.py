"""What `adopt` shows, asks, does and ends with, on findings that are made up."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from telemetry.cli import adopt as adopt_command
from telemetry.cli import confirmation
from telemetry.cli.app import app
from telemetry.operations.adopt import AdoptionPlan
from telemetry.operations.adopt.state import Here
from telemetry.operations.adopt.systems import Foreign
from tests.unit.test_adopt import BUCKET, planned

FOUND = AdoptionPlan({BUCKET: planned()}, here={BUCKET: Here("blocks")})
REFUSED = AdoptionPlan(
    {BUCKET: planned()}, foreign={BUCKET: Foreign("[/ann] :key: has made it", "give it another name")}
)
Run = Callable[..., tuple[int, str]]


class Made:
    """In place of Adoption: finds one plan, and notes which it was to carry out."""

    def __init__(self, plan: AdoptionPlan) -> None:
        self.plan = plan
        self.carried_out: list[AdoptionPlan] = []

    def __call__(self, *_: Any) -> "Made":
        return self

    def find(self) -> AdoptionPlan:
        return self.plan

    def carry_out(self, plan: AdoptionPlan) -> Iterator[str]:
        self.carried_out.append(plan)
        yield "adopted [1]"

    def ahead(self) -> dict[str, list[str]]:
        assert not self.plan.foreign, "what somebody else has made stands in the way of a preview"
        return {}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(made: Made, *options: str, answer: str | None = None) -> tuple[int, str]:
        monkeypatch.setattr(adopt_command, "Adoption", made)
        monkeypatch.setattr(confirmation, "at_terminal", lambda: answer is not None)
        done = CliRunner().invoke(app, ["adopt", "dev", *options], input=answer, env={"COLUMNS": "200"})
        return done.exit_code, done.output

    return run


def test_nothing_found_is_well(run: Run) -> None:
    code, printed = run(made := Made(AdoptionPlan()), "--yes")
    assert (code, made.carried_out) == (0, [])
    assert "dev: nothing to adopt" in printed


def test_without_a_terminal_and_without_yes_only_the_plan_is_shown(run: Run) -> None:
    code, printed = run(made := Made(FOUND))
    assert (code, made.carried_out) == (2, [])
    assert "take it into the state" in printed
    assert "Nothing was done" in printed


@pytest.mark.parametrize(("answer", "code", "carried_out"), [("y\n", 0, [FOUND]), ("n\n", 2, [])])
def test_a_person_at_a_terminal_is_asked(run: Run, answer: str, code: int, carried_out: list[AdoptionPlan]) -> None:
    made = Made(FOUND)
    assert run(made, answer=answer)[0] == code
    assert made.carried_out == carried_out


def test_a_narrow_terminal_cuts_nothing_off(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "a-bucket-of-which-the-name-is-long"
    monkeypatch.setattr(adopt_command, "Adoption", Made(AdoptionPlan({BUCKET: planned()}, {BUCKET: Here(long)})))
    printed = CliRunner().invoke(app, ["adopt", "dev"], env={"COLUMNS": "40"}).output
    column = [line.split("│")[2].strip() for line in printed.splitlines() if line.count("│") == 4]
    assert "".join(column) == long


def test_yes_does_it_and_tells_what_is_ahead(run: Run) -> None:
    code, printed = run(made := Made(FOUND), "--yes")
    assert (code, made.carried_out) == (0, [FOUND])
    assert "adopted [1]" in printed
    assert "The next up changes nothing" in printed


def test_what_is_refused_is_said_and_is_an_error(run: Run) -> None:
    code, printed = run(made := Made(REFUSED), "--yes")
    assert (code, made.carried_out) == (1, [])
    assert "[/ann] :key: has made it. give it another name" in printed


def test_what_is_ours_is_taken_in_beside_what_is_refused(run: Run) -> None:
    code, printed = run(made := Made(AdoptionPlan(REFUSED.planned, FOUND.here, REFUSED.foreign)), "--yes")
    assert (code, made.carried_out) == (1, [made.plan])
    assert "The next up" not in printed
