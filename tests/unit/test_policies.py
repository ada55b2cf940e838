"""Each policy lets pass what keeps it, and finds what does not, with the place and a way to mend it."""

import itertools
import re
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs import make_policies
from telemetry.policies.evaluate import mandatory, refusal, violations
from telemetry.policies.model import Breach, Rule, World
from telemetry.policies.pods import CONTAINERS
from telemetry.policies.rules import RULES
from telemetry.policies.table import rules_table
from tests.support import load_stack
from tests.unit.policy_cases import CASES, CONTAINER, POD, Case, deployed, first, workload, world

BY_NAME = {rule.name: rule for rule in RULES}
OF_CONTAINERS = {
    "cpu-limits": ("resources.limits", {"cpu": "1"}),
    "memory-limits": ("resources.limits", {"memory": "1Gi"}),
    "image-version": ("image", "nginx"),
    "no-privileged": ("securityContext.privileged", True),
    "no-privilege-escalation": ("securityContext.allowPrivilegeEscalation", True),
    "no-host-namespaces": ("ports", [{"containerPort": 80, "hostPort": 80}]),
    "no-capabilities": ("securityContext.capabilities.add", ["SYS_ADMIN"]),
    "run-as-non-root": ("securityContext.runAsNonRoot", False),
    "read-only-root": ("securityContext.readOnlyRootFilesystem", False),
}
"""What breaks a policy in any container, wherever it stands."""
WRAPPED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "Pod": lambda template: {"spec": template["spec"]},
    "Deployment": lambda template: {"spec": {"template": template}},
    "DaemonSet": lambda template: {"spec": {"template": template}},
    "Job": lambda template: {"spec": {"template": template}},
    "CronJob": lambda template: {"spec": {"jobTemplate": {"spec": {"template": template}}}},
    "PodTemplate": lambda template: {"template": template},
    "SomethingOfAnOperator": lambda template: {"spec": {"template": template}},
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.policy}: {case.name}")
def test_a_policy_finds_exactly_what_breaks_it(case: Case) -> None:
    found = violations(case.world, [BY_NAME[case.policy]])
    assert tuple((each.object, each.path) for each in found) == case.breaches
    assert all(each.found and each.allowed and each.mend for each in found)


def test_every_policy_has_a_case_that_keeps_it_and_one_that_does_not() -> None:
    tried = {(case.policy, bool(case.breaches)) for case in CASES}
    assert tried == set(itertools.product(BY_NAME, (True, False)))


def test_names_are_unique_and_every_policy_says_why_and_from_where() -> None:
    assert len(BY_NAME) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
        assert re.search(r"\((R\d+|sources\.md, [^)]+ \d+|PodSecurity [^)]+)\)\.$", rule.why), rule.name


@given(
    policy=st.sampled_from(sorted(OF_CONTAINERS)),
    kind=st.sampled_from(sorted(WRAPPED)),
    sort=st.sampled_from(CONTAINERS),
    before=st.integers(0, 4),
    after=st.integers(0, 4),
    rendered=st.booleans(),
)
def test_no_place_of_a_container_hides_it(
    policy: str, kind: str, sort: str, before: int, after: int, *, rendered: bool
) -> None:
    path, value = OF_CONTAINERS[policy]
    names = [f"c{number}" for number in range(before + 1 + after)]
    spec: dict[str, Any] = {
        **deepcopy(dict(POD)),
        sort: [{**deepcopy(dict(CONTAINER)), "name": name} for name in names],
    }
    first(path, value, sort)({sort: spec[sort][before:]})
    obj = {"kind": kind, "metadata": {"name": "x"}, **WRAPPED[kind]({"spec": spec})}
    where = world(mimir=[obj]) if rendered else world(deployed(obj))
    (found,) = violations(where, [BY_NAME[policy]])
    assert f".{sort}[c{before}]." in found.path
    assert found.object == f"{kind} x"


CONTENT: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(CONTENT)
def test_objects_without_pods_are_nobodys_business(content: Any) -> None:
    assert violations(world(mimir=[{"kind": "Thing", "metadata": {"name": "x"}, "data": content}])) == ()


@settings(max_examples=40)
@given(
    prefix=st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,9}){0,2}(:[0-9]{2,5})?/|", fullmatch=True),
    name=st.from_regex(r"[a-z]{1,9}(/[a-z]{1,9}){0,2}", fullmatch=True),
    tag=st.from_regex(r"v?[0-9]{1,3}(\.[0-9]{1,3}){2,3}(-[a-z0-9]{1,9})?", fullmatch=True),
)
def test_an_image_is_known_by_its_tag_wherever_it_is_from(prefix: str, name: str, tag: str) -> None:
    def found(image: str) -> int:
        return len(violations(world(deployed(workload(first("image", image)))), [BY_NAME["image-version"]]))

    assert found(f"{prefix}{name}:{tag}") == 0
    assert found(f"{prefix}{name}") == 1
    assert found(f"{prefix}{name}:latest") == 1
    assert found(f"{prefix}{name}:{'.'.join(tag.split('-')[0].split('.')[:2])}-alpine") == 1
    assert found(f"{prefix}{name}:latest@sha256:{'a' * 64}") == 0


def test_mandatory_violations_come_first_and_one_message_names_them_all() -> None:
    def broken(_: World) -> Any:
        yield Breach("Deployment x", "spec.y", "1")
        yield Breach("Deployment z", "", "there", "nowhere")

    hard = Rule("hard", about="manifests", allowed="2", mend="change it", why="so", check=broken)
    soft = Rule("soft", about="manifests", allowed="2", mend="think", why="so", check=broken, severity="advisory")
    found = violations(World(load_stack()), [soft, hard])
    assert [each.rule for each in found] == ["hard", "hard", "soft", "soft"]
    assert refusal(mandatory(found)).splitlines() == [
        "1 policy is not kept (docs/policies.md); nothing was changed:",
        "hard: Deployment x, spec.y is 1; allowed: 2; change it",
        "hard: Deployment z is there; allowed: nowhere; change it",
    ]


def test_the_page_is_made_from_the_policies() -> None:
    assert make_policies.DOCUMENT.read_text() == make_policies.document(), (
        "docs/policies.md is stale; write it anew with: python -m docs.make_policies"
    )
    for rule in RULES:
        assert f"| `{rule.name}` | {rule.severity} |" in rules_table(rule.about)


def test_a_stale_page_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["make_policies", "--check"])
    monkeypatch.setattr(make_policies, "DOCUMENT", tmp_path / "policies.md")
    assert make_policies.main() == 1
    make_policies.DOCUMENT.write_text(make_policies.document())
    assert make_policies.main() == 0
