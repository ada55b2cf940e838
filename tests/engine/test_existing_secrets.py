"""A stack whose secrets all exist already: the engine, and so the state, is told none of them."""

import json
import os
from typing import Any
from unittest.mock import patch

import pulumi
import pytest

from components import external_secrets
from tests.engine.recorder import Run, is_secret, run_program
from tests.support import put
from tests.unit.test_existing_secrets import VARIABLES, nothing_secret

SECRET, EXTERNAL = "kubernetes:core/v1:Secret", "kubernetes:external-secrets.io/v1:ExternalSecret"
MAPS = "gateway-tenants"
"""The gateway's Secret with who may do how much; it is one because it may hold tokens."""
BROUGHT = put("external_secrets", {
    "store": {"name": "vault"},
    "secrets": {"ours": {"data": {"AWS_ACCESS_KEY_ID": {"key": "s3"}, "AWS_SECRET_ACCESS_KEY": {"key": "s3"}}}},
})  # fmt: skip


def is_marked(value: Any) -> bool:
    """Whether anything of a recorded input is marked as secret."""
    if is_secret(value):
        return True
    return any(map(is_marked, value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()))


@pytest.fixture(scope="module", params=[True, False], ids=["preview", "up"])
def run(request: pytest.FixtureRequest) -> Run:
    settings = nothing_secret("prod")
    BROUGHT(settings)
    with patch.dict(os.environ, VARIABLES):
        found = run_program(settings, "prod", preview=request.param, encrypted=False)
        assert os.environ.items() >= VARIABLES.items(), "what runs beside the program still has them"
    return found


def test_nothing_secret_is_registered_or_exported(run: Run) -> None:
    assert {each.name for each in run.resources if is_marked(each.inputs)} == {MAPS}
    assert run.secret_exports == []
    told = json.dumps([each.inputs for each in run.resources]) + json.dumps(run.exports, default=str)
    assert [name for name, text in VARIABLES.items() if text in told] == []


def test_the_gateways_maps_are_without_a_credential(run: Run) -> None:
    (each,) = run.of(SECRET)
    text = each.plain["stringData"]["tenants.conf"]
    assert each.name == MAPS
    assert "payments" in text
    assert "tlm_" not in text


@pytest.mark.parametrize(("error", "is_told"), [("timed out waiting for the condition", True), ("forbidden", False)])
def test_of_a_secret_that_does_not_come_it_is_told_who_knows_why(
    error: str, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", told.append)
    failed = pulumi.ErrorHookArgs("urn", "id", "ours", EXTERNAL, failed_operation="create", errors=[error])
    assert external_secrets._say_what_to_look_at(failed, namespace="n") is False, "it is not tried again"
    assert [line for line in told if "kubectl describe externalsecret ours -n n" in line] == told
    assert bool(told) is is_told


def test_external_secrets_come_before_the_pods_that_mount_what_is_made_of_them(run: Run) -> None:
    (brought,) = run.of(EXTERNAL)
    assert brought.plain["spec"]["target"]["name"] == "ours"
    assert brought.plain["metadata"]["annotations"] == {
        "pulumi.com/waitFor": "condition=Ready",
        "pulumi.com/timeoutSeconds": "120",
    }
    waiting = ("kubernetes:helm.sh/v3:Release", "mimir"), ("kubernetes:apps/v1:Deployment", "gateway")
    for type_, name in waiting:
        assert brought.urn in _waited_for(run, run.one(type_, name).urn)


def test_whom_the_gateway_knows_by_none_of_our_credentials_has_no_datasource(run: Run) -> None:
    assert run.of("grafana:oss/dataSource:DataSource") == []
    assert [each["datasources"] for each in run.exports["tenants"]] == [None, None]


def _waited_for(run: Run, urn: str) -> set[str]:
    """Return all that a resource waits for, by itself or with the component that it is part of."""
    found: set[str] = set()
    upward: str | None = urn
    while upward and (each := run.at(upward)) is not None:
        found |= set(each.dependencies)
        upward = each.parent
    return found
