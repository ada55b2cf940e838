"""What one role says of its pods alone, in place of its backend: placement, end, disk, bandwidth."""

from typing import Any

import pytest
import yaml

from telemetry.capacity.counted import needed
from telemetry.capacity.fit import check
from telemetry.capacity.footprint import of_stack
from telemetry.config.affinity import Affinity
from telemetry.gateway import workload
from telemetry.spec.values.affinity import in_kubernetes_terms
from telemetry.stack import Stack
from tests.support import WITH_LOGS, WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD, Change, all_of, load_stack, put
from tests.unit.rendered import Values

GI = 2**30
OF_BACKEND = {"node_selector": {"pool": "all"}, "priority_class": "all", "storage_class": "slow"}
NEAR = {"nodes": {"required": [{"requirements": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}]}}
OWN = {
    "placement": {
        "node_selector": {"pool": "memory"},
        "tolerations": [{"key": "only", "operator": "Exists"}],
        "affinity": NEAR,
        "storage_class": "fast",
        "priority_class": "first",
        "spread_over": ["rack"],
    },
    "termination_grace": "10m",
    "bandwidth": {"ingress": "1G", "egress": "100M"},
    "ephemeral_storage": "2Gi",
}
POD: Values = {
    "nodeSelector": {"pool": "memory"},
    "tolerations": [{"key": "only", "operator": "Exists"}],
    "priorityClassName": "first",
    "terminationGracePeriodSeconds": 600,
}
NODES = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]}]
        }
    }
}
BANDWIDTH = {"kubernetes.io/ingress-bandwidth": "1G", "kubernetes.io/egress-bandwidth": "100M"}
SECTIONS: dict[str, tuple[str, str, Change, tuple[str, ...], tuple[str, ...]]] = {
    "tempo-distributed": ("traces", "ingester", all_of(), ("ingester",), ("persistence", "storageClass")),
    "mimir-distributed": ("metrics", "ingester", all_of(), ("ingester",), ("persistentVolume", "storageClass")),
    "loki": ("logs", "write", WITH_LOGS_IN_PROD, ("write",), ("persistence", "storageClass")),
    "pyroscope": (
        "profiles",
        "metastore",
        WITH_PROFILES_IN_PROD,
        ("architecture", "microservices", "v2", "metastore"),
        ("persistence", "storageClassName"),
    ),
}
"""Chart -> signal, a role with a claim, what brings it, the role's section of the values, the place of its class."""


def part(values: Values, *path: str) -> Any:
    found: Any = values
    for key in path:
        found = found[key]
    return found


def section(chart: str, *changes: Change) -> tuple[Stack, Values]:
    """Return the values of a role whose backend is placed as well."""
    signal, _, with_it, path, _ = SECTIONS[chart]
    stack = load_stack("prod", with_it, put(f"{signal}.placement", OF_BACKEND), *changes)
    (release,) = (each for each in stack.backend(signal).releases)  # type: ignore[arg-type]
    found: Values = part(release.values, *path)
    return stack, found


@pytest.mark.parametrize("chart", SECTIONS)
def test_a_role_has_what_it_says_in_place_of_its_backends(chart: str) -> None:
    signal, role, _, _, place = SECTIONS[chart]
    _, values = section(chart, put(f"{signal}.roles.{role}", {**OWN, "replicas": 3}))
    assert {key: values[key] for key in POD} == POD
    assert BANDWIDTH.items() <= values["podAnnotations"].items()
    assert values["resources"]["requests"]["ephemeral-storage"] == "2Gi"
    assert part(values, *place) == "fast"
    spread = values["topologySpreadConstraints"]
    spread = yaml.safe_load(spread) if isinstance(spread, str) else spread
    assert [each["topologyKey"] for each in spread] == ["rack"]
    affinity = values["affinity"]
    affinity = yaml.safe_load(affinity) if isinstance(affinity, str) else affinity
    assert {key: value for key, value in affinity.items() if value is not None} == NODES


@pytest.mark.parametrize("chart", SECTIONS)
def test_what_a_role_leaves_out_is_its_backends(chart: str) -> None:
    signal, role, *_ = SECTIONS[chart]
    _, plain = section(chart)
    _, values = section(chart, put(f"{signal}.roles.{role}.placement", {"priority_class": "first"}))
    assert values.pop("priorityClassName") == "first"
    plain.pop("priorityClassName", None)
    assert values == plain
    assert not BANDWIDTH.keys() & plain.get("podAnnotations", {}).keys()


