"""The stand-in answers as Grafana's HTTP API does, for the calls that a datasource's life is made of."""

import base64
import json
import ssl
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sandbox.world.datasources import DataSources
from sandbox.world.grafana import Server

AUTH = ("admin", "pass:word")  # a colon in the password is allowed
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading the system's authorities takes longer than a test
TEMPO = {
    "name": "Tempo",
    "uid": "tempo",
    "type": "tempo",
    "url": "http://tempo:3200",
    "access": "proxy",
    "jsonData": {"tracesToMetrics": {"datasourceUid": "mimir"}},
    "secureJsonData": {"httpHeaderValue1": "hush"},
}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "datasources.json"


@pytest.fixture
def server(store: Path) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), DataSources(store), ":".join(AUTH))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def grafana(server: Server) -> Iterator[httpx.Client]:
    url = f"http://127.0.0.1:{server.server_address[1]}/api"
    with httpx.Client(base_url=url, auth=AUTH, trust_env=False, verify=NO_TLS) as client:
        yield client


def test_health_needs_no_login(grafana: httpx.Client) -> None:
    answer = grafana.get("health", auth=None)
    assert answer.status_code == 200
    assert answer.json()["database"] == "ok"


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        (None, "Unauthorized"),
        ("Basic " + base64.b64encode(b"admin:wrong").decode(), "Invalid username or password"),
        ("Basic %%%", "Invalid username or password"),
        ("Bearer token", "Invalid username or password"),
    ],
)
@pytest.mark.parametrize("path", ["org", "datasources", "datasources/uid/tempo", "nothing"])
def test_everything_else_needs_one(grafana: httpx.Client, authorization: str | None, message: str, path: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    answer = grafana.get(path, headers=headers, auth=None)
    assert answer.status_code == 401
    assert answer.json()["message"] == message
    assert answer.json()["statusCode"] == 401


def test_the_organisation(grafana: httpx.Client) -> None:
    assert grafana.get("org").json()["name"] == "Main Org."


def test_a_datasource_is_added_and_found(grafana: httpx.Client) -> None:
    added = grafana.post("datasources", json=TEMPO)
    assert added.status_code == 200
    assert added.json()["message"] == "Datasource added"
    assert added.json()["id"] == added.json()["datasource"]["id"] == 1
    by_uid = grafana.get("datasources/uid/tempo").json()
    assert by_uid == grafana.get("datasources/name/Tempo").json() == added.json()["datasource"]
    assert {key: by_uid[key] for key in ("name", "type", "url", "jsonData", "version", "orgId")} == {
        "name": "Tempo",
        "type": "tempo",
        "url": "http://tempo:3200",
        "jsonData": TEMPO["jsonData"],
        "version": 1,
        "orgId": 1,
    }
    listed = grafana.get("datasources").json()
    assert [item["uid"] for item in listed] == ["tempo"]


def test_secrets_are_never_given_back_or_kept(grafana: httpx.Client, store: Path) -> None:
    answers = [
        grafana.post("datasources", json=TEMPO),
        grafana.get("datasources"),
        grafana.get("datasources/uid/tempo"),
        grafana.put("datasources/uid/tempo", json=TEMPO),
    ]
    assert all(answer.status_code == 200 for answer in answers)
    assert not any("hush" in answer.text or "secureJsonData" in answer.text for answer in answers)
    assert "hush" not in store.read_text()
    assert grafana.get("datasources/uid/tempo").json()["secureJsonFields"] == {"httpHeaderValue1": True}


def test_secrets_that_are_not_given_stay_and_empty_ones_go(grafana: httpx.Client) -> None:
    grafana.post("datasources", json=TEMPO)
    rest = {key: TEMPO[key] for key in TEMPO if key != "secureJsonData"}
    grafana.put("datasources/uid/tempo", json={**rest, "secureJsonData": {"other": "x"}})
    both = {"httpHeaderValue1": True, "other": True}
    assert grafana.get("datasources/uid/tempo").json()["secureJsonFields"] == both
    grafana.put("datasources/uid/tempo", json={**rest, "secureJsonData": {"other": ""}})
    one = {"httpHeaderValue1": True}
    assert grafana.get("datasources/uid/tempo").json()["secureJsonFields"] == one


def test_an_update_replaces_fields_and_counts_versions(grafana: httpx.Client) -> None:
    grafana.post("datasources", json=TEMPO)
    changed = {"name": "Tempo (dev)", "type": "tempo", "url": "http://other"}
    answer = grafana.put("datasources/uid/tempo", json=changed)
    assert (answer.status_code, answer.json()["message"]) == (200, "Datasource updated")
    found = grafana.get("datasources/uid/tempo").json()
    assert (found["name"], found["url"], found["version"], found["id"]) == ("Tempo (dev)", "http://other", 2, 1)
    assert found["jsonData"] == {}
    stale = grafana.put("datasources/uid/tempo", json={**changed, "version": 1})
    assert stale.status_code == 409


@pytest.mark.parametrize(("key", "other"), [("name", "uid"), ("uid", "name")])
def test_names_and_uids_are_unique(grafana: httpx.Client, key: str, other: str) -> None:
    grafana.post("datasources", json=TEMPO)
    clash = grafana.post("datasources", json={**TEMPO, other: "different"})
    assert clash.status_code == 409
    assert clash.json()["message"] == f"data source with the same {key} already exists"
    grafana.post("datasources", json={**TEMPO, "name": "Second", "uid": "second"})
    moved = grafana.put("datasources/uid/second", json={**TEMPO, "name": "Third", "uid": "third", key: TEMPO[key]})
    assert moved.status_code == 409
    assert len(grafana.get("datasources").json()) == 2


def test_a_uid_is_made_up_when_none_is_given(grafana: httpx.Client) -> None:
    uid = grafana.post("datasources", json={"name": "A", "type": "tempo"}).json()["datasource"]["uid"]
    assert grafana.get(f"datasources/uid/{uid}").status_code == 200


def test_names_with_odd_characters_are_found(grafana: httpx.Client) -> None:
    grafana.post("datasources", json={**TEMPO, "name": "Tempo (dev)/ä"})
    assert grafana.get("datasources/name/Tempo%20%28dev%29%2F%C3%A4").json()["uid"] == "tempo"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        json.dumps({"name": "A"}),
        json.dumps({"name": "", "type": "tempo"}),
        json.dumps({"name": "A", "type": "tempo", "uid": "has blanks"}),
        json.dumps({"name": "A", "type": "tempo", "uid": "x" * 41}),
        json.dumps({"name": "A", "type": "tempo", "jsonData": "text"}),
        json.dumps({"name": "A", "type": "tempo", "version": "one"}),
    ],
)
def test_bad_requests_are_refused(grafana: httpx.Client, body: str) -> None:
    assert grafana.post("datasources", content=body).status_code == 400
    assert grafana.get("datasources").json() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_is_not_there_is_not_found(grafana: httpx.Client, method: str) -> None:
    answer = grafana.request(method, "datasources/uid/none", json=TEMPO)
    assert (answer.status_code, answer.json()["message"]) == (404, "Data source not found")


