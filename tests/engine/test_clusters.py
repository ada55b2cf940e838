"""Datasources for the data of other clusters, made of what their stacks export."""

from typing import Any

import pulumi
import pytest

from tests.engine.recorder import Run, changed, is_secret
from tests.support import WITH_LOGS, Change, put

NAMED = "acme/telemetry-east/prod"
DATASOURCE = "grafana:oss/dataSource:DataSource"
TOKEN = "et0-fake-of-the-other-gateway"
EAST: dict[str, Any] = {
    "schema_version": 4,
    "certificate_authority": "PEM",
    "endpoints": {
        "traces": {"query": "https://telemetry.east.example.org/tempo"},
        "metrics": {"query": "https://telemetry.east.example.org/prometheus"},
        "logs": None,
    },
}


def ran(outputs: dict[str, Any], *more: Change, preview: bool = False, **settings: Any) -> Run:
    changes = (put("clusters", {"east": {"stack": NAMED, **settings}}), *more)
    return changed(*changes, preview=preview, stacks={NAMED: outputs})


def of_east(run: Run) -> dict[str, Any]:
    return {each.name: each for each in run.of(DATASOURCE) if each.name.endswith("_east")}


@pytest.mark.parametrize("preview", [True, False])
def test_each_signal_has_a_datasource_at_the_other_gateway_with_its_token(preview: bool) -> None:
    made = of_east(ran(EAST, put("credentials.clusters", {"east": TOKEN}), preview=preview))
    assert made.keys() == {"mimir-dev_east", "tempo-dev_east"}
    tempo = made["tempo-dev_east"].plain
    assert (tempo["name"], tempo["type"], tempo["url"]) == (
        "Tempo (east)",
        "tempo",
        "https://telemetry.east.example.org/tempo",
    )
    assert '"datasourceUid": "mimir-dev_east"' in tempo["jsonDataEncoded"], "its own, not this stack's metrics"
    for each in made.values():
        assert is_secret(each.inputs["httpHeaders"])
        assert is_secret(each.inputs["secureJsonDataEncoded"])
        assert each.plain["httpHeaders"] == {"Authorization": f"Bearer {TOKEN}"}
        assert each.plain["secureJsonDataEncoded"] == '{"tlsCACert": "PEM"}'


def test_a_stack_without_a_gateway_is_told_whose_data_is_asked_for() -> None:
    made = of_east(ran({**EAST, "certificate_authority": ""}, tenant="shop", signals=["metrics"], grafana_org=2))
    (mimir,) = made.values()
    assert mimir.plain["httpHeaders"] == {"X-Scope-OrgID": "shop"}
    assert mimir.plain["orgId"] == "2"
    assert "tls" not in mimir.plain["jsonDataEncoded"]


def test_this_stacks_own_datasources_are_as_they_were() -> None:
    own = {each.name for each in ran(EAST).of(DATASOURCE)} - {"mimir-dev_east", "tempo-dev_east"}
    assert own == {"mimir-dev", "tempo-dev"}


@pytest.mark.parametrize(
    ("outputs", "settings", "told"),
    [
        ({}, {}, f"telemetry:clusters.east.stack: {NAMED} has no outputs; deploy it first, or remove it here"),
        ({**EAST, "schema_version": 3.0}, {}, "has outputs of version 3, and this program reads version 4"),
        ({"collector": "x"}, {}, "has no schema_version, and this program reads version 4"),
        (EAST, {"signals": ["logs"]}, f"telemetry:clusters.east.signals: {NAMED} stores no logs; leave that out"),
    ],
)
def test_what_cannot_be_read_ends_a_preview_with_one_message(
    outputs: dict[str, Any], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(pulumi.RunError, match=told.replace("(", r"\(")):
        ran(outputs, WITH_LOGS, preview=True, **settings)
