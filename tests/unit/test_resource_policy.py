"""Which limits containers have is the platform's choice, and everybody who counts or checks follows it."""

from collections.abc import Iterator
from typing import Any

import pytest

from telemetry.capacity.figures import report
from telemetry.capacity.fit import check
from telemetry.capacity.limits import limits_of
from telemetry.capacity.qos import of_role
from telemetry.capacity.tables import breakdown, footnotes
from telemetry.config.quantities import bytes_text, cpu_text
from telemetry.config.roles import Role
from telemetry.engine.preview import read
from telemetry.gateway.workload import deployment
from telemetry.operations.report.build import Found, build
from telemetry.releases import releases_of
from telemetry.stack import Stack
from tests.support import (
    WITH_LOGS_IN_PROD,
    WITH_PROFILES_IN_PROD,
    WITH_THANOS_IN_PROD,
    Change,
    all_of,
    drop,
    load_stack,
    put,
)
from tests.unit.bad_collectors import DAEMON_SET

GUARANTEED = put("policy", {"qos": "guaranteed"})
ALL = put("policy", {"cpu_limits": "all", "memory_limits": "all"})
COLLECTOR = put("collector", {**DAEMON_SET, "tenant": "platform"})
EVERYTHING = all_of(WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD, COLLECTOR)
QUOTA = {"cpu": "20", "memory": "64Gi", "storage": "128Gi"}
_ROOMY = all_of(
    drop("namespace.used"),
    drop("namespace.requested_quota"),
    drop("namespace.quota_increase"),
    drop("namespace.phase_3"),
)


def stack_of(*changes: Change) -> Stack:
    return load_stack("prod", EVERYTHING, *changes)


def resources(values: Any) -> Iterator[dict[str, Any]]:
    """Yield what containers ask for and are limited to, wherever it stands in a release's values."""
    if isinstance(values, dict):
        for key, value in values.items():
            if key == "resources" and "requests" in (value or {}):
                yield value
            else:
                yield from resources(value)


def containers(stack: Stack) -> list[dict[str, Any]]:
    """Return the resources of all containers of a stack, the gateway's among them."""
    assert stack.gateway is not None
    assert stack.gateway_role is not None
    (nginx,) = deployment(stack, stack.gateway, stack.gateway_role, watch="")["template"]["spec"]["containers"]
    return [*(each for release in releases_of(stack) for each in resources(release.values)), nginx["resources"]]


def roles(stack: Stack) -> list[Role]:
    of_releases = [role for release in releases_of(stack) for role in release.roles.values()]
    return [*of_releases, *([stack.gateway_role] if stack.gateway_role else [])]


@pytest.mark.parametrize("backends", [EVERYTHING, all_of(WITH_THANOS_IN_PROD, COLLECTOR)], ids=["default", "Thanos"])
def test_guaranteed_holds_every_container_to_its_requests(backends: Change) -> None:
    stack = load_stack("prod", backends, GUARANTEED)
    found = containers(stack)
    assert len(found) > len(roles(stack))  # the collector has two
    for each in found:
        assert each["limits"] == {name: each["requests"][name] for name in ("cpu", "memory")}
    assert {of_role(role) for role in roles(stack)} == {"Guaranteed"}
    assert {row.qos for row in report(stack).rows} == {"Guaranteed"}


def test_all_gives_a_limit_to_those_who_say_none() -> None:
    chosen = put("metrics.roles.querier", {"cpu_limit": "2", "memory_limit": "3Gi", "replicas": 2})
    stack = stack_of(ALL, chosen)
    querier, distributor = (stack.metrics.roles[name] for name in ("querier", "distributor"))
    assert (querier.cpu_limit, querier.memory_limit) == (2_000, 3 << 30)
    assert (distributor.cpu_limit, distributor.memory_limit) == (distributor.cpu, distributor.memory)
    assert stack.metrics.roles["ingester"].memory_limit == 4 << 30, "the role's own stays"
    assert all(set(each["limits"]) == {"cpu", "memory"} for each in containers(stack))


def test_chosen_limits_only_those_who_say_one() -> None:
    policy = put("policy", {"cpu_limits": "chosen", "memory_limits": "chosen"})
    stack = load_stack(
        "prod", policy, put("traces.roles.querier.cpu_limit", "1"), put("metrics.roles.ruler.memory_limit", "1Gi")
    )
    limited = {name: role for name, role in stack.traces.roles.items() if role.cpu_limit is not None}
    assert set(limited) == {"querier"}
    assert stack.metrics.roles["ruler"].memory_limit == 1 << 30
    assert stack.gateway_role is not None
    assert stack.gateway_role.memory_limit is None


