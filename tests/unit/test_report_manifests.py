"""What becomes of each object between two manifests."""

from typing import Any

import pytest
import yaml

from telemetry.kubernetes.defaults import canonical, normal
from telemetry.operations.report.lines import heading
from telemetry.operations.report.manifests import compare, parse
from telemetry.operations.report.model import Item
from telemetry.redaction import Redactor
from tests.support import Change, Tree, all_of, drop, put

STATEFUL_SET: Tree = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": "ingester", "labels": {"app": "x"}},
    "spec": {
        "replicas": 3,
        "serviceName": "ingester",
        "selector": {"matchLabels": {"app": "x"}},
        "template": {"spec": {"containers": [{"name": "ingester", "image": "mimir:3", "env": [{"name": "A"}]}]}},
        "volumeClaimTemplates": [
            {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
        ],
    },
}
DEPLOYMENT: Tree = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "querier"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"app": "q"}},
        "template": {"spec": {"containers": [{"name": "querier", "image": "mimir:3"}]}},
    },
}
CONTAINER = "spec.template.spec.containers"


def becomes(old: Tree | None, *changes: Change) -> list[Item]:
    """Return what becomes of an object, if a chart changes it so."""
    new = yaml.safe_load(yaml.safe_dump(old))
    all_of(*changes)(new)
    return held([old], [new])


def held(old: list[Any], new: list[Any]) -> list[Item]:
    """Hold two manifests against each other, as text, as helm gives them."""
    return compare(
        parse(yaml.safe_dump_all(old)), parse(yaml.safe_dump_all(new)), owner="r", namespace="ns", redactor=Redactor()
    )


def container(**fields: Any) -> Change:
    """Return a change of the first container."""

    def change(it: Tree) -> None:
        it["spec"]["template"]["spec"]["containers"][0].update(fields)

    return change


def test_an_object_is_created_and_deleted() -> None:
    created, deleted = held([DEPLOYMENT], [STATEFUL_SET])[::-1], held([STATEFUL_SET], [DEPLOYMENT])
    assert [(each.action, each.title, each.namespace) for each in created] == [
        ("create", "StatefulSet ingester", "ns"),
        ("delete", "Deployment querier", "ns"),
    ]
    assert [each.action for each in deleted] == ["create", "delete"]


def test_what_helm_keeps_is_forgotten_and_not_deleted() -> None:
    kept = {**DEPLOYMENT, "metadata": {"name": "q", "annotations": {"helm.sh/resource-policy": "keep"}}}
    assert [each.action for each in held([kept], [])] == ["forget"]


def test_another_version_of_its_api_is_the_same_object() -> None:
    (item,) = becomes({**DEPLOYMENT, "apiVersion": "apps/v1beta2"}, put("apiVersion", "apps/v1"))
    assert (item.action, [field.path for field in item.fields]) == ("change", ["apiVersion"])


@pytest.mark.parametrize(
    "change",
    [
        put("metadata.annotations", {}),
        put("metadata.namespace", "ns"),
        put("spec.revisionHistoryLimit", 10),
        put("spec.strategy", {"type": "RollingUpdate"}),
        put("spec.template.spec.restartPolicy", "Always"),
        put("spec.template.spec.nodeSelector", {}),
        put("spec.template.spec.tolerations", []),
        put("spec.template.spec.priorityClassName", None),
        put("status", {"replicas": 1}),
        container(imagePullPolicy="IfNotPresent"),
        container(resources={}),
    ],
)
def test_what_the_server_fills_in_or_drops_is_no_change(change: Change) -> None:
    assert becomes(DEPLOYMENT, change) == []


def test_a_default_that_is_left_behind_shows_the_value_that_it_had() -> None:
    (item,) = becomes(DEPLOYMENT, put("spec.strategy", {"rollingUpdate": {"maxSurge": 0}}))
    (field,) = item.fields
    assert (field.path, field.op, field.old, field.new) == (
        "spec.strategy.rollingUpdate.maxSurge",
        "change",
        "25%",
        0,
    )


