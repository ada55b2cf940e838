"""A quota that counts more than requests: known to settings, refused at preview, asked of the cluster at an up."""

from pathlib import Path
from typing import Any

import pytest

from telemetry.capacity import objects
from telemetry.capacity.fit import check
from telemetry.capacity.objects import counts
from telemetry.operations.preflight import quota
from telemetry.stack import ConfigError
from tests.doubles import by_path, refused
from tests.preflight import findings_at
from tests.support import Change, load_stack, put

LARGE = {"cpu": "100", "memory": "1Ti", "storage": "1Ti"}
LIMITS = {"default_request": {"cpu": "50m", "memory": "64Mi"}, "default_limit": {"cpu": "2", "memory": "4Gi"}}
LIMITED = put("security.limit_range", LIMITS)


def counted(**amounts: object) -> Change:
    return put(
        "namespace.quota", {**LARGE, "counted": {name.replace("__", "."): each for name, each in amounts.items()}}
    )


def refusals(*changes: Change) -> tuple[str, ...]:
    return check(load_stack("dev", *changes)).refusals


def test_a_quota_on_cpu_limits_refuses_every_pod_until_the_namespace_gives_a_default() -> None:
    (line,) = refusals(counted(limits__cpu="100"))
    assert line.startswith("telemetry:namespace.quota.counted.limits.cpu: a quota that counts limits.cpu refuses every")
    assert "telemetry:security.limit_range.default_limit.cpu" in line
    assert refusals(counted(limits__cpu="100"), LIMITED) == ()


def test_defaults_of_the_platform_count_without_being_made() -> None:
    platform = put("security.limit_range", {**LIMITS, "create": False})
    assert refusals(counted(limits__cpu="100"), platform) == ()


def test_limits_are_summed_from_roles_and_defaults() -> None:
    (line,) = refusals(counted(limits__cpu="10"), LIMITED)
    assert line.endswith("but the quota is 10; raise limits.cpu by 14 to 24, or lower roles")
    (line,) = refusals(counted(limits__memory="10Gi"), LIMITED)
    assert "46Gi new = 46Gi, but the quota is 10Gi" in line  # a store-gateway has a limit of 2Gi, all others 4Gi


def test_memory_limits_that_a_role_has_need_no_default() -> None:
    (line,) = refusals(counted(limits__memory="100Gi"))
    assert "as telemetry:metrics.roles.distributor and 8 other roles" in line


def test_a_default_below_a_request_is_refused() -> None:
    low = put("security.limit_range", {**LIMITS, "default_limit": {"cpu": "30m"}})
    assert any("30m is below what telemetry:metrics.roles.distributor asks for (40m)" in each for each in refusals(low))


@pytest.mark.parametrize("name", ["requests.ephemeral-storage", "limits.ephemeral-storage", "ephemeral-storage"])
def test_the_disk_of_nodes(name: str) -> None:
    quota_of = put("namespace.quota", {**LARGE, "counted": {name: "100Gi"}})
    (line,) = refusals(quota_of)
    assert "default_limit.ephemeral_storage" in line
    given = put("security.limit_range", {**LIMITS, "default_limit": {"ephemeral_storage": "1Gi"}})
    assert refusals(quota_of, given) == ()


@pytest.mark.parametrize(
    ("name", "needs"),
    [("pods", 12), ("count/pods", 12), ("persistentvolumeclaims", 5), ("count/persistentvolumeclaims", 5)],
)
def test_pods_and_claims_are_counted(name: str, needs: int) -> None:
    assert refusals(put("namespace.quota", {**LARGE, "counted": {name: needs}})) == ()
    (line,) = refusals(put("namespace.quota", {**LARGE, "counted": {name: needs - 1}}))
    assert f"{needs} new = {needs}, but the quota is {needs - 1}; raise {name} by 1 to {needs}" in line


def test_what_others_use_counts() -> None:
    used = put("namespace.used", {"cpu": "1", "memory": "1Gi", "storage": "1Gi", "counted": {"pods": 5}})
    (line,) = refusals(counted(pods=15), used)
    assert "5 used + 12 new = 17, but the quota is 15" in line


def test_a_class_of_storage_is_counted_where_it_is_asked_for() -> None:
    gold = "gold.storageclass.storage.k8s.io"
    none = put(
        "namespace.quota", {**LARGE, "counted": {f"{gold}/requests.storage": 0, f"{gold}/persistentvolumeclaims": 0}}
    )
    assert refusals(none) == ()
    storage, claims = refusals(none, put("traces.placement.storage_class", "gold"))
    assert "1Gi new = 1Gi, but the quota is 0" in storage
    assert "1 new = 1, but the quota is 0" in claims


