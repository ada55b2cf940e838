"""What keeps strangers from the pods: which policies are registered, word for word, and before what."""

import pytest

from telemetry.network.peers import workloads_of
from telemetry.network.policies import DEFAULT_DENY, policies_of
from tests.engine.recorder import Run, changed, run_of
from tests.support import ENVIRONMENTS, Change, all_of, load_stack, put

COMPONENT = "telemetry:security:Guardrails"
POLICY, LIMIT_RANGE = "kubernetes:networking.k8s.io/v1:NetworkPolicy", "kubernetes:core/v1:LimitRange"
RELEASE, DEPLOYMENT = "kubernetes:helm.sh/v3:Release", "kubernetes:apps/v1:Deployment"
OFF = put("security.network_policies", False)
DEFAULTS: Change = put("security.limit_range", {"default_request": {"cpu": "50m", "memory": "64Mi"}})
each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
each_preview = pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])


def of_component(run: Run) -> set[tuple[str, str]]:
    return {(each.type, each.name) for each in run.resources if f"{COMPONENT}$" in each.urn}


def before(run: Run, urn: str) -> set[str]:
    """Return all that must be there before a resource: what it and its parents wait for, and what that waits for."""
    found: set[str] = set()
    waiting = [urn]
    while waiting:
        each = run.at(waiting.pop())
        if each is not None:
            fresh = {*each.dependencies, each.parent} - found
            found |= fresh
            waiting += fresh
    return found


@each_preview
@each_environment
def test_exactly_this_is_registered(environment: str, preview: bool) -> None:
    run = run_of(environment, preview=preview)
    own = {pods.name for pods in workloads_of(load_stack(environment))}
    assert of_component(run) == {(POLICY, name) for name in {DEFAULT_DENY, *own}}
    assert run.of(LIMIT_RANGE) == []


@each_environment
def test_the_provider_is_sent_the_policies_word_for_word(environment: str) -> None:
    run = run_of(environment, preview=False)
    sent = {each.name: each.plain for each in run.of(POLICY)}
    assert {name: each["spec"] for name, each in sent.items()} == policies_of(load_stack(environment))
    labels = {"app.kubernetes.io/part-of": "telemetry"}
    assert [each["metadata"] for each in sent.values()] == [
        {"name": name, "namespace": f"ca7f8f-{environment}", "labels": labels} for name in sent
    ]


@each_environment
def test_every_workload_waits_for_every_policy(environment: str) -> None:
    run = run_of(environment, preview=False)
    policies = {each.urn for each in run.of(POLICY)}
    running = [*run.of(RELEASE), *run.of(DEPLOYMENT)]
    assert len(running) == (2 if environment == "dev" else 3)
    assert policies
    assert [each.name for each in running if not policies <= before(run, each.urn)] == []


@each_environment
def test_the_policies_wait_for_nothing_but_the_namespace_and_their_provider(environment: str) -> None:
    room = put("namespace.quota", {"cpu": "10", "memory": "32Gi", "storage": "96Gi"})
    run = changed(put("namespace.create", True), room, DEFAULTS, environment=environment)
    namespace = run.one("kubernetes:core/v1:Namespace", f"ca7f8f-{environment}")
    for each in (*run.of(POLICY), *run.of(LIMIT_RANGE)):
        waits = before(run, each.urn)
        assert namespace.urn in waits
        assert {urn.split("::")[2].rpartition("$")[2] for urn in waits if urn} <= {
            COMPONENT,
            "pulumi:pulumi:Stack",
            "telemetry:kubernetes:Namespace",
            "kubernetes:core/v1:Namespace",
            "kubernetes:core/v1:ResourceQuota",
        }


def test_switched_off_nothing_is_registered_and_nothing_else_changes() -> None:
    run, usual = changed(OFF, environment="prod"), run_of("prod", preview=False)
    assert of_component(run) == set()
    told = {each.urn: each.inputs for each in run.resources}
    assert {each.urn: each.inputs for each in usual.resources if each.type != POLICY} == told


@pytest.mark.parametrize("others", [all_of(), OFF], ids=["with policies", "without"])
def test_a_limit_range_where_one_is_asked_for(others: Change) -> None:
    run = changed(DEFAULTS, others)
    (limits,) = run.of(LIMIT_RANGE)
    assert (limits.plain["metadata"]["name"], limits.plain["metadata"]["namespace"]) == ("telemetry", "ca7f8f-dev")
    # No limits and no largest size, which Kubernetes would make a limit of: the policy is none on CPU (R31).
    assert limits.plain["spec"] == {
        "limits": [{"type": "Container", "defaultRequest": {"cpu": "50m", "memory": "64Mi"}}]
    }


def test_a_limit_range_has_limits_only_where_a_quota_asks_for_them_and_is_made_by_one_only() -> None:
    asked = put("security.limit_range.default_limit", {"cpu": "2", "ephemeral_storage": "1Gi"})
    (limits,) = changed(DEFAULTS, asked).of(LIMIT_RANGE)
    assert limits.plain["spec"]["limits"][0]["default"] == {"cpu": "2", "ephemeral-storage": "1Gi"}
    assert list(changed(DEFAULTS, asked, put("security.limit_range.create", False)).of(LIMIT_RANGE)) == []


def test_what_the_component_tells() -> None:
    run = run_of("prod", preview=False)
    (component,) = run.of(COMPONENT)
    told = run.component_outputs[component.urn]
    assert told.keys() == {"policies"}
    assert sorted(told["policies"]) == sorted(each.name for each in run.of(POLICY))