def test_an_equal_amount_is_no_change() -> None:
    had, has = ({"requests": {"cpu": cpu, "memory": memory}} for cpu, memory in (("1000m", "1024Mi"), (1, "1Gi")))
    assert becomes(yaml.safe_load(yaml.safe_dump(DEPLOYMENT)), container(resources=had)) != []
    old = yaml.safe_load(yaml.safe_dump(DEPLOYMENT))
    container(resources=had)(old)
    assert becomes(old, container(resources=has)) == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("12133282611", "12133282611"),
        ("2000", "2k"),
        (2, "2"),
        ("0", "0"),
        ("100M", "100M"),
        ("168h", "168h"),
    ],
)
def test_an_amount_is_written_as_the_server_writes_it(given: str, kept: str) -> None:
    assert canonical(given) == kept


def test_items_of_lists_are_known_by_their_names() -> None:
    (item,) = becomes(DEPLOYMENT, container(env=[{"name": "B", "value": "1"}], ports=[{"containerPort": 80}]))
    assert [(field.op, field.path) for field in item.fields] == [
        ("add", f"{CONTAINER}[querier].env"),
        ("add", f"{CONTAINER}[querier].ports"),
    ]


@pytest.mark.parametrize(
    ("old", "change", "path"),
    [
        (STATEFUL_SET, put("spec.serviceName", "other"), "spec.serviceName"),
        (STATEFUL_SET, put("spec.podManagementPolicy", "Parallel"), "spec.podManagementPolicy"),
        (STATEFUL_SET, put("spec.selector.matchLabels.app", "y"), "spec.selector.matchLabels.app"),
        (STATEFUL_SET, drop("spec.volumeClaimTemplates"), "spec.volumeClaimTemplates"),
        (DEPLOYMENT, put("spec.selector.matchLabels.app", "y"), "spec.selector.matchLabels.app"),
        (
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 1}]}},
            put("spec.clusterIP", "None"),
            "spec.clusterIP",
        ),
        (
            {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"},
             "spec": {"template": {"spec": {"a": 1}}}},
            put("spec.template.spec.a", 2),
            "spec.template.spec.a",
        ),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "immutable": True, "data": {"a": "1"}},
            put("data.a", "2"),
            "data.a",
        ),
        (
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "b"},
             "roleRef": {"name": "a"}},
            put("roleRef.name", "b"),
            "roleRef.name",
        ),
        (
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "p"},
             "spec": {"storageClassName": "a"}},
            put("spec.storageClassName", "b"),
            "spec.storageClassName",
        ),
    ],
)  # fmt: skip
def test_what_cannot_change_in_place_fails(old: Tree, change: Change, path: str) -> None:
    (item,) = becomes(old, change)
    assert item.action == "replace"
    assert f"{path} cannot be changed" in item.fails


@pytest.mark.parametrize(
    "change",
    [
        put("spec.replicas", 5),
        put("spec.updateStrategy", {"type": "OnDelete"}),
        put("spec.minReadySeconds", 5),
        put("spec.persistentVolumeClaimRetentionPolicy", {"whenScaled": "Delete"}),
        put("metadata.labels.app", "y"),
        container(image="mimir:4"),
    ],
)
def test_what_can_change_in_place_does(change: Change) -> None:
    (item,) = becomes(STATEFUL_SET, change)
    assert (item.action, item.fails) == ("change", "")