def test_an_increase_that_is_under_way_makes_it_a_warning() -> None:
    requested = put("namespace.requested_quota", {**LARGE, "counted": {"pods": 20}})
    verdict = check(load_stack("dev", counted(pods=5), requested, put("namespace.quota_increase", "requested")))
    assert verdict.refusals == ()
    assert "raise pods by 7 to 12" in verdict.warnings[0]


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("requests.cpu", "4", "has a key of its own; write it as cpu beside counted"),
        ("limits.cpus", "4", "did you mean limits.cpu?"),
        ("pods", "many", "not a number of things"),
        ("pods", True, "not a number of things"),
        ("limits.memory", "4", "not a size"),
    ],
)
def test_what_no_quota_counts_is_refused(name: str, value: object, said: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        load_stack("dev", put("namespace.quota", {**LARGE, "counted": {name: value}}))
    assert f"telemetry:namespace.quota.counted.{name}: " in str(refusal.value)
    assert said in str(refusal.value)


# On the cluster


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def ask(hard: dict[str, str], *changes: Change, used: dict[str, str] | None = None, **more: Any) -> list[str]:
        where = "/api/v1/namespaces/ca7f8f-dev"
        spec = {"hard": hard, **more.pop("spec", {})}
        items = [{"metadata": {"name": "platform"}, "spec": spec, "status": {"hard": hard, "used": used or {}}}]
        ranges = [{"spec": {"limits": [{"type": "Container", "default": more.get("default", {})}]}}]
        secrets = [
            {"metadata": {"labels": {"name": each, "version": "1", "status": "deployed"}}}
            for each in more.get("there", [])
        ]
        answers = {f"{where}/resourcequotas": {"items": items}, f"{where}/limitranges": {"items": ranges}}
        with by_path({**answers, f"{where}/secrets": {"items": secrets or None}}) as server:
            return findings_at(server, tmp_path, quota.check, "dev", *changes)

    return ask


def test_a_quota_that_the_settings_do_not_know_is_asked_of_the_cluster(ask: Any) -> None:
    (line,) = ask({"limits.cpu": "100"})
    assert line.startswith(
        "quota platform of namespace ca7f8f-dev: a quota that counts limits.cpu refuses every container"
    )
    assert ask({"limits.cpu": "100"}, default={"cpu": "2"}) == []
    assert ask({"limits.cpu": "100"}, LIMITED) == []


def test_what_others_use_is_known_until_ours_is_among_it(ask: Any) -> None:
    (line,) = ask({"pods": "12"}, used={"pods": "2"})
    assert "2 used + 12 new = 14, but the quota is 12" in line
    assert ask({"pods": "12"}, used={"pods": "12"}, there=["mimir"]) == []
    assert len(ask({"requests.cpu": "100m", "requests.memory": "1Gi", "requests.storage": "1Gi"})) == 3


def test_a_quota_on_some_pods_only_and_one_that_is_being_raised_hold_nobody_up(ask: Any) -> None:
    assert ask({"pods": "1"}, spec={"scopes": ["BestEffort"]}) == []
    waiting = put("namespace.requested_quota", LARGE), put("namespace.quota_increase", "requested")
    assert ask({"requests.cpu": "1m"}, counted(), *waiting) == []


def test_who_may_not_see_quotas_is_not_held_up(tmp_path: Path) -> None:
    with by_path({"/api/v1/namespaces/ca7f8f-dev/resourcequotas": 403}) as server:
        assert findings_at(server, tmp_path, quota.check, "dev") == []
    assert findings_at(refused(), tmp_path, quota.check, "dev") == []


# What charts make


def test_objects_are_counted_by_the_names_that_a_quota_has_for_them() -> None:
    made: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Service", "spec": {"type": "NodePort", "ports": [{}, {}]}},
        {"apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer", "ports": [{}]}},
        {"apiVersion": "apps/v1", "kind": "Deployment"},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"},
        {"apiVersion": "v1", "kind": "Secret"},
    ]
    assert dict(counts(made)) == {
        "services": 2,
        "count/services": 2,
        "services.nodeports": 3,
        "services.loadbalancers": 1,
        "count/deployments.apps": 1,
        "count/networkpolicies.networking.k8s.io": 1,
        "secrets": 1,
        "count/secrets": 1,
    }


def test_a_quota_on_objects_is_held_against_what_charts_make() -> None:
    stack = load_stack("dev", put("namespace.quota", {**LARGE, "counted": {"services": 1, "secrets": 2, "pods": 12}}))
    made = [{"apiVersion": "v1", "kind": "Service"}] * 3 + [{"apiVersion": "v1", "kind": "Secret"}]
    services, secrets = objects.check(stack, made, releases=2)
    assert "3 new = 3, but the quota is 1; raise services by 2 to 3" in services
    assert "3 new = 3, but the quota is 2" in secrets  # Helm keeps each release in one
