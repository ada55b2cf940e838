"""The three stack files load, mean what the plan says, and every setting is described and fixed."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from telemetry.backends.mimir.roles import MIMIR_ROLES
from telemetry.backends.mimir.settings import Metrics
from telemetry.backends.tempo.roles import TEMPO_SINGLE
from telemetry.config.credentials import Credentials
from telemetry.releases import CHARTS
from telemetry.stack import Stack
from tests.support import ENVIRONMENTS, SECRETS, all_of, drop, load_stack, load_tree, put, tree

each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)


def models(root: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a model and every model within its fields."""
    yield root
    for field in root.model_fields.values():
        for inner in within(field.annotation):
            yield from models(inner)


def within(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from within(inner)


ALL_MODELS = sorted({*models(Stack), *models(Credentials)}, key=lambda model: model.__name__)


@each_environment
def test_the_stack_file_loads(environment: str) -> None:
    stack, credentials = load_tree(tree(environment), environment)
    assert stack.environment == environment
    assert credentials.identities(["metrics"])["metrics"].secret_key.get_secret_value() in SECRETS


@each_environment
def test_buckets_follow_the_convention(environment: str) -> None:
    assert load_stack(environment).buckets == (
        f"dts-traces-{environment}-blocks",
        f"dts-metrics-{environment}-blocks",
        f"dts-metrics-{environment}-ruler",
        f"dts-metrics-{environment}-alertmanager",
    )


def test_the_longest_bucket_name_is_allowed() -> None:
    stack = load_stack("dev", put("metrics.buckets.ruler", "r" * 47))
    assert max(map(len, stack.buckets)) == 63


@pytest.mark.parametrize(
    ("environment", "chosen", "protected"),
    [
        ("dev", None, False),
        ("test", None, True),
        ("prod", None, True),
        ("dev", True, True),
        ("test", False, False),
        ("prod", True, True),
    ],
)
def test_buckets_outlive_the_stack_where_their_data_counts(
    environment: str, chosen: bool | None, protected: bool
) -> None:
    assert load_stack(environment, put("object_store.protect_buckets", chosen)).protects_buckets is protected


def test_the_plans_sizes_of_the_namespaces() -> None:
    assert {name: load_stack(name).namespace.name for name in ENVIRONMENTS} == {
        "dev": "ca7f8f-dev",
        "test": "ca7f8f-test",
        "prod": "ca7f8f-prod",
    }


@each_environment
def test_nobody_creates_a_namespace_by_default(environment: str) -> None:
    assert load_stack(environment).namespace.create is False


def test_a_role_keeps_what_was_not_set() -> None:
    stack = load_stack("dev", put("metrics.roles.ingester.memory", "1Gi"))
    before = load_stack().metrics.roles
    assert stack.metrics.roles["ingester"] == before["ingester"].model_copy(update={"memory": 1 << 30})
    assert {name: role for name, role in stack.metrics.roles.items() if name != "ingester"} == {
        name: role for name, role in before.items() if name != "ingester"
    }


def test_every_role_is_there_without_being_set() -> None:
    stack = load_stack()
    assert list(stack.traces.roles) == list(TEMPO_SINGLE)
    assert list(stack.metrics.roles) == list(MIMIR_ROLES)


def test_three_ingesters_allow_replication_factor_3() -> None:
    changed = all_of(put("metrics.replication_factor", 3), put("metrics.roles.ingester.replicas", 3))
    assert load_stack("dev", changed).metrics.replication_factor == 3


@pytest.mark.parametrize("version", CHARTS["mimir-distributed"])
def test_every_checked_chart_version_is_accepted(version: str) -> None:
    metrics = load_stack("dev", put("metrics.chart.version", version)).metrics
    assert isinstance(metrics, Metrics)
    assert metrics.chart.version == version


@pytest.mark.parametrize(
    "reference",
    [
        "./charts/tempo",
        "../charts/tempo/",
        "./charts/tempo-2.2.4.tgz",
        "oci://registry.example/tempo",
        "oci://registry.example:5000/a.b/c__d/tempo",
        "oci://[::1]:5000/charts/tempo",
        f"oci://r.example/tempo@sha256:{64 * '0'}",
    ],
)
def test_a_chart_by_reference(reference: str) -> None:
    chart = load_stack("dev", drop("traces.chart.repository"), put("traces.chart.reference", reference)).traces.chart
    assert (chart.source, chart.repository) == (reference, None)
    assert chart.by_path is reference.startswith(".")


@pytest.mark.parametrize(
    ("url", "kept", "insecure"),
    [
        ("http://s3.tools.svc:8333/", "s3.tools.svc:8333", True),
        ("https://s3.tools.svc", "s3.tools.svc", False),
        ("http://127.0.0.1:1", "127.0.0.1:1", True),
        ("HTTP://[::1]:8333", "[::1]:8333", True),
    ],
)
def test_pods_are_given_host_and_port(url: str, kept: str, insecure: bool) -> None:
    store = load_stack("dev", put("object_store.endpoint", url)).object_store
    assert (store.address, store.insecure) == (kept, insecure)


@pytest.mark.parametrize(("given", "days"), [(None, None), ("1d", 1), ("48h", 2), ("1w", 7)])
def test_unfinished_uploads_are_aborted_after_whole_days(given: str | None, days: int | None) -> None:
    assert load_stack("dev", put("object_store.abort_incomplete_uploads", given)).object_store.abort_after_days == days


def test_the_clusters_identity_outlives_its_address() -> None:
    assert load_stack().kubernetes.identity == "ca7f8f-dev"
    assert load_stack("dev", put("kubernetes.cluster_identifier", "silver")).kubernetes.identity == "silver"


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_every_setting_is_described(model: type[BaseModel]) -> None:
    assert model.__doc__
    assert [name for name, field in model.model_fields.items() if not (field.description or "").endswith(".")] == []


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_every_model_is_frozen_and_knows_its_keys(model: type[BaseModel]) -> None:
    config = model.model_config
    assert (config.get("frozen"), config.get("extra"), config.get("strict")) == (True, "forbid", True)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_stack().environment = "prod"  # type: ignore[misc]


def test_secrets_do_not_show_in_text() -> None:
    _, credentials = load_tree(tree())
    assert [secret for secret in SECRETS if secret in f"{credentials!r} {credentials}"] == []
