"""The datasources of stacks with and without tenants, as the engine is told of them."""

import json
from typing import Any

import pytest

from telemetry.gateway import access
from tests.engine.recorder import Registered, Run, changed, is_secret, run_of
from tests.engine.test_components import outside_of_secrets
from tests.support import Change, all_of, credentials, load_stack, put

DATASOURCE = "grafana:oss/dataSource:DataSource"
GATEWAY_KEY = credentials().gateway_key
TENANTS: list[dict[str, Any]] = [
    {"id": "team-a", "display_name": "Team A", "grafana_org": 7},
    {"id": "team-b", "display_name": "Team B", "access": {"accepts": "both"}},
    {"id": "team-c", "display_name": "Team C", "access": {"token_secret": "theirs"}},
]
TENANTS_ONLY: Change = put("tenants", TENANTS)
GATEWAY: Change = all_of(TENANTS_ONLY, put("gateway", {"federation": {"grafana_org": 9}}))
THEIRS = {"accepts": "both", "certificate_subject": "CN=b"}
THEIR_OWN_AUTHORITY: Change = all_of(
    put("gateway.client_ca_secret", "theirs"),
    put("tenants", [TENANTS[0], {**TENANTS[1], "access": THEIRS}, TENANTS[2]]),
)
each_preview = pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])


def by_name(run: Run) -> dict[str, Registered]:
    return {each.name: each for each in run.of(DATASOURCE)}


def outputs(run: Run) -> dict[str, Any]:
    (component,) = run.of("telemetry:grafana:Datasources")
    return run.component_outputs[component.urn]


def pair(ending: str, title: str) -> dict[str, dict[str, str]]:
    return {
        signal: {"name": f"{backend.capitalize()} {title}", "uid": f"{backend}-dev{ending}"}
        for signal, backend in (("metrics", "mimir"), ("traces", "tempo"))
    }


@each_preview
def test_without_tenants_there_is_what_there_was(preview: bool) -> None:
    run = run_of("dev", preview=preview)
    common = {"type", "name", "uid", "url", "accessMode", "jsonDataEncoded"}
    assert by_name(run).keys() == {"mimir-dev", "tempo-dev"}
    assert all(each.plain.keys() == common for each in run.of(DATASOURCE))
    assert outputs(run) == {"declared": pair("", "(dev)"), "tenants": {}, "unseen": []}


@each_preview
def test_without_a_gateway_every_tenant_has_its_own(preview: bool) -> None:
    run = changed(TENANTS_ONLY, preview=preview)
    endings = ("-team-a", "-team-b", "-team-c", "_all")
    assert by_name(run).keys() == {f"{backend}-dev{ending}" for ending in endings for backend in ("mimir", "tempo")}
    assert outputs(run)["declared"] == pair("_all", "(dev)")
    assert outputs(run)["unseen"] == []
    assert not any("secureJsonDataEncoded" in each.inputs for each in run.of(DATASOURCE))


@each_preview
def test_behind_the_gateway_those_have_whose_credential_we_know(
    preview: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    run = changed(GATEWAY, THEIR_OWN_AUTHORITY, preview=preview)
    assert outputs(run) == {
        "declared": pair("_all", "(dev)"),
        "tenants": {f"team-{each}": pair(f"-team-{each}", f"(dev, Team {each.upper()})") for each in "ac"},
        "unseen": ["team-b"],
    }
    told = [record.message for record in caplog.records if "no datasources" in record.message]
    assert told == [
        "no datasources for team-b: the gateway knows them by a token or a certificate that the program does not know"
    ]


def test_each_is_in_its_organisation() -> None:
    found = by_name(changed(GATEWAY))
    orgs = {name: each.plain.get("orgId") for name, each in found.items() if name.startswith("mimir")}
    assert orgs == {"mimir-dev-team-a": "7", "mimir-dev-team-b": None, "mimir-dev-team-c": None, "mimir-dev_all": "9"}


@each_preview
def test_headers_and_keys_are_secret(preview: bool) -> None:
    run = changed(GATEWAY, preview=preview)
    for each in run.of(DATASOURCE):
        assert is_secret(each.inputs["httpHeaders"])
        assert is_secret(each.inputs["secureJsonDataEncoded"])
        shown = "".join(outside_of_secrets(each.inputs))
        assert not [text for text in ("tlm_", "PRIVATE KEY", "Bearer", GATEWAY_KEY) if text in shown]
    assert "tlm_" not in json.dumps(outputs(run)) + json.dumps(run.exports)


def test_a_tenants_datasource_has_what_the_gateway_asks_for() -> None:
    found = by_name(changed(GATEWAY))
    a, b, shared = (found[f"mimir-dev{ending}"].plain for ending in ("-team-a", "-team-b", "_all"))
    assert a["httpHeaders"].keys() == b["httpHeaders"].keys() == {"X-Scope-OrgID", "Authorization"}
    assert shared["httpHeaders"].keys() == {"Authorization"}
    tokens = {each["httpHeaders"]["Authorization"] for each in (a, b, shared)}
    assert len(tokens) == 3
    assert json.loads(a["secureJsonDataEncoded"]).keys() == {"tlsCACert"}
    assert json.loads(b["secureJsonDataEncoded"]).keys() == {"tlsCACert", "tlsClientCert", "tlsClientKey"}
    assert all(each["url"].startswith("https://gateway.") for each in (a, b, shared))


@each_preview
def test_a_tenants_two_are_made_one_after_the_other_and_wait_for_nobody_elses(preview: bool) -> None:
    run = changed(TENANTS_ONLY, preview=preview)
    before = {
        each.name: [urn.rpartition("::")[2] for urn in each.dependencies if "DataSource::" in urn]
        for each in run.of(DATASOURCE)
    }
    assert before == {name: [name.replace("tempo", "mimir")] if name.startswith("tempo") else [] for name in before}


def test_a_tenant_more_changes_nothing_of_the_others() -> None:
    more = [*TENANTS, {"id": "team-d", "display_name": "Team D"}]
    before, after = by_name(changed(GATEWAY)), by_name(changed(all_of(GATEWAY, put("tenants", more))))
    assert after.keys() - before.keys() == {"mimir-dev-team-d", "tempo-dev-team-d"}
    assert {name: after[name].inputs for name in before} == {name: before[name].inputs for name in before}


def test_grafana_has_no_credential_of_a_tenants_own() -> None:
    """They write, and whoever may edit a datasource's requests could do so in the tenant's name."""
    own = access.of_tenants(load_stack("dev", GATEWAY), GATEWAY_KEY)
    given = {text for each in own.values() for text in (each.token, each.pair.key if each.pair else None) if text}
    assert len(given) == 3  # a token of a, and of b a token and a certificate
    for each in changed(GATEWAY).of(DATASOURCE):
        sent = json.dumps([each.plain["httpHeaders"], json.loads(each.plain["secureJsonDataEncoded"])])
        assert not [text for text in given if text in sent or json.dumps(text)[1:-1] in sent]
