"""The stand-in's grafana:oss/dataSource:DataSource, compared with what the Terraform provider's source says."""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.plugins.base import CheckError, ProviderError, Request, ResourceType
from sandbox.plugins.grafana import Grafana
from sandbox.plugins.values import UNKNOWN, Secret
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from tests.sandbox.engine import Stack, dead_port, engine_environment, provider, resource

pytestmark = pytest.mark.sandbox

TYPE = "grafana:oss/dataSource:DataSource"
UID = "plugins-grafana"
HEADERS = {"X-Scope-OrgID": "one"}


@pytest.fixture
def grafana(world: Connections) -> Iterator[httpx.Client]:
    """Grafana's API, without the datasource of these tests before and after each."""
    user, _, password = world.grafana_auth.get_secret_value().partition(":")
    with httpx.Client(base_url=world.grafana_url, auth=(user, password)) as client:
        client.delete(f"/api/datasources/uid/{UID}")
        yield client
        client.delete(f"/api/datasources/uid/{UID}")


def source(world: Connections, **changed: Any) -> ResourceType:
    plugin = Grafana()
    plugin.configure({"url": world.grafana_url, "auth": world.grafana_auth.get_secret_value(), **changed})
    return plugin.resource_type(TYPE)


def request(**inputs: Any) -> Request:
    given = {
        "accessMode": "proxy",
        "basicAuthEnabled": False,
        "isDefault": False,
        "name": "Plugins",
        "type": "tempo",
        "uid": UID,
        "url": "http://tempo:3200",
        "jsonDataEncoded": '{"a": 1, "b": {"c": 2}}',
        **inputs,
    }
    return Request(urn="urn", type=TYPE, name="d", id=f"1:{UID}", inputs=given)


