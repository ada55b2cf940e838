"""Bad input gives one clear line with the key's path and the mend: no traceback, no secret, nothing left out."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.capacity.fit import check, summary
from telemetry.stack import ConfigError, load
from tests.support import SECRETS, Change, all_of, as_engine_gives, drop, load_tree, put, tree
from tests.unit import (
    bad_alerting,
    bad_backends,
    bad_collectors,
    bad_expose,
    bad_images,
    bad_inputs,
    bad_lists,
    bad_metadata,
    bad_pods,
    bad_profiles,
    bad_sizes,
    bad_tenants,
    bad_values,
)
from tests.unit.bad_backends import TEMPO, TEMPO_DISTRIBUTED
from tests.unit.bad_inputs import Bad
from tests.unit.rendered import values_of

BAD = [
    *bad_inputs.BAD,
    *bad_backends.BAD,
    *bad_profiles.PROFILES,
    *bad_sizes.BAD,
    *bad_tenants.TENANTS,
    *bad_tenants.WITHOUT,
    *bad_tenants.GATEWAY,
    *bad_collectors.COLLECTORS,
    *bad_images.IMAGES,
    *bad_lists.LISTS,
    *bad_metadata.METADATA,
    *bad_pods.PODS,
    *bad_expose.EXPOSE,
    *bad_values.VALUES,
    *bad_alerting.ALERTING,
]
NOT_TO_BE_SHOWN = (*SECRETS, "pw0-fake", "90210")


def findings(change: Change, environment: str = "dev") -> tuple[str, ...]:
    """Return what is said of a stack file after a change; nothing if it still loads."""
    mutated = tree(environment)
    change(mutated)
    return said_of(mutated, environment)


def said_of(settings: dict[str, Any], stack_name: str = "dev") -> tuple[str, ...]:
    try:
        load_tree(settings, stack_name)
    except ConfigError as error:
        assert "Traceback" not in str(error)
        assert [secret for secret in NOT_TO_BE_SHOWN if secret in str(error)] == []
        return error.findings
    return ()


def test_the_table_is_as_long_as_promised_and_names_each_case_once() -> None:
    assert len({case.id for case in BAD}) == len(BAD) >= 190


@pytest.mark.parametrize("case", BAD, ids=[case.id for case in BAD])
def test_one_mistake_gives_one_line_with_path_and_mend(case: Bad) -> None:
    (line,) = findings(case.change, case.environment)
    path, separator, explanation = line.removeprefix("telemetry:").partition(": ")
    assert line.startswith("telemetry:")
    assert (path, separator) == (case.path, ": ")
    assert case.allowed in explanation
    assert case.mend in explanation
    assert "\n" not in line
    assert len(line) < 400


@pytest.mark.parametrize(
    ("environment", "stack_name"), [("dev", "prod"), ("prod", "dev"), ("test", "prod"), ("dev", "my-copy")]
)
def test_environment_and_stack_name_must_agree(environment: str, stack_name: str) -> None:
    (line,) = said_of(tree(environment), stack_name)
    assert line.startswith(f"telemetry:environment: is '{environment}', but the stack is named '{stack_name}'")
    assert f"select the stack {environment} or correct Pulumi.{stack_name}.yaml" in line


def test_a_plain_text_secret_is_refused_and_nothing_else_is_looked_at() -> None:
    with pytest.raises(ConfigError) as refused:
        load(as_engine_gives(tree()), [], "dev")
    (line,) = refused.value.findings
    assert line.startswith("telemetry:credentials: stands in the stack's file in plain text; replace these secrets")
    assert "pulumi config set -s dev --secret" in line
    assert [secret for secret in SECRETS if secret in line] == []


def test_an_encrypted_setting_is_refused_without_being_shown() -> None:
    config = as_engine_gives(tree()) | {"telemetry:grafana": '{"url": "pw0-fake"}'}
    with pytest.raises(ConfigError) as refused:
        load(config, ["telemetry:credentials", "telemetry:grafana"], "dev")
    (line,) = refused.value.findings
    assert line.startswith("telemetry:grafana: is encrypted, but only telemetry:credentials may hold secrets")
    assert "pw0-fake" not in line


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("metrics", '{"chart": {"version": "6.1.0", "version": "6.0.6"}}', "telemetry:metrics: version is given twice"),
        ("tenants", '[{"id": "a", "id": "b"}]', "telemetry:tenants: id is given twice"),
        ("credentials", '{"pw0-fake": 1, "pw0-fake": 2}', "telemetry:credentials: a key is given twice"),
    ],
)
def test_json_with_a_key_twice_is_refused(key: str, text: str, said: str) -> None:
    (line,) = said_of({**tree(), key: text})
    assert line == f"{said} in its JSON; remove one of the two"


def test_an_empty_config_asks_for_every_section() -> None:
    with pytest.raises(ConfigError) as refused:
        load({}, [], "dev")
    asked = {line.split(": is not set; ")[0] for line in refused.value.findings}
    sections = {f"telemetry:{key}" for key in tree() if key != "credentials"}
    asked_for_anyway = {f"telemetry:credentials.{identity}" for identity in tree()["credentials"]}
    # No gateway, no key; no Loki or Pyroscope, no identity of it.
    identities = {f"telemetry:credentials.{signal}" for signal in ("logs", "profiles")}
    optional = {"telemetry:credentials.gateway", *identities, "telemetry:security"}
    assert asked == (sections | asked_for_anyway) - optional


def test_config_of_other_packages_is_not_ours_to_judge() -> None:
    config = as_engine_gives(tree()) | {
        "aws:region": "x",
        "pulumi:disable-default-providers": '["*"]',
        "telemetryx:a": "",
    }
    assert load(config, ["telemetry:credentials", "other:secret"], "dev")


def test_several_faults_are_all_reported_at_once() -> None:
    faults = [
        put("namespace.name", "A"),
        put("grafana.url", "x"),
        put("metrics.roles.querier.cpu", "x"),
        put("metrics.roles.ingester.memory", "y"),
        put("traces.retention", "1m"),
        put("object_store.tags", ["a"]),
        put("nonsense", "1"),
        drop("credentials.metrics"),
    ]
    said = findings(all_of(*faults))
    assert len(said) == len(faults)
    wrong_stack = tree("prod")
    all_of(*faults)(wrong_stack)
    assert len(said_of(wrong_stack, "dev")) == len(faults) + 1


def mappings(settings: Any, *path: str) -> Iterator[str]:
    """Yield the path of every mapping in a tree."""
    if isinstance(settings, dict):
        yield ".".join(path)
        for key, value in settings.items():
            yield from mappings(value, *path, key)


def leaves(settings: Any, *path: str) -> Iterator[str]:
    """Yield every path in a tree, its root left out."""
    if path:
        yield ".".join(path)
    if isinstance(settings, dict):
        for key, value in settings.items():
            yield from leaves(value, *path, key)


_COMMON: Change = all_of(
    put("metrics.roles.ingester", {"replicas": 3, "memory": "1Gi", "memory_limit": "4Gi", "volume": "1Gi"}),
    put("metrics.roles.querier", {"cpu": "50m", "autoscaling": {"min_replicas": 2, "max_replicas": 3}}),
    put("metrics.enabled_roles", ["read", "write", "backend"]),
    put("metrics.total", {"cpu": "3", "memory": "12Gi"}),
    put("metrics.placement", {"node_selector": {"pool": "a"}, "tolerations": [{"key": "k"}], "storage_class": "ssd"}),
    put("metrics.buckets", {"blocks": "b", "ruler": "r", "alertmanager": "a"}),
    put("traces.buckets.blocks", "b"),
    put("traces.enabled_roles", ["all"]),
    put("kubernetes.kubeconfig", "~/.kube/config"),
    put("kubernetes.nodes", {"count": 6, "cpu": "8", "memory": "32Gi"}),
    put("namespace.used", {"cpu": "1", "memory": "1Gi", "storage": "1Gi"}),
    put("namespace.requested_quota", {"cpu": "9", "memory": "40Gi", "storage": "50Gi"}),
)
FULL: dict[str, Change] = {
    "dev": all_of(
        _COMMON,
        put("metrics.replication_factor", 1),
        put("traces.roles.all", {"replicas": 1, "cpu": "1", "memory": "1Gi", "memory_limit": "4Gi", "volume": "1Gi"}),
        put(
            "traces.moving_from",
            {"topology": "distributed", "chart": TEMPO_DISTRIBUTED, "total": {"cpu": "1", "memory": "4Gi"}},
        ),
    ),
    "prod": all_of(
        _COMMON,
        put("metrics.replication_factor", 3),
        put("traces.total", {"cpu": "2", "memory": "8Gi"}),
        put("traces.roles", {"ingester": {"replicas": 3}, "compactor": {"autoscaling": {"max_replicas": 4}}}),
        put("traces.moving_from", {"topology": "monolithic", "chart": TEMPO, "roles": {"all": {"cpu": "1"}}}),
    ),
}
"""Makes a tree in which every kind of section is present; of Tempo both shapes."""


def full(environment: str = "dev") -> dict[str, Any]:
    settings = tree(environment)
    FULL[environment](settings)
    return settings


PLACES = sorted(place for place in mappings(full()) if not place.endswith("node_selector"))
KEYS = [(environment, path) for environment in FULL for path in sorted(leaves(full(environment)))]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1Gi", "10m", "2d", "all", "ingester", "monolithic", "distributed", 0, 1, 2, 3]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def explained(settings: dict[str, Any], stack_name: str) -> None:
    """Check that a tree either loads and can be deployed, or is refused in lines that say what to do."""
    try:
        stack, _ = load_tree(settings, stack_name)
    except ConfigError as error:
        for line in error.findings:
            assert line.startswith("telemetry:")
            assert "; " in line  # what is wrong; what to do
    else:
        summary(stack)
        check(stack)
        values_of(stack)


@pytest.mark.parametrize("environment", FULL)
def test_the_full_tree_is_good(environment: str) -> None:
    assert said_of(full(environment), environment) == ()
    explained(full(environment), environment)


@settings(max_examples=60)
@given(place=st.sampled_from(PLACES), key=st.from_regex(r"[a-z][a-z_]{0,15}[0-9]", fullmatch=True), value=JSON)
def test_an_unknown_key_anywhere_is_refused_with_its_path(place: str, key: str, value: Any) -> None:
    changed = full()
    put(f"{place}.{key}" if place else key, value)(changed)
    path = f"telemetry:{place}.{key}" if place else f"telemetry:{key}"
    (line,) = said_of(changed)
    assert line.startswith(f"{path}: ")
    assert "unknown role" in line if place.endswith("roles") else "unknown key" in line


@settings(max_examples=400)
@given(where=st.sampled_from(KEYS), value=JSON)
def test_any_json_at_any_key_loads_or_is_explained(where: tuple[str, str], value: Any) -> None:
    environment, path = where
    changed = full(environment)
    put(path, value)(changed)
    explained(changed, environment)


@pytest.mark.parametrize("environment", FULL)
def test_any_key_left_out_loads_or_is_explained(environment: str) -> None:
    for path in sorted(leaves(full(environment))):
        changed = full(environment)
        drop(path)(changed)
        explained(changed, environment)


@settings(max_examples=60)
@given(path=st.sampled_from(sorted(full())), text=st.text() | JSON.map(json.dumps))
def test_any_text_at_any_section_loads_or_is_explained(path: str, text: str) -> None:
    changed = full()
    changed[path] = text
    for line in said_of(changed):
        assert line.startswith("telemetry:")


@settings(max_examples=60)
@given(path=st.sampled_from([path for _, path in KEYS if path.startswith("credentials")]), value=JSON)
def test_no_secret_is_ever_shown(path: str, value: Any) -> None:
    changed = full()
    put(path, {"unexpected": [*SECRETS, value]})(changed)
    assert said_of(changed)