def test_what_it_does_not_stand_in_for_is_not_found(grafana: httpx.Client) -> None:
    assert grafana.get("dashboards").status_code == 404


def test_a_deleted_datasource_is_gone_and_its_id_is_not_used_again(grafana: httpx.Client) -> None:
    grafana.post("datasources", json=TEMPO)
    gone = grafana.delete("datasources/uid/tempo")
    assert (gone.status_code, gone.json()["message"]) == (200, "Data source deleted")
    assert grafana.get("datasources").json() == []
    assert grafana.post("datasources", json=TEMPO).json()["id"] == 2


def test_there_is_one_default(grafana: httpx.Client) -> None:
    grafana.post("datasources", json={**TEMPO, "isDefault": True})
    grafana.post("datasources", json={"name": "B", "uid": "b", "type": "prometheus", "isDefault": True})
    defaults = {item["uid"]: item["isDefault"] for item in grafana.get("datasources").json()}
    assert defaults == {"tempo": False, "b": True}


def test_it_remembers_over_a_restart(grafana: httpx.Client, store: Path) -> None:
    grafana.post("datasources", json=TEMPO)
    before = grafana.get("datasources/uid/tempo").json()
    assert DataSources(store).get("uid", "tempo") == before
    assert stat.S_IMODE(store.stat().st_mode) == 0o600


def test_many_at_once_lose_nothing(grafana: httpx.Client) -> None:
    def add(number: int) -> None:
        source = {"name": f"n{number}", "uid": f"u{number}", "type": "tempo"}
        assert grafana.post("datasources", json=source).status_code == 200

    threads = [threading.Thread(target=add, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = grafana.get("datasources").json()
    assert sorted(item["id"] for item in found) == list(range(1, 21))
