"""The stand-in of chart `pyroscope`, rendered with the values that the program produces, and with its own defaults."""

import copy

import pytest

from telemetry.capacity.footprint import Footprint, of_role
from telemetry.capacity.pod_requests import footprint
from telemetry.spec.values.common import Values
from telemetry.stack import Stack
from tests.sandbox.charts import config_of, containers, named, pods, ports, render, run_helm, values_of
from tests.support import WITH_PROFILES, WITH_PROFILES_IN_PROD, Change, load_stack, put

pytestmark = pytest.mark.sandbox

APART = ("distributor", "segment-writer", "metastore", "query-frontend", "query-backend", "compaction-worker")
STATEFUL = {"segment-writer", "metastore", "compaction-worker"}


def stack_of(environment: str, *changes: Change) -> Stack:
    return load_stack(environment, WITH_PROFILES_IN_PROD if environment == "prod" else WITH_PROFILES, *changes)


def dev(*changes: Change) -> Values:
    return copy.deepcopy(values_of("pyroscope", stack_of("dev", *changes)))


def prod(*changes: Change) -> Values:
    return copy.deepcopy(values_of("pyroscope", stack_of("prod", *changes)))


def test_one_binary_has_the_real_names_and_ports() -> None:
    objects = render("pyroscope", dev())
    assert set(named(objects, "StatefulSet")) == {"pyroscope"}
    assert set(named(objects, "Service")) == {"pyroscope", "pyroscope-headless", "pyroscope-memberlist"}
    assert set(named(objects, "ConfigMap")) == {"pyroscope-config", "pyroscope-overrides-config"}
    assert ports(objects, "pyroscope") == {4040, 9095, 9099}
    claims = named(objects, "StatefulSet")["pyroscope"]["spec"]["volumeClaimTemplates"]
    assert [claim["metadata"]["name"] for claim in claims] == ["data"]


def test_apart_it_has_the_real_names_and_budgets_and_none_of_its_own_pages() -> None:
    objects = render("pyroscope", prod())
    assert set(named(objects, "StatefulSet")) == {f"pyroscope-{role}" for role in STATEFUL}
    assert set(named(objects, "Deployment")) == {f"pyroscope-{role}" for role in set(APART) - STATEFUL}
    twins = {f"pyroscope-{role}{suffix}" for role in APART for suffix in ("", "-headless")}
    assert set(named(objects, "Service")) == twins | {"pyroscope-memberlist"}
    assert ports(objects, "pyroscope-metastore") == {4040, 9095, 9099}
    budgets = {name: each["spec"]["maxUnavailable"] for name, each in named(objects, "PodDisruptionBudget").items()}
    assert budgets == {f"pyroscope-{role}": 1 for role in APART}


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_it_asks_for_exactly_what_the_settings_say(environment: str) -> None:
    stack = stack_of(environment)
    assert stack.profiles is not None
    objects = render("pyroscope", values_of("pyroscope", stack))
    assert footprint(objects) == sum(map(of_role, stack.profiles.roles.values()), Footprint())
    limited = {name: each["resources"].get("limits") for name, each in containers(objects).items()}
    writer = "pyroscope" if environment == "dev" else "segment-writer"
    assert {name: limits for name, limits in limited.items() if limits} == {writer: {"memory": "4Gi"}}


@pytest.mark.parametrize("platform", ["openshift", "kubernetes"])
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_pod_is_restricted_and_has_the_account_without_a_token(environment: str, platform: str) -> None:
    objects = render("pyroscope", values_of("pyroscope", stack_of(environment, put("kubernetes.platform", platform))))
    for pod in pods(objects).values():
        assert pod["serviceAccountName"] == "pyroscope-pods"  # tests/engine/test_pyroscope.py says that it has none
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert bool(pod["securityContext"].get("fsGroup")) is (platform == "kubernetes")
    assert not {each["kind"] for each in objects} & {"ServiceAccount", "Role", "RoleBinding", "ClusterRole"}


def test_it_gets_the_config_that_the_settings_mean() -> None:
    config = config_of(render("pyroscope", prod()), "pyroscope-config", "config.yaml")
    assert config["multitenancy_enabled"] is True
    assert config["storage"]["s3"]["bucket_name"] == "dts-profiles-prod-blocks"
    assert config["limits"] == {"retention_period": "744h"}
    assert config["analytics"] == {"reporting_enabled": False}


def test_a_tenants_limits_restart_nothing() -> None:
    def checksums(values: Values) -> set[str]:
        templates = [each["spec"]["template"] for kind in ("Deployment", "StatefulSet")
                     for each in named(render("pyroscope", values), kind).values()]  # fmt: skip
        return {each["metadata"]["annotations"]["checksum/config"] for each in templates}

    more = put("tenants", [{"id": "platform", "display_name": "P", "limits": {"profiles": {"burst": "9Mi"}}}])
    assert checksums(prod()) == checksums(prod(more))
    assert checksums(prod()) != checksums(prod(put("profiles.retention", "30d")))


def test_what_was_not_switched_off_shows() -> None:
    values = dev()
    del values["alloy"]
    assert named(render("pyroscope", values), "ClusterRole")
    values = dev()
    del values["pyroscope"]["rbac"]
    assert set(named(render("pyroscope", values), "Role")) == {"pyroscope-discovery"}
    values = prod()
    for role in ("tenant-settings", "ad-hoc-profiles", "admin"):
        del values["architecture"]["microservices"]["v2"][role]
    assert len(pods(render("pyroscope", values))) == len(APART) + 3
    values = prod()
    del values["architecture"]["microservices"]["v2"]["distributor"]["resources"]["limits"]
    assert containers(render("pyroscope", values))["distributor"]["resources"]["limits"] == {"memory": "1Gi"}


def test_by_default_it_would_ask_the_api_server_for_its_metastores() -> None:
    values = prod()
    del values["pyroscope"]["extraArgs"]["metastore.address"]
    (asked,) = (arg for arg in containers(render("pyroscope", values))["distributor"]["args"] if "metastore.add" in arg)
    assert asked.startswith("-metastore.address=kubernetes:///pyroscope-metastore-headless.")


def test_the_old_storage_is_refused_here() -> None:
    done = run_helm("pyroscope", {**dev(), "architecture": {"storage": {"v1": True}}})
    assert "covers the storage v2 only" in done.stderr
