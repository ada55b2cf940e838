"""The pipeline's workflows: few rights, pinned actions, no logic, an order, and no two ups of a stack at once."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from sandbox.toolchain.catalog import MINIMUM_GO, PULUMI_VERSION
from tests.support import ENVIRONMENTS, REPO

FOLDER = REPO / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
TEXTS = {file.stem: file.read_text() for file in FILES}
WORKFLOWS: dict[str, Any] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
TARGETS = set(re.findall(r"^([a-z-]+):", (REPO / "Makefile").read_text(), re.MULTILINE))
DOCUMENT = (REPO / "docs" / "pipeline.md").read_text()
COMMAND = re.compile(r'(?:exec )?make ([a-z-]+|"\$TARGET")')
STACK = "./.github/workflows/stack.yml"

JOBS = {(name, job): its for name, workflow in WORKFLOWS.items() for job, its in workflow["jobs"].items()}
CALLS = {where: job for where, job in JOBS.items() if job.get("uses") == STACK}
STEPS = [(where, step) for where, job in JOBS.items() for step in job.get("steps", [])]


def used(what: str, text: str) -> set[str]:
    return set(re.findall(rf"\b{what}\.([A-Za-z_]+)", text))


def targets(call: Any) -> Iterator[tuple[str, str]]:
    """Yield target and stack of a call."""
    for stack in call.get("strategy", {}).get("matrix", {}).get("stack", [call["with"]["stack"]]):
        yield call["with"]["target"], stack


def test_there_is_something_to_check() -> None:
    assert set(WORKFLOWS) == {"checks", "preview", "deploy", "drift", "nightly", "stack"}
    assert len(CALLS) == 6
    assert len(STEPS) > 20


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_no_rights_and_its_jobs_only_those_they_need(name: str) -> None:
    assert WORKFLOWS[name]["permissions"] == {}
    for job, its in WORKFLOWS[name]["jobs"].items():
        more = {("preview", "comment"): {"pull-requests": "write"}, ("drift", "issue"): {"issues": "write"}}
        assert its["permissions"] == {"contents": "read", **more.get((name, job), {})}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned_by_its_commit_with_the_version_beside(name: str) -> None:
    for line in re.findall(r"uses: (.*)", TEXTS[name]):
        assert line == STACK or re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+(, .*)?", line), line


def test_an_action_is_the_same_everywhere() -> None:
    pins = {line for text in TEXTS.values() for line in re.findall(r"uses: (\S+@\S+)", text)}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


@pytest.mark.parametrize(("where", "step"), STEPS)
def test_a_step_is_one_make_target_and_no_logic(where: tuple[str, str], step: dict[str, Any]) -> None:
    if "run" not in step:
        return
    command = COMMAND.fullmatch(step["run"])
    assert command, f"{where}: {step['run']}"
    assert command[1] in TARGETS or step["env"]["TARGET"] == "${{ inputs.target }}"


@pytest.mark.parametrize("where", CALLS)
def test_a_call_names_a_target_that_exists(where: tuple[str, str]) -> None:
    for target, stack in targets(CALLS[where]):
        assert target in TARGETS
        assert stack in ENVIRONMENTS


def test_no_checkout_leaves_a_token_behind() -> None:
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == 6
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_every_job_ends_some_time() -> None:
    for where, job in JOBS.items():
        assert where in CALLS or 0 < job["timeout-minutes"] <= 120


def test_only_one_up_of_a_stack_runs_and_none_is_cancelled() -> None:
    ups = [call for call in CALLS.values() if call["with"]["target"] == "deploy"]
    assert [call["with"]["stack"] for call in ups] == list(ENVIRONMENTS)
    for call in ups:
        assert call["concurrency"] == {"group": f"up-{call['with']['stack']}", "cancel-in-progress": False}
    assert "concurrency" not in WORKFLOWS["deploy"]


def test_prod_comes_last_with_an_approval_and_a_report_to_read_before() -> None:
    jobs = WORKFLOWS["deploy"]["jobs"]
    assert [(name, job.get("needs", [])) for name, job in jobs.items()] == [
        ("dev", []),
        ("test", "dev"),
        ("report", "test"),
        ("prod", ["test", "report"]),
    ]
    assert {name: job["with"]["environment"] for name, job in jobs.items()} == {
        "dev": "dev",
        "test": "test",
        "report": "prod-preview",
        "prod": "prod",
    }
    assert not [name for name, job in jobs.items() if "if" in job]  # a job with a condition may run after a failure
    assert WORKFLOWS["deploy"][True] == {"push": {"branches": ["main"]}}
    assert WORKFLOWS["stack"]["jobs"]["run"]["environment"] == "${{ inputs.environment }}"


def test_only_what_deploys_uses_the_environments_that_may() -> None:
    for call in CALLS.values():
        suffix = "" if call["with"]["target"] == "deploy" else "-preview"
        assert call["with"]["environment"] == f"{call['with']['stack']}{suffix}"


def test_secrets_are_used_in_one_place_and_stand_in_the_documents_table() -> None:
    secrets = {name: used("secrets", text) for name, text in TEXTS.items()}
    assert {name for name, its in secrets.items() if its} == {"stack"}
    rows = set(re.findall(r"^\| `([A-Z_]+)` \| (?:secret|variable) \|", DOCUMENT, re.MULTILINE))
    assert rows == secrets["stack"] | set().union(*(used("vars", text) for text in TEXTS.values()))


def test_a_secret_is_only_in_the_environment_of_the_step_that_needs_it() -> None:
    (job,) = WORKFLOWS["stack"]["jobs"].values()
    assert "secrets." not in str(job["env"])
    having = {step["run"]: used("secrets", str(step["env"])) for step in job["steps"] if "secrets." in str(step)}
    assert having == {
        "make credentials": {"STACK_PASSPHRASE", "CLUSTER_KUBECONFIG"},
        'exec make "$TARGET"': {"STATE_ACCESS_KEY_ID", "STATE_SECRET_ACCESS_KEY"},
    }


def test_a_fork_gets_no_secrets_and_a_pull_requests_code_no_token_that_may_write() -> None:
    assert not [name for name, text in TEXTS.items() if re.search(r"pull_request_target|workflow_run", text)]
    jobs = WORKFLOWS["preview"]["jobs"]
    assert jobs["report"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"
    assert jobs["comment"]["steps"][0]["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert "skipped" in jobs["comment"]["if"]


def test_what_the_jobs_hand_on_is_what_the_next_one_reads() -> None:
    makefile = (REPO / "Makefile").read_text()
    for workflow, kind, target in (("preview", "report", "comment"), ("drift", "drift", "issue")):
        assert f"--markdown {kind}-${{{{ matrix.stack }}}}.md" in WORKFLOWS[workflow]["jobs"][kind]["with"]["arguments"]
        (download,) = [its for where, its in STEPS if where == (workflow, target) and "download" in str(its)]
        assert download["with"] == {"path": "reports", "pattern": f"{kind}-*", "merge-multiple": True}
        assert f"$(STACKS:%=reports/{kind}-%.md)" in makefile
    (upload,) = [its for _, its in STEPS if "upload" in str(its)]
    made = "${{ inputs.target }}-${{ inputs.stack }}"
    assert upload["with"]["path"].splitlines() == [f"{made}.md", f"{made}.json"]


def test_the_tools_are_those_that_the_tests_ran_with() -> None:
    setup = {step["uses"].partition("@")[0]: step["with"] for _, step in STEPS if "uses" in step and "with" in step}
    helm = re.search(r"helm\.sh/helm/v3 (v[\d.]+)", (REPO / "sandbox/tools/platform/go.mod").read_text())
    assert setup["pulumi/actions"] == {"pulumi-version": PULUMI_VERSION}
    assert helm
    assert setup["azure/setup-helm"]["version"] == helm[1]
    assert setup["actions/setup-go"]["go-version"] == str(MINIMUM_GO)
