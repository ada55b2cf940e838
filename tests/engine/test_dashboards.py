"""Dashboards are registered where the settings ask for them, word for word, and nowhere else."""

import pulumi
import pytest

from telemetry.grafana.dashboards import packs
from telemetry.grafana.dashboards.dashboards import documents_of
from tests.engine.recorder import changed, run_of
from tests.engine.test_datasources import TENANTS, THEIR_OWN_AUTHORITY
from tests.support import WITH_LOGS, Change, all_of, load_stack, put
from tests.unit.test_packs import SHOP

FOLDER, DASHBOARD = "grafana:oss/folder:Folder", "grafana:oss/dashboard:Dashboard"
COMPONENT = "telemetry:grafana:Dashboards"
ON = put("dashboards", {})
PLATFORM: Change = all_of(put("dashboards", {"folder": "Ours"}), put("monitoring.tenant", "platform"))
each_preview = pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])


def test_nothing_is_registered_unless_it_is_asked_for() -> None:
    run = run_of("dev", preview=True)
    assert [each for type_ in (FOLDER, DASHBOARD, COMPONENT) for each in run.of(type_)] == []


@each_preview
def test_dashboards_are_sent_word_for_word_in_their_folder(preview: bool) -> None:
    run = changed(PLATFORM, environment="prod", preview=preview)
    (folder,), sent = run.of(FOLDER), {each.name: each for each in run.of(DASHBOARD)}
    assert folder.plain == {"uid": "telemetry-prod", "title": "Ours (prod)", "preventDestroyIfNotEmpty": True}
    assert {name: each.plain["configJson"] for name, each in sent.items()} == documents_of(
        load_stack("prod", PLATFORM), "mimir-prod-platform"
    )
    assert {each.plain["folder"] for each in sent.values()} == {"telemetry-prod"}
    assert all(folder.urn in each.dependencies for each in sent.values())
    (component,) = run.of(COMPONENT)
    assert {each.parent for each in (folder, *sent.values())} == {component.urn}
    assert run.component_outputs[component.urn] == {
        "folder": "telemetry-prod",
        "dashboards": list(documents_of(load_stack("prod", PLATFORM), "mimir-prod-platform")),
    }
    assert all("pulumi:providers:grafana::grafana::" in each.provider for each in (folder, *sent.values()))


def test_the_datasource_that_they_ask_is_made_first_and_is_there() -> None:
    run = changed(PLATFORM, environment="prod")
    uids = [each.plain["uid"] for each in run.of("grafana:oss/dataSource:DataSource")]
    assert "mimir-prod-platform" in uids
    (component,) = run.of(COMPONENT)
    made = [urn.rpartition("::")[2] for urn in component.dependencies]
    assert "mimir-prod-platform" in made


def test_without_tenants_they_ask_the_one_datasource() -> None:
    sent = changed(ON).of(DASHBOARD)
    assert all('"uid":"mimir-dev"' in each.plain["configJson"] for each in sent)
    assert sent


def test_they_are_in_the_organisation_of_the_datasource() -> None:
    theirs = all_of(put("tenants", TENANTS), ON, put("monitoring.tenant", "team-a"))
    elsewhere = put("dashboards", {"datasource": "prometheus", "grafana_org": 12})
    for change, org, uid in ((theirs, "7", "mimir-dev-team-a"), (elsewhere, "12", "prometheus")):
        run = changed(change, preview=True)
        assert {each.plain["orgId"] for type_ in (FOLDER, DASHBOARD) for each in run.of(type_)} == {org}
        assert all(f'"uid":"{uid}"' in each.plain["configJson"] for each in run.of(DASHBOARD))


def test_a_tenant_without_a_datasource_is_refused_at_preview() -> None:
    unseen = all_of(put("gateway", {}), THEIR_OWN_AUTHORITY, ON, put("monitoring.tenant", "team-b"))
    with pytest.raises(pulumi.RunError, match=r"telemetry:dashboards\.datasource: .*team-b has no datasource"):
        changed(unseen, preview=True)


def test_nothing_else_changes_when_they_are_switched_on() -> None:
    before, after = run_of("dev", preview=True), changed(ON, preview=True)
    shown = {(each.type, each.name): each.inputs for each in after.resources}
    assert {(each.type, each.name): each.inputs for each in before.resources}.items() <= shown.items()
    assert {type_ for type_, _ in shown} - {each.type for each in before.resources} == {FOLDER, DASHBOARD, COMPONENT}


@each_preview
def test_packs_are_in_folders_of_their_own_beside_ours(preview: bool) -> None:
    run = changed(WITH_LOGS, SHOP, preview=preview)
    folders = {each.plain["title"]: each for each in run.of(FOLDER)}
    assert folders.keys() == {"Telemetry platform (dev)", "Shop (dev)"}
    sent = {each.name: each for each in run.of(DASHBOARD)}
    stack = load_stack("dev", WITH_LOGS, SHOP)
    assert stack.dashboards is not None
    for each in packs.documents_of(stack, stack.dashboards):
        assert sent[each.uid].plain["configJson"] == each.text
        assert sent[each.uid].plain["folder"] == folders["Shop (dev)"].plain["uid"]
    assert sent["telemetry-dev-mimir"].plain["folder"] == "telemetry-dev"
    (component,) = run.of(COMPONENT)
    assert sorted(run.component_outputs[component.urn]["dashboards"]) == sorted(sent)


def test_a_pack_whose_datasources_are_not_known_ends_the_run() -> None:
    unknown = put("dashboards", {"packs": [{"path": "examples/packs"}]})
    with pytest.raises(pulumi.RunError, match=r"telemetry:dashboards\.packs\.0\.datasources: .*the-old-prometheus"):
        changed(WITH_LOGS, unknown, preview=True)