def test_a_datasource_through_its_life(
    world: Connections, grafana: httpx.Client, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environment = engine_environment(toolchain, tmp_path_factory.mktemp("home"))
    stack = Stack(tmp_path_factory.mktemp("grafana") / "project", environment)
    server = provider("grafana", url=world.grafana_url, auth={"$secret": world.grafana_auth.get_secret_value()})

    inputs = {
        "name": "Plugins",
        "type": "tempo",
        "uid": UID,
        "url": "http://tempo:3200",
        "jsonDataEncoded": '{"a": 1, "b": 2}',
        "httpHeaders": {"$secret": HEADERS},
    }
    data = resource(TYPE, "d", inputs)

    stack.must_up(server, data)
    made = stack.state()["d"]
    assert made["id"] == f"1:{UID}"
    assert (made["outputs"]["uid"], made["outputs"]["orgId"], made["outputs"]["accessMode"]) == (UID, "1", "proxy")
    assert "ciphertext" in made["outputs"]["httpHeaders"]
    assert "X-Scope-OrgID" not in json.dumps(made)

    live = grafana.get(f"/api/datasources/uid/{UID}").json()
    grafana.put(f"/api/datasources/uid/{UID}", json={**live, "url": "http://drifted", "jsonData": {"a": 9}})
    drifted = stack.preview(server, data, options=("--refresh",))
    assert set(drifted.paths("d")) == {"url", "jsonDataEncoded"}
    assert stack.up(options=("--refresh",)).code == 0
    assert grafana.get(f"/api/datasources/uid/{UID}").json()["url"] == "http://tempo:3200"
    assert stack.run("destroy", "--yes", "--skip-preview").code == 0
    assert grafana.get(f"/api/datasources/uid/{UID}").status_code == httpx.codes.NOT_FOUND


def test_another_uid_for_the_same_name_takes_the_place_of_the_one_before(
    world: Connections, grafana: httpx.Client, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """As the environment's datasource when a stack gets its first tenants: Grafana takes one of a name at a time."""
    stack = Stack(
        tmp_path_factory.mktemp("alias") / "project", engine_environment(toolchain, tmp_path_factory.mktemp("home"))
    )
    server = provider("grafana", url=world.grafana_url, auth={"$secret": world.grafana_auth.get_secret_value()})
    inputs = {"name": "Plugins", "type": "tempo", "url": "http://tempo:3200"}
    stack.must_up(server, resource(TYPE, "before", {**inputs, "uid": f"{UID}-before"}))
    options = {"delete_before_replace": True, "aliases": [f"urn:pulumi:test::plugins::{TYPE}::before"]}
    stack.must_up(server, resource(TYPE, "after", {**inputs, "uid": UID}, options=options))
    assert stack.state().keys() == {"grafana", "after"}
    assert grafana.get("/api/datasources/name/Plugins").json()["uid"] == UID
    stack.must("destroy", "--yes", "--skip-preview")


def test_headers_become_a_pair_of_keys_and_are_never_read_back(world: Connections, grafana: httpx.Client) -> None:
    asked = request(httpHeaders=Secret(HEADERS), secureJsonDataEncoded=Secret('{"token": "t"}'))
    source(world).create(asked)
    stored = grafana.get(f"/api/datasources/uid/{UID}").json()
    assert stored["jsonData"]["httpHeaderName1"] == "X-Scope-OrgID"
    assert set(stored["secureJsonFields"]) == {"httpHeaderValue1", "token"}
    live = source(world).read(asked)
    assert live is not None
    assert live.inputs == asked.inputs
    imported = source(world).read(dataclasses.replace(asked, inputs={}))
    assert imported is not None
    assert "httpHeaders" not in imported.inputs
    assert imported.inputs["uid"] == UID
    assert json.loads(imported.inputs["jsonDataEncoded"]) == {"a": 1, "b": {"c": 2}}


@pytest.mark.usefixtures("grafana")
def test_missing_is_deleted_and_may_be_deleted_again(world: Connections) -> None:
    assert source(world).read(request()) is None
    source(world).delete(request())


def test_server_draws_the_uid_that_is_not_given(world: Connections, grafana: httpx.Client) -> None:
    made_id, outputs = source(world).create(request(uid=None))
    assert made_id == f"1:{outputs['uid']}"
    assert outputs["uid"]
    assert grafana.delete(f"/api/datasources/uid/{outputs['uid']}").is_success


def test_preview_of_a_create_contacts_nothing() -> None:
    plugin = Grafana()
    plugin.configure({"url": UNKNOWN, "auth": UNKNOWN})
    made_id, outputs = plugin.resource_type(TYPE).create(dataclasses.replace(request(), preview=True))
    assert (made_id, outputs["uid"], outputs["orgId"]) == ("", UID, UNKNOWN)


def test_json_is_compared_by_what_it_means(world: Connections) -> None:
    old = request(jsonDataEncoded='{"a": 1, "b": 2}', secureJsonDataEncoded=Secret('{"c": 3}')).inputs
    asked = request(jsonDataEncoded='{"b":2,"a":1}', secureJsonDataEncoded=Secret('{ "c": 3 }'))
    same = dataclasses.replace(asked, old_inputs=old)
    assert not source(world).diff(dataclasses.replace(same, inputs=source(world).check(same))).changes
    other = dataclasses.replace(request(jsonDataEncoded='{"a": 2}', url="http://x"), old_inputs=request().inputs)
    changed = source(world).diff(dataclasses.replace(other, inputs=source(world).check(other)))
    assert set(changed.changes) == {"jsonDataEncoded", "url"}
    assert not changed.replaces


@pytest.mark.parametrize("key", ["uid", "type", "orgId"])
def test_uid_type_and_organisation_replace(world: Connections, key: str) -> None:
    asked = dataclasses.replace(request(**{key: "other"}), old_inputs=request().inputs)
    assert source(world).diff(asked).replaces == {key}


@pytest.fixture
def org(grafana: httpx.Client) -> Iterator[str]:
    """An organisation of its own."""
    number = str(grafana.post("/api/orgs", json={"name": "Plugins"}).json()["orgId"])
    yield number
    grafana.delete(f"/api/orgs/{number}")


def test_a_datasource_lives_in_the_organisation_that_it_names(
    world: Connections, grafana: httpx.Client, org: str
) -> None:
    here, there = {"X-Grafana-Org-Id": "1"}, {"X-Grafana-Org-Id": org}
    plugin, asked = source(world), request(orgId=org)
    made_id, outputs = plugin.create(asked)
    assert (made_id, outputs["orgId"]) == (f"{org}:{UID}", org)
    assert grafana.get(f"/api/datasources/uid/{UID}", headers=here).status_code == httpx.codes.NOT_FOUND

    own = dataclasses.replace(asked, id=made_id, state=outputs)
    plugin.update(dataclasses.replace(own, inputs={**asked.inputs, "url": "http://other"}))
    assert grafana.get(f"/api/datasources/uid/{UID}", headers=there).json()["url"] == "http://other"
    live = plugin.read(own)
    assert live is not None
    assert (live.id, live.inputs["orgId"], live.inputs["url"]) == (made_id, org, "http://other")

    source(world).create(request())  # the same uid and name in the login's own organisation
    plugin.delete(own)
    assert plugin.read(own) is None
    assert grafana.get(f"/api/datasources/uid/{UID}", headers=here).status_code == httpx.codes.OK


def test_an_organisation_that_does_not_let_us_in_is_an_error(world: Connections) -> None:
    with pytest.raises(ProviderError, match=r"status 403 Forbidden: .*Permissions needed: datasources:create"):
        source(world).create(request(orgId="999"))


@pytest.mark.parametrize(
    ("wanted", "replaces"), [(None, set()), ("", set()), ("1", set()), ("2", {"orgId"})], ids=lambda value: repr(value)
)
def test_an_organisation_is_compared_with_where_it_is(world: Connections, wanted: str, replaces: set[str]) -> None:
    """Not to name one any more moves nothing, as in the real provider."""
    before = request()
    asked = dataclasses.replace(request(orgId=wanted), old_inputs=before.inputs, state={**before.inputs, "orgId": "1"})
    found = source(world).diff(asked)
    assert (set(found.changes), set(found.replaces)) == (replaces, replaces)


@pytest.mark.parametrize(
    ("key", "text", "reason"),
    [
        ("jsonDataEncoded", '{"httpHeaderName1": "X"}', "reserved"),
        ("secureJsonDataEncoded", '{"httpHeaderValue1": "x"}', "reserved"),
        ("jsonDataEncoded", "{", "not valid JSON"),
        ("jsonDataEncoded", "[]", "must be a JSON object"),
        ("name", None, "missing required argument"),
    ],
)
def test_bad_arguments_are_named(world: Connections, key: str, text: str | None, reason: str) -> None:
    with pytest.raises(CheckError, match=reason) as failure:
        source(world).check(request(**{key: text}))
    assert failure.value.path == key


@pytest.mark.usefixtures("grafana")
def test_second_one_of_a_name_or_uid_is_refused(world: Connections) -> None:
    source(world).create(request())
    with pytest.raises(ProviderError, match=r"POST .*/api/datasources: status 409 Conflict: .*already exists"):
        source(world).create(request())


def test_wrong_auth_is_one_line_without_the_auth(world: Connections) -> None:
    with pytest.raises(ProviderError, match="status 401 Unauthorized: Invalid username or password") as failure:
        source(world, auth="admin:not-it").create(request())
    assert "not-it" not in str(failure.value)
    assert "\n" not in str(failure.value)


def test_unreachable_grafana_is_named(world: Connections) -> None:
    url = f"http://127.0.0.1:{dead_port()}"
    with pytest.raises(ProviderError, match=f"GET {url}/api/datasources/uid/{UID}: Grafana is not reachable"):
        source(world, url=url).read(request())
