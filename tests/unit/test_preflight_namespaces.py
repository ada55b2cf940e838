"""Before the first change the cluster is asked for the namespaces of others in which objects are to be made."""

from pathlib import Path
from typing import Any

import pytest

from telemetry.operations.preflight import namespaces
from tests.doubles import by_path, refused
from tests.preflight import findings_at
from tests.support import Change, all_of, put
from tests.unit.bad_tenants import tenant

MONITORS = put("monitoring.scrape", "operator")
LOKI = put("existing", {"logs": {"namespace": "logging", "pods": {"app": "loki"}, "port": 3100}})
BOUNDED: Change = put("tenants", [
    tenant(namespaces=[{"name": "shop", "quota": {"cpu": "4", "memory": "8Gi", "storage": "20Gi"}}]),
])  # fmt: skip
SHOP: dict[str, Any] = {"/api/v1/namespaces/shop": {}}


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def ask(answers: dict[str, Any], *changes: Change, allowed: bool = True) -> list[str]:
        with by_path(answers, lambda *_: allowed) as server:
            return at(tmp_path, server, *changes)

    return ask


def at(folder: Path, server: str, *changes: Change) -> list[str]:
    return findings_at(server, folder, namespaces.check, "dev", *changes)


def test_a_namespace_of_others_is_to_be_there(ask: Any) -> None:
    (line,) = ask({}, MONITORS, LOKI)
    assert line == "telemetry:existing.logs.namespace: 'logging' does not exist on the cluster; correct it"
    assert ask({"/api/v1/namespaces/logging": {}}, MONITORS, LOKI) == []


def test_a_namespace_that_the_up_makes_may_be_that_of_others_too(ask: Any) -> None:
    ours = put("existing", {"logs": {"namespace": "ca7f8f-dev", "pods": {"app": "loki"}, "port": 3100}})
    assert ask({}, MONITORS, ours, put("namespace.create", True)) == []
    (line,) = ask({}, MONITORS, ours)
    assert line == "telemetry:existing.logs.namespace: 'ca7f8f-dev' does not exist on the cluster; correct it"


def test_a_tenants_namespace_is_there_and_we_may_set_its_quota(ask: Any) -> None:
    (line,) = ask({}, BOUNDED)
    assert line == "telemetry:tenants.0.namespaces.0.name: 'shop' does not exist on the cluster; correct it"
    assert ask(SHOP, BOUNDED) == []
    (line,) = ask(SHOP, BOUNDED, allowed=False)
    assert line.startswith("telemetry:tenants.0.namespaces.0.name: you may not create resourcequotas in shop; have")


def test_nobody_is_asked_for_what_nobody_needs_or_may_look_at(ask: Any, tmp_path: Path) -> None:
    assert ask({}, LOKI) == []
    assert ask({"/api/v1/namespaces/logging": 403}, MONITORS, LOKI) == []
    assert at(tmp_path, refused(), all_of(MONITORS, LOKI), BOUNDED) == []