def test_limits_are_summed_over_all_pods_at_maximum_autoscaling() -> None:
    scaled = all_of(
        drop("metrics.roles.querier.replicas"), put("metrics.roles.querier.autoscaling", {"max_replicas": 5})
    )
    stack = load_stack("prod", GUARANTEED, scaled)
    expected = [sum(getattr(role, key) * role.max_replicas for role in roles(stack)) for key in ("cpu", "memory")]
    found = limits_of(stack)
    assert [found.cpu, found.memory] == expected
    assert found.unlimited == {}
    assert set(limits_of(load_stack("prod")).unlimited) == {"cpu", "memory"}


def test_a_quota_on_limits_counts_the_roles_own() -> None:
    """Without a policy it refuses every pod, and asks for a LimitRange."""
    cpu = limits_of(load_stack("prod", GUARANTEED)).cpu
    for hard, refused in ((cpu, False), (cpu - 1, True)):
        quota = put("namespace.quota", {**QUOTA, "counted": {"limits.cpu": cpu_text(hard)}})
        lines = check(load_stack("prod", GUARANTEED, _ROOMY, quota)).refusals
        assert any("limits.cpu" in line for line in lines) is refused, lines
    assert "refuses every container that states none" in str(check(load_stack("prod", _ROOMY, quota)).refusals)


@pytest.mark.parametrize("resource", ["cpu", "memory", "storage"])
def test_more_than_the_policys_total_is_refused_with_the_difference(resource: str) -> None:
    sums = vars(limits_of(load_stack("prod", GUARANTEED)))
    texts = {"cpu": cpu_text, "memory": bytes_text, "storage": bytes_text}
    total = {name: text(sums[name]) for name, text in texts.items()}
    assert not any("policy" in line for line in _refusals(total))
    less = {
        "cpu": cpu_text(sums["cpu"] - 1),
        **{name: bytes_text(sums[name] - 2**20) for name in ("memory", "storage")},
    }
    (line,) = _refusals({**total, resource: less[resource]})
    assert line.startswith(f"telemetry:policy.total.{resource}: ")
    assert f"lower roles by {'1m' if resource == 'cpu' else '1Mi'}" in line


def _refusals(total: dict[str, str]) -> list[str]:
    quota = put("namespace.quota", QUOTA)
    stack = load_stack("prod", put("policy", {"qos": "guaranteed", "total": total}), _ROOMY, quota)
    return list(check(stack).refusals)


def test_a_total_needs_a_limit_on_every_container() -> None:
    total = {"cpu": "99", "memory": "999Gi", "storage": "999Gi"}
    stack = load_stack(
        "prod", put("policy", {"cpu_limits": "all", "total": total}), _ROOMY, put("namespace.quota", QUOTA)
    )
    (line,) = check(stack).refusals
    assert line.startswith("telemetry:policy.total.memory: telemetry:traces.roles.distributor has no limit")
    assert "telemetry:policy.memory_limits: all" in line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("policy", {}), "Requests only: there is no CPU limit anywhere."),
        (GUARANTEED, "each pod is Guaranteed. All limits together come to"),
        (put("policy.cpu_limits", "chosen"), "CPU is limited where a role says so."),
        (ALL, "memory is limited in every container"),
        (put("policy.memory_limits", "chosen"), "memory is limited where a role says so."),
    ],
)
def test_the_capacity_says_the_policy_in_words(change: Change, said: str) -> None:
    figures = report(load_stack("prod", change))
    assert said in footnotes(figures)[0]
    has_column = "CPU limit" in breakdown(figures).headers
    assert has_column is any(row.size.cpu_limit is not None for row in figures.rows)
    assert {len(row) for row in breakdown(figures).rows} == {len(breakdown(figures).headers)}


def test_the_report_says_a_policy_other_than_the_default() -> None:
    def said(*changes: Change) -> list[str]:
        built = build(load_stack("prod", *changes), read({"steps": []}), {}, Found("nothing"))
        return [each.text for each in built.warnings if each.about == "limits"]

    assert said() == []
    (text,) = said(GUARANTEED)
    assert text.startswith("By policy each container is held to its requests")
