"""Grafana's folders and dashboards, and the provider's, as their stand-ins have them."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.plugins.base import ProviderError, Request, ResourceType
from sandbox.plugins.grafana import Grafana
from sandbox.plugins.values import UNKNOWN
from sandbox.world.dashboards import Dashboards
from sandbox.world.grafana import Server
from telemetry.grafana.dashboards.dashboards import documents_of
from tests.support import load_stack
from tests.unit.test_grafana_standin import NO_TLS

AUTH = ("admin", "password")
FOLDER, DASHBOARD = "grafana:oss/folder:Folder", "grafana:oss/dashboard:Dashboard"
OURS: dict[str, Any] = {"uid": "ours", "title": "Ours", "preventDestroyIfNotEmpty": True}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), tmp_path, ":".join(AUTH))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def api(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{url}/api", auth=AUTH, trust_env=False, verify=NO_TLS) as client:
        yield client


@pytest.fixture
def plugin(url: str) -> Grafana:
    plugin = Grafana()
    plugin.configure({"url": url, "auth": ":".join(AUTH)})
    return plugin


@pytest.fixture
def folder(plugin: Grafana) -> ResourceType:
    return plugin.resource_type(FOLDER)


@pytest.fixture
def dashboard(plugin: Grafana, folder: ResourceType) -> ResourceType:
    folder.create(asked(**OURS))
    return plugin.resource_type(DASHBOARD)


def asked(id_: str = "", **inputs: Any) -> Request:
    return Request(urn="urn", type="t", name="n", id=id_, inputs=inputs)


def board(**changed: Any) -> Request:
    model = {"uid": "d", "title": "D", "panels": [{"type": "stat"}]}
    return asked("1:d", **{"configJson": json.dumps(model), "folder": "ours", **changed})


def test_a_folder_is_made_renamed_and_removed(api: httpx.Client, folder: ResourceType) -> None:
    made, outputs = folder.create(asked(**OURS))
    assert (made, outputs["orgId"], outputs["url"]) == ("1:ours", "1", "/dashboards/f/ours/ours")
    folder.update(asked(made, **{**OURS, "title": "Renamed"}))
    assert api.get("/folders/ours").json()["title"] == "Renamed"
    live = folder.read(asked(made, **OURS))
    assert live is not None
    assert live.inputs == {**OURS, "title": "Renamed"}
    folder.delete(asked(made))
    assert folder.read(asked(made, **OURS)) is None
    folder.delete(asked(made))


def test_a_folder_with_somebodys_dashboard_is_not_removed(api: httpx.Client, folder: ResourceType) -> None:
    made, outputs = folder.create(asked(**OURS))
    theirs = {"dashboard": {"uid": "theirs", "title": "Theirs"}, "folderUid": "ours"}
    assert api.post("/dashboards/db", json=theirs).is_success
    with pytest.raises(ProviderError, match=r"folder ours is not empty .*\[Theirs\]"):
        folder.delete(replace(asked(made), state=outputs))
    folder.delete(replace(asked(made), state={**outputs, "preventDestroyIfNotEmpty": False}))
    assert api.get("/dashboards/uid/theirs").status_code == 404


def test_the_uid_and_the_organisation_replace(folder: ResourceType, dashboard: ResourceType) -> None:
    old = replace(asked(**{**OURS, "uid": "other"}), old_inputs=OURS, state={**OURS, "orgId": "1"})
    assert folder.diff(old).replaces == {"uid"}
    assert folder.diff(replace(old, inputs={**OURS, "orgId": "1"})).changes == {}
    assert folder.diff(replace(old, inputs={**OURS, "orgId": "2"})).replaces == {"orgId"}
    other = replace(board(configJson='{"uid": "e", "title": "D"}'), old_inputs=board().inputs)
    assert dashboard.diff(other).replaces == {"configJson"}
    renamed = replace(board(configJson='{"uid": "d", "title": "E"}'), old_inputs=board().inputs)
    assert dashboard.diff(renamed).changes == {"configJson": "UPDATE"}
    assert not dashboard.diff(renamed).replaces
    assert dashboard.diff(replace(board(folder="1:ours"), old_inputs=board().inputs)).changes == {}


def test_what_means_the_same_is_no_change(dashboard: ResourceType) -> None:
    old = board(configJson='{"uid": "d", "title": "<D>", "version": 3, "panels": [{"id": 7, "type": "stat"}]}').inputs
    new = board(configJson='{"panels":[{"type":"stat"}],"title":"\\u003cD\\u003e","uid":"d"}')
    checked = dashboard.check(replace(new, old_inputs=old))
    assert dashboard.diff(replace(new, inputs=checked, old_inputs=old)).changes == {}


def test_a_dashboard_is_made_changed_by_hand_seen_and_put_right(api: httpx.Client, dashboard: ResourceType) -> None:
    made, outputs = dashboard.create(board())
    assert (made, outputs["uid"], outputs["version"], outputs["url"]) == ("1:d", "d", 1, "/d/d/d")
    live = dashboard.read(board())
    assert live is not None
    assert live.inputs == board().inputs
    api.post("/dashboards/db", json={"dashboard": {"uid": "d", "title": "By hand"}, "folderUid": "", "overwrite": True})
    drifted = dashboard.read(board())
    assert drifted is not None
    assert json.loads(drifted.inputs["configJson"])["title"] == "By hand"
    assert drifted.inputs["folder"] == ""
    assert dashboard.update(board())["version"] == 3
    assert api.get("/dashboards/uid/d").json()["meta"]["folderUid"] == "ours"
    dashboard.delete(board())
    assert dashboard.read(board()) is None


def test_a_uid_that_is_taken_is_overwritten_only_where_that_is_asked_for(dashboard: ResourceType) -> None:
    dashboard.create(board())
    with pytest.raises(ProviderError, match=r"status 412 .*changed by someone else"):
        dashboard.create(board())
    assert dashboard.create(board(overwrite=True))[1]["version"] == 2


def test_a_folder_that_is_not_there_is_refused(dashboard: ResourceType) -> None:
    with pytest.raises(ProviderError, match=r"status 400 .*folder not found"):
        dashboard.create(board(folder="nowhere"))


def test_a_preview_contacts_nothing() -> None:
    plugin = Grafana()
    plugin.configure({"url": UNKNOWN, "auth": UNKNOWN})
    made, outputs = plugin.resource_type(FOLDER).create(replace(asked(**OURS), preview=True))
    assert (made, outputs["uid"], outputs["url"]) == ("", "ours", UNKNOWN)
    made, outputs = plugin.resource_type(DASHBOARD).create(replace(board(), preview=True))
    assert (made, outputs["uid"], outputs["folder"]) == ("", UNKNOWN, "ours")


@pytest.mark.parametrize("body", [[], {}, {"dashboard": {"uid": "d"}}, {"dashboard": {"uid": "a/b", "title": "D"}}])
def test_what_makes_no_sense_is_refused(api: httpx.Client, body: Any) -> None:
    assert api.post("/dashboards/db", json=body).status_code == 400


def test_folders_are_refused_as_grafana_does(api: httpx.Client) -> None:
    assert api.post("/folders", json={"uid": "a", "title": " "}).status_code == 400
    assert api.post("/folders", json={"uid": "a", "title": "A"}).is_success
    assert api.post("/folders", json={"uid": "a", "title": "B"}).status_code == 409
    assert api.put("/folders/a", json={"title": "B", "version": 7}).status_code == 412
    assert api.put("/folders/b", json={"title": "B"}).status_code == 404
    assert api.patch("/folders/b").status_code == 501


def test_organisations_see_their_own_alone(server: Server, api: httpx.Client) -> None:
    made = api.post("/orgs", json={"name": "Other"}).json()["orgId"]
    theirs = {"X-Grafana-Org-Id": str(made)}
    assert api.post("/folders", json={"uid": "a", "title": "A"}, headers=theirs).json()["orgId"] == made
    assert api.get("/folders/a").status_code == 404
    assert api.delete(f"/orgs/{made}").is_success
    with pytest.raises(Exception, match="folder not found"):
        server.dashboards.folder(made, "a")


def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    store = Dashboards(tmp_path / "kept.jsonl")
    store.add_folder(1, {"uid": "f", "title": "F"})
    store.save(1, {"dashboard": {"uid": "d", "title": "D"}, "folderUid": "f"})
    store.save(1, {"dashboard": {"uid": "e", "title": "E"}})
    store.delete(1, "e")
    again = Dashboards(tmp_path / "kept.jsonl")
    assert again.folder(1, "f")["title"] == "F"
    assert again.dashboard(1, "d")["meta"]["folderUid"] == "f"
    assert [each["uid"] for each in again.search(1, ["f"])[1]] == ["d"]
    assert again.add_folder(1, {"title": "G"})[1]["id"] > 3


def test_every_dashboard_of_ours_comes_back_as_it_was_sent(dashboard: ResourceType) -> None:
    for uid, text in documents_of(load_stack("prod"), "mimir").items():
        sent = asked(f"1:{uid}", configJson=text, folder="ours")
        dashboard.create(sent)
        live = dashboard.read(replace(sent, inputs={"folder": "ours"}))
        assert live is not None
        assert live.inputs["configJson"] == text  # to the letter: no difference for ever
