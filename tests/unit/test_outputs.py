"""What other stacks are told of this one's state and size."""

import json

import pytest

from components.outputs import SCHEMA_VERSION, status
from telemetry.backends.mimir.roles import MIMIR_ROLES
from telemetry.backends.tempo.roles import TEMPO_ROLES
from telemetry.capacity.summary import Fits, ResourceSummary, Summary, summary
from tests.support import ENVIRONMENTS, REPO, WITH_LOGS, Change, all_of, drop, load_stack, put

DEPLOYED = {"mimir": "deployed", "tempo": "deployed"}
NO_GENERATOR = put("traces.enabled_roles", ["distributor", "ingester", "querier", "query-frontend", "compactor"])
NO_EXPORTER = put(
    "metrics.enabled_roles",
    ["read", "write", "query-scheduler", "store-gateway", "compactor", "ruler", "alertmanager"],
)
GENERATOR_IS_OFF = "traces: the optional role metrics-generator is off; the service map stays empty"
EXPORTER_IS_OFF = "metrics: the optional role overrides-exporter is off; limits per tenant cannot be watched"


def test_all_is_well() -> None:
    assert status(load_stack(), DEPLOYED) == {"state": "active", "reasons": []}


@pytest.mark.parametrize("state", ["failed", "pending-install", "pending-upgrade", "uninstalling", "None"])
def test_a_release_that_is_not_deployed_is_named(state: str) -> None:
    told = status(load_stack(), {**DEPLOYED, "tempo": state})
    assert told == {"state": "degraded", "reasons": [f"release tempo is {state}"]}


@pytest.mark.parametrize(
    ("environment", "change", "reason"),
    [
        ("dev", NO_GENERATOR, GENERATOR_IS_OFF),
        ("prod", all_of(NO_GENERATOR, drop("traces.roles.metrics-generator")), GENERATOR_IS_OFF),
        ("dev", NO_EXPORTER, EXPORTER_IS_OFF),
        ("prod", all_of(NO_EXPORTER, drop("metrics.roles.overrides-exporter")), EXPORTER_IS_OFF),
    ],
    ids=["one binary", "distributed", "dev's exporter", "prod's exporter"],
)
def test_an_optional_role_that_is_off_is_named_with_what_is_lost(environment: str, change: Change, reason: str) -> None:
    assert status(load_stack(environment, change), DEPLOYED) == {"state": "degraded", "reasons": [reason]}


def test_a_release_of_loki_counts_as_the_others_do() -> None:
    told = status(load_stack("dev", WITH_LOGS), {**DEPLOYED, "loki": "failed"})
    assert told == {"state": "degraded", "reasons": ["release loki is failed"]}


def test_every_optional_role_can_be_off() -> None:
    """There is a word for what is lost with each: a new one must bring its own."""
    optional = {name for table in (TEMPO_ROLES, MIMIR_ROLES) for name, spec in table.items() if spec.need == "optional"}
    assert optional == {"metrics-generator", "overrides-exporter"}


def test_every_reason_is_told() -> None:
    states = {"mimir": "failed", "tempo": "failed", "tempo-distributed": "deployed"}
    told = status(load_stack("dev", NO_GENERATOR, NO_EXPORTER), states)
    assert told["reasons"] == ["release mimir is failed", "release tempo is failed", GENERATOR_IS_OFF, EXPORTER_IS_OFF]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_capacity_is_plain_json(environment: str) -> None:
    told = summary(load_stack(environment))
    assert json.loads(json.dumps(told)) == told


def test_the_document_names_this_version_and_every_figure() -> None:
    document = (REPO / "docs" / "outputs.md").read_text()
    assert f"version of this table, now {SCHEMA_VERSION} |" in document
    for shape in (Summary, ResourceSummary, Fits):
        assert f"{{{', '.join(shape.__annotations__)}}}" in document


def test_capacity_is_in_kubernetes_quantities() -> None:
    told = summary(load_stack())
    assert (told["cpu"], told["memory"], told["storage"], told["pods"]) == ("400m", "2Gi", "4Gi", 12)


@pytest.mark.parametrize(("cpu", "fits"), [("400m", True), ("399m", False)])
def test_capacity_says_whether_the_quota_has_room(cpu: str, fits: bool) -> None:
    assert summary(load_stack("dev", put("namespace.quota.cpu", cpu)))["fits"]["now"] is fits


def test_without_a_quota_nobody_knows() -> None:
    assert set(summary(load_stack("dev", drop("namespace.quota")))["fits"].values()) == {None}
