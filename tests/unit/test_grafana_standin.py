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
from sandbox.world.organisations import Login, Organisations

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
    return tmp_path / "datasources.jsonl"


@pytest.fixture
def server(store: Path) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), store.parent, ":".join(AUTH))
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
        ("Bearer token", "Invalid API key"),
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
    assert DataSources(store).get(1, "uid", "tempo") == before
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


def test_what_a_killed_one_was_writing_does_not_count(grafana: httpx.Client, store: Path) -> None:
    for name in ("a", "b"):
        grafana.post("datasources", json={**TEMPO, "name": name, "uid": name})
    grafana.delete("datasources/uid/a")
    store.write_text(store.read_text() + '{"id": 2, "or')
    found = DataSources(store)
    assert [item["uid"] for item in found.list(1)] == ["b"]
    found.add(1, TEMPO)
    assert [item["uid"] for item in DataSources(store).list(1)] == ["b", "tempo"]


def test_ids_are_not_used_again_after_a_restart(grafana: httpx.Client, store: Path) -> None:
    grafana.post("datasources", json=TEMPO)
    grafana.delete("datasources/uid/tempo")
    assert DataSources(store).add(1, TEMPO)[1]["id"] == 2


# Organisations


def made(grafana: httpx.Client, name: str) -> dict[str, str]:
    """Make an organisation and return the header that names it."""
    return {"X-Grafana-Org-Id": str(grafana.post("orgs", json={"name": name}).json()["orgId"])}


def token(grafana: httpx.Client, role: str, headers: dict[str, str]) -> dict[str, str]:
    """Make a service account and return the header with its token."""
    account = grafana.post("serviceaccounts", json={"name": "sa", "role": role}, headers=headers)
    assert account.status_code == 201
    key = grafana.post(f"serviceaccounts/{account.json()['id']}/tokens", json={"name": "t"}, headers=headers).json()
    return {"Authorization": f"Bearer {key['key']}"}


def test_who_makes_an_organisation_is_in_it(grafana: httpx.Client) -> None:
    answer = grafana.post("orgs", json={"name": "Team A"})
    assert (answer.status_code, answer.json()) == (200, {"message": "Organization created", "orgId": 2})
    assert grafana.get("orgs/2").json()["name"] == "Team A"
    assert grafana.get("org", headers={"X-Grafana-Org-Id": "2"}).json()["id"] == 2
    taken = grafana.post("orgs", json={"name": "Team A"})
    assert (taken.status_code, taken.json()["message"]) == (409, "Organization name taken")
    assert grafana.post("orgs", json={}).status_code == 400
    missing = grafana.get("orgs/3")
    assert (missing.status_code, missing.json()["message"]) == (404, "Organization not found")


def test_names_and_uids_are_unique_in_an_organisation_only(grafana: httpx.Client) -> None:
    other = made(grafana, "Team A")
    here, there = grafana.post("datasources", json=TEMPO), grafana.post("datasources", json=TEMPO, headers=other)
    assert [answer.json()["datasource"]["orgId"] for answer in (here, there)] == [1, 2]
    assert grafana.post("datasources", json=TEMPO, headers=other).status_code == 409
    grafana.put("datasources/uid/tempo", json={**TEMPO, "url": "http://there"}, headers=other)
    assert grafana.get("datasources/uid/tempo").json()["url"] == TEMPO["url"]
    assert grafana.delete("datasources/uid/tempo").status_code == 200
    assert grafana.get("datasources").json() == []
    assert grafana.get("datasources/name/Tempo", headers=other).json()["url"] == "http://there"


def test_there_is_one_default_in_each(grafana: httpx.Client) -> None:
    other = made(grafana, "Team A")
    for headers in ({}, other):
        grafana.post("datasources", json={**TEMPO, "isDefault": True}, headers=headers)
    assert grafana.get("datasources/uid/tempo").json()["isDefault"]


@pytest.mark.parametrize("org", ["2", "7"], ids=["not a member", "not there"])
def test_without_membership_there_are_no_permissions(server: Server, grafana: httpx.Client, org: str) -> None:
    server.organisations.add({"name": "Theirs"}, member=False)
    for method, path, permission in [
        ("GET", "datasources", "datasources:read"),
        ("POST", "datasources", "datasources:create"),
        ("PUT", "datasources/uid/tempo", "datasources:write"),
        ("DELETE", "datasources/uid/tempo", "datasources:delete"),
        ("GET", "org", "orgs:read"),
    ]:
        answer = grafana.request(method, path, json=TEMPO, headers={"X-Grafana-Org-Id": org})
        assert answer.status_code == 403
        assert answer.json()["message"].endswith(f"Permissions needed: {permission}")
    assert grafana.get("orgs/2").status_code == 200  # a server admin may look at it all the same


def test_a_header_that_is_no_number_is_not_looked_at(grafana: httpx.Client) -> None:
    assert grafana.get("org", headers={"X-Grafana-Org-Id": "two"}).json()["id"] == 1


def test_a_token_is_of_one_organisation(grafana: httpx.Client) -> None:
    other = made(grafana, "Team A")
    own = token(grafana, "Admin", other)
    assert grafana.get("org", auth=None, headers=own).json()["id"] == 2
    assert grafana.request("POST", "datasources", auth=None, headers={**own, **other}, json=TEMPO).status_code == 200
    elsewhere = grafana.get("datasources", auth=None, headers={**own, "X-Grafana-Org-Id": "1"})
    assert elsewhere.status_code == 401
    assert elsewhere.json()["messageId"] == "api-key.organization-mismatch"
    assert grafana.get("orgs/2", auth=None, headers=own).status_code == 403


def test_a_viewers_token_may_not_manage_datasources(grafana: httpx.Client) -> None:
    assert grafana.get("datasources", auth=None, headers=token(grafana, "Viewer", {})).status_code == 403


def test_a_deleted_organisation_takes_its_datasources_with_it(grafana: httpx.Client, store: Path) -> None:
    other = made(grafana, "Team A")
    grafana.post("datasources", json=TEMPO, headers=other)
    assert grafana.delete("orgs/2").status_code == 200
    assert grafana.get("datasources", headers=other).status_code == 403
    assert DataSources(store).list(2) == []
    assert grafana.delete("orgs/2").status_code == 404


def test_organisations_and_tokens_outlive_a_restart(grafana: httpx.Client, store: Path) -> None:
    other = made(grafana, "Team A")
    key = token(grafana, "Admin", other)["Authorization"]
    path = store.with_name("organisations.jsonl")
    again = Organisations(path, ":".join(AUTH))
    assert again.login(key, "") == Login(2, admin=True)
    assert key.removeprefix("Bearer ") not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert again.add({"name": "Team B"})[1]["orgId"] > 2
