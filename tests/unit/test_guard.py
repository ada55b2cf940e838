"""No stack goes where another environment lives: context, namespace and endpoints must belong to it."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.stacks import merged, overlay
from sandbox.world import Connections
from telemetry.stack import ConfigError
from tests.support import ENVIRONMENTS, Change, all_of, load_stack, load_tree, put, tree

KEYS = (
    "namespace.name",
    "kubernetes.context",
    "kubernetes.cluster_identifier",
    "object_store.provisioning_endpoint",
    "object_store.endpoint",
    "grafana.url",
)
HA, OWN = "https://seaweedfs-ha.example.org", "https://seaweedfs-dev.example.org"


def value_at(settings: Any, key: str) -> Any:
    for part in key.split("."):
        settings = settings.get(part, {})
    return settings


def said(environment: str, *changes: Change) -> tuple[str, ...]:
    try:
        load_stack(environment, *changes)
    except ConfigError as error:
        return error.findings
    return ()


TAKEN = [
    (mine, other, key)
    for mine, other in permutations(ENVIRONMENTS, 2)
    for key in KEYS
    if value_at(tree(mine), key) != value_at(tree(other), key)
]


def test_the_files_differ_in_enough_places_for_this_to_mean_something() -> None:
    assert len(TAKEN) == 2 * 6 + 2 * 4  # namespace and context always; both endpoints between dev and the others


@pytest.mark.parametrize(("mine", "other", "key"), TAKEN)
def test_nothing_may_be_taken_from_another_environments_file(mine: str, other: str, key: str) -> None:
    foreign = value_at(tree(other), key)
    (line,) = said(mine, put(key, foreign))
    assert line.startswith(f"telemetry:{key}: {foreign!r} belongs to ")
    assert f"but this stack is {mine}; give that of {mine}" in line
    assert other in line.partition(" belongs to ")[2].partition(",")[0]


@pytest.mark.parametrize(("mine", "other"), list(permutations(ENVIRONMENTS, 2)))
def test_another_environments_file_under_this_name_is_refused(mine: str, other: str) -> None:
    settings = tree(other)
    put("environment", mine)(settings)
    put("metrics.accept_no_failure_tolerance", True)(settings)  # prod's own rule, which would speak first
    with pytest.raises(ConfigError) as refused:
        load_tree(settings, mine)
    named = {line.split(": ")[0] for line in refused.value.findings}
    assert named >= {"telemetry:namespace.name", "telemetry:kubernetes.context"}


@pytest.mark.parametrize(
    ("environment", "key", "value", "owners"),
    [
        ("prod", "kubernetes.context", "default/api-cluster-dev:6443/admin", "dev"),
        ("prod", "kubernetes.context", "admin@DEV", "dev"),
        ("prod", "kubernetes.context", "prod-and-test", "test"),
        ("prod", "kubernetes.cluster_identifier", "our_development_cluster", "dev"),
        ("dev", "kubernetes.cluster_identifier", "production", "prod"),
        ("test", "grafana.url", "https://grafana.prod.example.org", "prod"),
        ("test", "grafana.url", "https://example.org/grafana/prod", "prod"),
        ("test", "object_store.endpoint", "http://seaweedfs.dev.svc:8333", "dev"),
        ("dev", "object_store.endpoint", "http://seaweedfs-ha-s3.ca7f8f-tools.svc:8333", "test and prod"),
    ],
)
def test_another_environments_name_is_seen_wherever_it_stands(
    environment: str, key: str, value: str, owners: str
) -> None:
    (line,) = said(environment, put(key, value))
    assert line.startswith(f"telemetry:{key}: {value!r} belongs to {owners}, but this stack is {environment}; ")


@pytest.mark.parametrize(
    ("environment", "key", "value"),
    [
        ("prod", "kubernetes.context", "default/api-silver-devops-example-org:6443/me"),
        ("prod", "kubernetes.context", "latest"),
        ("dev", "kubernetes.cluster_identifier", "products"),
        ("prod", "grafana.url", "https://grafana.example.dev"),
        ("dev", "grafana.url", "https://grafana.example.test/dev"),
        ("prod", "object_store.provisioning_endpoint", "http://[::1]:8333"),
        ("prod", "kubernetes.kubeconfig", "~/.kube/dev-test-prod"),
    ],
)
def test_what_only_looks_like_it_is_let_through(environment: str, key: str, value: str) -> None:
    assert said(environment, put(key, value)) == ()


def test_everything_foreign_is_reported_at_once() -> None:
    foreign = all_of(put("kubernetes.context", "x-dev"), put("namespace.name", "x-test"), put("grafana.url", OWN))
    assert [line.split(": ")[0] for line in said("prod", foreign)] == [
        "telemetry:namespace.name",
        "telemetry:kubernetes.context",
        "telemetry:grafana.url",
    ]


def test_what_others_run_in_another_environment_is_foreign_too() -> None:
    loki = {"namespace": "logging-dev", "pods": {"app": "loki"}, "port": 3100, "url": "http://loki.dev.svc:3100"}
    store = {"namespace": "storage-test", "pods": {"app": "weed"}, "port": 9327}
    seaweedfs = all_of(put("monitoring.exporters", ["seaweedfs"]), put("monitoring.object_store", store))
    assert [line.split(": ")[0] for line in said("prod", put("existing", {"logs": loki}), seaweedfs)] == [
        "telemetry:existing.logs.namespace",
        "telemetry:existing.logs.url",
        "telemetry:monitoring.object_store.namespace",
    ]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_sandbox_is_everybodys(environment: str, tmp_path: Path) -> None:
    here = Connections(
        kubeconfig=tmp_path / "dev" / "test" / "prod" / "kubeconfig",
        api_server="https://127.0.0.1:6443",
        s3_endpoint="http://127.0.0.1:8333",
        s3_version="4.53",
        s3_identities={},
        grafana_url="http://127.0.0.1:3000",
        grafana_auth="user:ga0-fake",
    )
    own = {f"telemetry:{key}": value for key, value in tree(environment).items()}
    laid_over = {key.removeprefix("telemetry:"): value for key, value in merged(own, overlay(own, here)).items()}
    load_tree(laid_over, environment)


WORDS = st.lists(st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), max_size=3)


@given(environments=st.permutations(ENVIRONMENTS), before=WORDS, after=WORDS, between=st.sampled_from("-_./:@"))
def test_a_word_is_enough_among_any_others(
    environments: list[str], before: list[str], after: list[str], between: str
) -> None:
    mine, other, _ = environments
    (line,) = said(mine, put("kubernetes.context", between.join([*before, other, *after])))
    assert line.startswith("telemetry:kubernetes.context: ")