@pytest.mark.parametrize(
    ("old", "changes", "pods", "how"),
    [
        (STATEFUL_SET, (), 3, "one after the other"),
        (STATEFUL_SET, (put("spec.updateStrategy", {"type": "OnDelete"}),), 0, "OnDelete"),
        (STATEFUL_SET, (put("spec.updateStrategy", {"rollingUpdate": {"partition": 2}}),), 1, "those below 2 stay"),
        (DEPLOYMENT, (), 2, "at most 25% down and 25% more"),
        (DEPLOYMENT, (put("spec.strategy", {"type": "Recreate"}),), 2, "all at once"),
        (DEPLOYMENT, (drop("spec.replicas"),), None, "rolling"),
        ({**DEPLOYMENT, "kind": "DaemonSet"}, (), None, "node by node"),
    ],
)
def test_pods_restart_when_their_template_changes(
    old: Tree, changes: tuple[Change, ...], pods: int | None, how: str
) -> None:
    (item,) = becomes(old, container(image="mimir:4"), *changes)
    assert item.restart is not None
    assert item.restart.pods == pods
    assert how in item.restart.how


def test_pods_stay_when_only_their_number_changes() -> None:
    (item,) = becomes(DEPLOYMENT, put("spec.replicas", 5))
    assert item.restart is None


def test_replicas_taken_back_from_an_autoscaler_have_no_old_number() -> None:
    without = yaml.safe_load(yaml.safe_dump(DEPLOYMENT))
    del without["spec"]["replicas"]
    for number in (1, 3):
        (item,) = becomes(without, put("spec.replicas", number))
        assert [(field.path, field.op, field.new) for field in item.fields] == [("spec.replicas", "add", number)]


def test_replicas_given_to_an_autoscaler_fall_to_the_servers_default() -> None:
    (item,) = becomes(DEPLOYMENT, drop("spec.replicas"))
    assert [(field.path, field.old, field.new) for field in item.fields] == [("spec.replicas", 2, 1)]


def config(text: str) -> Tree:
    """Return a ConfigMap with one file."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a.yaml": text}}


def test_yaml_in_a_config_map_is_compared_key_by_key() -> None:
    (item,) = held([config("limits: {a: 1}\nsince: 2020-01-01")], [config("since: 2020-01-01\nlimits:\n  a: 2")])
    assert [(field.path, field.old, field.new) for field in item.fields] == [('data["a.yaml"].limits.a', 1, 2)]


@pytest.mark.parametrize(("name", "said"), [("mimir-runtime", ", read again without a restart"), ("mimir-config", "")])
def test_what_pods_read_again_by_themselves_is_said_to_be(name: str, said: str) -> None:
    (item,) = held(*([config("a: 1") | {"metadata": {"name": name}}], [config("a: 2") | {"metadata": {"name": name}}]))
    assert item.restart is None
    assert heading(item) == f"ConfigMap {name}: changed{said}"


@pytest.mark.parametrize(("old", "new"), [("a: 1", "a: 1 # so"), ("a: 1", "a: [broken"), ("text", "other")])
def test_what_differs_only_as_text_is_a_change_all_the_same(old: str, new: str) -> None:
    (item,) = held([config(old)], [config(new)])
    assert [(field.path, field.old, field.new) for field in item.fields] == [('data["a.yaml"]', old, new)]


@pytest.mark.parametrize(
    ("annotations", "there"),
    [
        ({"helm.sh/hook": "test"}, False),
        ({"helm.sh/hook": "post-delete"}, False),
        ({"helm.sh/hook": "pre-install, pre-upgrade"}, True),
        ({"helm.sh/hook": "pre-install", "helm.sh/hook-delete-policy": "hook-succeeded"}, False),
        ({}, True),
    ],
)
def test_hooks_that_leave_nothing_are_left_out(annotations: dict[str, str], there: bool) -> None:
    hook = {**DEPLOYMENT, "metadata": {"name": "q", "annotations": annotations}}
    assert bool(parse(yaml.safe_dump(hook))) == there


def test_lists_and_empty_documents_are_objects_or_nothing() -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [DEPLOYMENT, STATEFUL_SET]}
    assert len(parse("---\n# nothing\n---\n" + yaml.safe_dump(listed))) == 2


def test_cluster_scoped_objects_have_no_namespace() -> None:
    role = normal(
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}, "ns"
    )
    assert "namespace" not in role["metadata"]
