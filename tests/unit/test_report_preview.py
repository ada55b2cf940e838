"""What a preview says, without a word of rendering."""

from collections.abc import Mapping
from typing import Any

import pytest

from telemetry.engine.preview import Preview, read
from telemetry.operations.report.model import Item
from telemetry.operations.report.preview_items import items

PREFIX = "urn:pulumi:dev::telemetry::telemetry:x:Y$"
BUCKET = "aws:s3/bucket:Bucket"
DATASOURCE = "grafana:oss/dataSource:DataSource"
QUOTA = "kubernetes:core/v1:ResourceQuota"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def step(
    op: str, token: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, **state: Any
) -> dict[str, Any]:
    """Return a step as `pulumi preview --json` has it."""
    return {
        "op": op,
        "urn": f"{PREFIX}{token}::name",
        **({"oldState": {"inputs": old, **state}} if old is not None else {}),
        **({"newState": {"inputs": new}} if new is not None else {}),
    }


def seen(*steps: Mapping[str, Any], **more: Any) -> Preview:
    """Return a preview of these steps."""
    return read({"steps": list(steps), **more})


def only(preview: Preview) -> Item:
    """Return the one thing that something happens to."""
    (item,) = (item for step in preview.steps for item in items(step))
    return item


def quota(cpu: str) -> dict[str, Any]:
    """Return a ResourceQuota."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "telemetry", "namespace": "ns"},
        "spec": {"hard": {"requests.cpu": cpu}},
    }


def test_an_object_of_the_program_changes_field_by_field() -> None:
    item = only(seen(step("update", QUOTA, quota("2"), quota("3"))))
    assert (item.title, item.namespace, item.owner, item.action) == ("ResourceQuota telemetry", "ns", "", "change")
    assert [(field.path, field.old, field.new) for field in item.fields] == [('spec.hard["requests.cpu"]', "2", "3")]


def deployment(image: str) -> dict[str, Any]:
    """Return a Deployment."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "gateway", "namespace": "ns"},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "nginx", "image": image}]}}},
    }


def test_pods_of_the_programs_own_workload_restart_as_a_charts_do() -> None:
    item = only(seen(step("update", "kubernetes:apps/v1:Deployment", deployment("nginx:1"), deployment("nginx:2"))))
    assert item.restart is not None
    assert item.restart.pods == 2
    assert only(seen(step("create", "kubernetes:apps/v1:Deployment", None, deployment("nginx:1")))).restart is None


def test_the_files_of_the_programs_own_config_map_change_key_by_key() -> None:
    maps = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tempo-tenants"}, "data": {"o.yaml": text}}
        for text in ("a: {b: 1}", "a: {b: 2}")
    ]
    item = only(seen(step("update", "kubernetes:core/v1:ConfigMap", *maps)))
    assert [field.path for field in item.fields] == ['data["o.yaml"].a.b']
    assert item.reloaded


def test_a_bucket_is_known_by_its_name_and_a_datasource_by_its_uid() -> None:
    assert only(seen(step("create", BUCKET, None, {"bucket": "dts-x"}))).title == "Bucket dts-x"
    old, new = ({"uid": "tempo-dev", "jsonDataEncoded": text} for text in ('{"a": {"b": 1}}', '{"a": {"b": 2}}'))
    item = only(seen(step("update", DATASOURCE, old, new)))
    assert (item.system, item.name) == ("grafana", "tempo-dev")
    assert [(field.path, field.old, field.new) for field in item.fields] == [("jsonData.a.b", 1, 2)]


def test_a_dashboard_is_told_panel_by_panel() -> None:
    old, new = ({"configJson": f'{{"uid": "d", "panels": [{{"title": "{title}"}}]}}'} for title in ("A", "B"))
    item = only(seen(step("update", "grafana:oss/dashboard:Dashboard", old, new)))
    assert (item.system, item.kind) == ("grafana", "Dashboard")
    assert [(field.path, field.old, field.new) for field in item.fields] == [("config.panels[0].title", "A", "B")]


def test_the_three_steps_of_a_replacement_are_one() -> None:
    preview = replacement({"uid": "a", "type": "x"}, {"uid": "a", "type": "y"})
    assert preview.counts == {"create": 0, "update": 0, "replace": 1, "delete": 0, "same": 0}
    assert (only(preview).action, only(preview).name) == ("replace", "a")


def test_what_is_replaced_under_another_name_goes_and_comes() -> None:
    preview = replacement({"uid": "a", "type": "x"}, {"uid": "b", "type": "x"})
    found = [(each.name, each.action) for one in preview.steps for each in items(one)]
    assert found == [("a", "delete"), ("b", "create")]


def replacement(old: dict[str, Any], new: dict[str, Any]) -> Preview:
    """Return a preview in which a datasource is replaced, in the engine's three steps."""
    ops = ("create-replacement", "replace", "delete-replaced")
    return seen(*(step(op, DATASOURCE, old, None if op == "delete-replaced" else new) for op in ops))


@pytest.mark.parametrize(("retained", "action"), [(True, "forget"), (False, "delete")])
def test_what_is_retained_is_forgotten_and_not_deleted(retained: bool, action: str) -> None:
    assert only(seen(step("delete", BUCKET, {"bucket": "b"}, None, retainOnDelete=retained))).action == action


def test_what_stays_and_what_is_no_thing_is_left_out() -> None:
    component = {"op": "create", "urn": "urn:pulumi:dev::telemetry::telemetry:storage:Buckets::buckets"}
    preview = seen(step("same", BUCKET, {"bucket": "b"}, {"bucket": "b"}), component, {"op": "read", "urn": "x"})
    assert preview.counts["same"] == preview.counts["create"] == 1
    assert [item for each in preview.steps for item in items(each)] == []


def test_what_only_up_will_know_is_said_to_be_unknown() -> None:
    item = only(seen(step("update", BUCKET, {"bucket": "b", "arn": "a"}, {"bucket": "b", "arn": UNKNOWN})))
    assert item.fields[0].new == "[known after up]"


def test_a_provider_shows_that_it_changes_but_not_to_what() -> None:
    update = {
        "op": "update",
        "urn": "urn:pulumi:dev::telemetry::pulumi:providers:kubernetes::kubernetes",
        "oldState": {"inputs": {"kubeconfig": "old"}},
        "newState": {"inputs": {"kubeconfig": "new"}},
        "detailedDiff": {"kubeconfig": {"kind": "update"}},
    }
    item = only(seen(update))
    assert (item.kind, item.fields[0].path, item.fields[0].new) == ("Provider", "kubeconfig", "[secret]")


def test_the_outputs_of_the_last_up_are_read_from_the_stack() -> None:
    stack = {
        "op": "same",
        "urn": "urn:pulumi:dev::telemetry::pulumi:pulumi:Stack::telemetry-dev",
        "oldState": {"outputs": {"capacity": {"cpu": "1"}}},
    }
    assert seen(stack).outputs == {"capacity": {"cpu": "1"}}
    assert seen().outputs == {}


def test_a_protected_resource_in_the_way_is_a_finding_and_any_other_error_an_error() -> None:
    urn = f"{PREFIX}{BUCKET}::dts-x"
    protected = f'error: Preview failed: resource "{urn}" cannot be deleted\nbecause it is protected. To unprotect …'
    errors = [
        {"severity": "error", "urn": urn, "message": protected},
        {"severity": "error", "message": "preview failed"},
    ]
    assert "dts-x is protected" in seen(diagnostics=errors).refused[0]
    with pytest.raises(ValueError, match="preview failed"):
        seen(diagnostics=errors[1:])
