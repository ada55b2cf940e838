"""What `repair` shows, asks, does and ends with, on findings that are made up."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from telemetry.cli import confirmation
from telemetry.cli import repair as repair_command
from telemetry.cli.app import app
from telemetry.operations.repair import Changed, Lock, RepairError, RepairPlan
from telemetry.operations.repair.releases import Stuck, Way

LOCKED = RepairPlan(locks=(Lock("ann", "vm", 7, "then"),))
STUCK = RepairPlan(releases=(Stuck("mimir", "pending-install", 1, Way.UNINSTALL),))
LEFT = RepairPlan(releases=(Stuck("tempo", "deployed", 1, Way.LEAVE),))
NOTHING = RepairPlan()
Run = Callable[..., tuple[int, str]]


class Made:
    """In place of Repair: finds one plan after the other, and notes which of them it was to carry out."""

    def __init__(self, *plans: RepairPlan, changed: bool = False) -> None:
        self._plans = list(plans)
        self._changed = changed
        self.carried_out: list[RepairPlan] = []
        self.settings: tuple[Any, ...] = ()
        self.options: dict[str, Any] = {}

    def __call__(self, *settings: Any, **options: Any) -> "Made":
        self.settings, self.options = settings, options
        return self

    @property
    def pulumi(self) -> Any:
        return self.settings[0]

    def find(self) -> RepairPlan:
        return self._plans.pop(0) if len(self._plans) > 1 else self._plans[0]

    def carry_out(self, plan: RepairPlan) -> Iterator[str]:
        self.carried_out.append(plan)
        yield "did [something]"
        if self._changed and len(self.carried_out) == 1:
            raise Changed


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(made: Made, *options: str, answer: str | None = None) -> tuple[int, str]:
        monkeypatch.setattr(repair_command, "Repair", made)
        monkeypatch.setattr(confirmation, "at_terminal", lambda: answer is not None)
        done = CliRunner().invoke(app, ["repair", "dev", *options], input=answer, env={"COLUMNS": "200"})
        return done.exit_code, done.output

    return run


def test_nothing_found_is_well(run: Run) -> None:
    made = Made(NOTHING)
    assert run(made) == (0, "dev: nothing to repair\n")
    assert made.carried_out == []


def test_without_a_terminal_and_without_yes_only_the_plan_is_shown(run: Run) -> None:
    made = Made(LOCKED)
    code, printed = run(made)
    assert code == 2
    assert "the stack is locked by ann@vm, process 7, since then" in printed
    assert "release the lock" in printed
    assert made.carried_out == []


@pytest.mark.parametrize(("answer", "code", "carried_out"), [("y\n", 0, [LOCKED]), ("n\n", 2, []), ("\n", 2, [])])
def test_a_person_at_a_terminal_is_asked(run: Run, answer: str, code: int, carried_out: list[RepairPlan]) -> None:
    made = Made(LOCKED, NOTHING)
    assert run(made, answer=answer)[0] == code
    assert made.carried_out == carried_out


def test_yes_does_it_and_looks_again(run: Run) -> None:
    made = Made(LOCKED, NOTHING)
    code, printed = run(made, "--yes")
    assert code == 0
    assert made.carried_out == [LOCKED]
    assert printed.index("release the lock") < printed.index("did [something]") < printed.index("nothing to repair")


def test_what_has_changed_meanwhile_is_shown_and_asked_about_anew(run: Run) -> None:
    made = Made(LOCKED, STUCK, NOTHING, changed=True)
    code, printed = run(made, answer="y\ny\n")
    assert code == 0
    assert made.carried_out == [LOCKED, STUCK]
    assert "release mimir, revision 1: pending-install" in printed


def test_what_cannot_be_mended_is_an_error_in_the_end(run: Run) -> None:
    made = Made(LOCKED)
    assert run(made, "--yes")[0] == 1
    assert len(made.carried_out) == 3


def test_what_is_left_to_a_person_is_said_and_is_an_error(run: Run) -> None:
    made = Made(LEFT)
    code, printed = run(made)
    assert code == 1
    assert "release tempo, revision 1: deployed" in printed
    assert made.carried_out == []


def test_a_refusal_is_one_message(run: Run) -> None:
    class Refusing(Made):
        def find(self) -> RepairPlan:
            raise RepairError("pulumi runs on this project (process 5): let it end first")

    code, printed = run(Refusing(NOTHING), "--yes")
    assert (code, printed) == (1, "error: pulumi runs on this project (process 5): let it end first\n")


def test_locks_of_other_machines_need_a_word_of_their_own(run: Run) -> None:
    made = Made(NOTHING)
    run(made, "--yes")
    assert made.options["elsewhere_too"] is False
    run(made, "--yes", "--break-lock")
    assert made.options["elsewhere_too"] is True


def test_settings_come_from_the_named_file_and_its_releases_count(run: Run, tmp_path: Path) -> None:
    code, printed = run(Made(NOTHING), "--config-file", str(tmp_path / "none.yaml"))
    assert code == 1
    assert "none.yaml: cannot be read" in printed
    made = Made(NOTHING)
    run(made)
    assert list(made.settings[-1]) == ["tempo", "mimir"]