def test_a_single_binary_says_it_at_the_top() -> None:
    own = {**OWN, "placement": {**OWN["placement"], "affinity": NEAR}}  # type: ignore[dict-item]
    stack = load_stack("dev", WITH_LOGS, put("logs.roles.all", own), put("logs.placement", OF_BACKEND))
    (release,) = stack.backend("logs").releases
    assert POD.items() <= release.values["singleBinary"].items()
    del own["termination_grace"]
    stack = load_stack("dev", put("traces.roles.all", own), put("traces.placement", OF_BACKEND))
    (release,) = stack.backend("traces").releases
    assert {key: release.values[key] for key in ("nodeSelector", "priorityClassName")} == {
        "nodeSelector": {"pool": "memory"},
        "priorityClassName": "first",
    }
    assert release.values["affinity"] == NODES
    assert release.values["persistence"]["storageClassName"] == "fast"
    assert {"telemetry/s3-key", *BANDWIDTH} == set(release.values["podAnnotations"])


def test_an_affinity_is_said_in_kubernetes_own_terms() -> None:
    given = {
        "nodes": {"preferred": [{"weight": 5, "requirements": [{"key": "gpu", "operator": "DoesNotExist"}]}]},
        "beside": {"required": [{"topology_key": "zone", "labels": {"app": "cache"}, "namespaces": ["caches"]}]},
        "apart_from": {"preferred": [{"topology_key": "host", "labels": {"app": "batch"}}]},
    }
    assert in_kubernetes_terms(Affinity.model_validate(given)) == {
        "nodeAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": 5, "preference": {"matchExpressions": [{"key": "gpu", "operator": "DoesNotExist"}]}}
            ]
        },
        "podAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"topologyKey": "zone", "labelSelector": {"matchLabels": {"app": "cache"}}, "namespaces": ["caches"]}
            ]
        },
        "podAntiAffinity": {
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {
                    "weight": 100,
                    "podAffinityTerm": {"topologyKey": "host", "labelSelector": {"matchLabels": {"app": "batch"}}},
                }
            ]
        },
    }


def test_the_gateway_is_drawn_to_nodes_as_well() -> None:
    stack = load_stack("prod", put("gateway.placement.affinity", NEAR))
    assert stack.gateway is not None
    assert stack.gateway_role is not None
    spec = workload.deployment(stack, stack.gateway, stack.gateway_role, watch="")
    assert spec["template"]["spec"]["affinity"] == NODES


def every_role(**own: object) -> Change:
    """Return a change that says something of every role of dev."""
    roles = {each.signal: list(each.settings.roles) for each in load_stack("dev").backends}  # type: ignore[attr-defined]
    return all_of(
        *(
            put(f"{signal}.roles.{role}.{key}", value)
            for signal, names in roles.items()
            for role in names
            for key, value in own.items()
        )
    )


def test_disk_of_nodes_counts_in_the_quota_that_counts_it() -> None:
    stack = load_stack("dev", every_role(ephemeral_storage="1Gi"))
    need = needed(stack, "requests.ephemeral-storage")
    assert need is not None
    assert (need.amount, need.unstated) == (12 * GI, ())
    assert of_stack(stack).ephemeral == 12 * GI
    quota = {"cpu": "100", "memory": "1Ti", "storage": "1Ti", "counted": {"requests.ephemeral-storage": "11Gi"}}
    (line,) = check(load_stack("dev", every_role(ephemeral_storage="1Gi"), put("namespace.quota", quota))).refusals
    assert "12Gi new = 12Gi, but the quota is 11Gi; raise requests.ephemeral-storage by 1Gi to 12Gi" in line


def test_what_a_role_does_not_state_is_the_namespaces_default() -> None:
    stack = load_stack(
        "dev",
        put("metrics.roles.querier.ephemeral_storage", "3Gi"),
        put(
            "security.limit_range",
            {"default_request": {"cpu": "50m", "memory": "64Mi"}, "default_limit": {"ephemeral_storage": "1Gi"}},
        ),
    )
    need = needed(stack, "requests.ephemeral-storage")
    assert need is not None
    assert need.amount == 14 * GI


def test_a_class_of_storage_is_counted_for_the_role_that_asks_for_it() -> None:
    stack = load_stack(
        "dev",
        put("metrics.placement.storage_class", "slow"),
        put("metrics.roles.ingester.placement.storage_class", "fast"),
    )
    amounts = {}
    for name in ("slow", "fast"):
        need = needed(stack, f"{name}.storageclass.storage.k8s.io/persistentvolumeclaims")
        assert need is not None
        amounts[name] = need.amount
    assert amounts == {"slow": 3, "fast": 1}
