"""Secrets that the program does not make: what pods are told, what is asked for, and what is derived of nothing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from telemetry.gateway import access, keys, secrets, workload
from telemetry.spec.values.transport import volumes
from telemetry.stack import ConfigError, Stack, load
from telemetry.stack.external_secrets import objects_of
from telemetry.stack.named_secrets import named_secrets
from tests.support import (
    ALL_BACKENDS,
    Change,
    all_of,
    as_engine_gives,
    changed_tree,
    drop,
    load_stack,
    put,
)

SIGNALS = ("traces", "metrics", "logs", "profiles")
RENAMED = {"name": "ours", "access_key": "id", "secret_key": "secret"}
VARIABLES = {"GRAFANA_AUTH": "ge0-fake", "AWS_ACCESS_KEY_ID": "ak0-fake", "AWS_SECRET_ACCESS_KEY": "as0-fake"}
OF_PROVIDERS: Change = all_of(put("grafana.secret", "login"), put("object_store.secrets.provisioner", "buckets"))
GATEWAY: Change = all_of(
    put("tenants", [
        {"id": "payments", "display_name": "Payments", "access": {"token_secret": {"name": "teams", "key": "pay"}}},
        {"id": "search", "display_name": "Search", "access": {"token_secret": "search-token"}},
    ]),
    put("gateway.federation", None),
    put("gateway.certificate", {
        "source": "existing", "secret": {"name": "edge", "certificate": "cert.pem", "private_key": "key.pem"},
    }),
)  # fmt: skip
"""A gateway of which nothing is derived."""


def s3(secret: Any) -> Change:
    """Return a change after which the S3 key pairs of all backends are in such a Secret."""
    there = () if isinstance(secret, dict) and secret.get("create") else SIGNALS
    return all_of(
        *(put(f"object_store.secrets.{signal}", secret) for signal in SIGNALS),
        *(drop(f"credentials.{signal}") for signal in there),
    )


def nothing_secret(environment: str) -> dict[str, Any]:
    """Return the settings of a stack whose secrets are all elsewhere."""
    return changed_tree(environment, s3("ours"), OF_PROVIDERS, GATEWAY, drop("credentials"))


def given(settings: dict[str, Any], variables: dict[str, str] | None = None) -> Any:
    """Load a stack as the program would, where Pulumi runs with these variables."""
    return load(as_engine_gives(settings), ["telemetry:credentials"], settings["environment"], variables or {})


def found(values: Any, key: str) -> Iterator[Any]:
    """Yield whatever stands under a key, wherever it is."""
    if isinstance(values, dict):
        for name, each in values.items():
            if name == key:
                yield each
            yield from found(each, key)
    elif isinstance(values, list):
        for each in values:
            yield from found(each, key)


# ---- S3.


@pytest.mark.parametrize(("environment", "change"), ALL_BACKENDS.values(), ids=ALL_BACKENDS)
@pytest.mark.parametrize("secret", ["ours", {"name": "ours"}, {"name": "ours", "create": True}])
def test_a_secret_of_another_name_is_what_pods_read(environment: str, change: Change, secret: Any) -> None:
    before, after = load_stack(environment, change), load_stack(environment, change, s3(secret))
    for was, backend in zip(before.backends, after.backends, strict=True):
        assert was.s3_secret.create
        assert backend.s3_secret.create == (isinstance(secret, dict) and "create" in secret)
        for old, new in zip(was.releases, backend.releases, strict=True):
            assert json.dumps(new.values) == json.dumps(old.values).replace(f'"{was.of.secret}"', '"ours"')
        assert any('"ours"' in json.dumps(new.values) for new in backend.releases)


@pytest.mark.parametrize(("environment", "change"), ALL_BACKENDS.values(), ids=ALL_BACKENDS)
def test_keys_of_other_names_become_the_variables_of_the_same_pods(environment: str, change: Change) -> None:
    before, after = load_stack(environment, change), load_stack(environment, change, s3(RENAMED))
    for was, backend in zip(before.backends, after.backends, strict=True):
        for old, new in zip(was.releases, backend.releases, strict=True):
            # Charts without `envFrom` are given the two variables in any case.
            users = len(list(found(old.values, "secretRef"))) + len(list(found(old.values, "secretKeyRef"))) // 2
            refs = [(each["name"], each["key"]) for each in found(new.values, "secretKeyRef")]
            assert users or old.name == "alertmanager"
            assert sorted(refs) == sorted([("ours", "id"), ("ours", "secret")] * users)
            assert not list(found(new.values, "secretRef"))


def test_a_stack_may_have_no_secret_of_its_own_at_all() -> None:
    stack, credentials = given(nothing_secret("prod"), VARIABLES)
    assert credentials.grafana.auth.get_secret_value() == VARIABLES["GRAFANA_AUTH"]
    assert credentials.identities(stack.signals).keys() == {"provisioner"}
    assert credentials.gateway_key == ""


# ---- What is refused.


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        (drop("object_store.secrets.traces"), "telemetry:credentials.traces"),
        (put("object_store.secrets.traces", {"name": "x", "create": True}), "telemetry:credentials.traces"),
        (drop("grafana.secret"), "telemetry:credentials.grafana"),
        (put("gateway.federation", {}), "telemetry:credentials.gateway.key"),
        (put("gateway.certificate", {}), "telemetry:credentials.gateway.key"),
        (put("tenants", [{"id": "a", "display_name": "A"}]), "telemetry:credentials.gateway.key"),
    ],
)
def test_what_is_nowhere_is_asked_for(change: Change, asked: str) -> None:
    settings = nothing_secret("prod")
    change(settings)
    with pytest.raises(ConfigError) as refused:
        given(settings, VARIABLES)
    (line,) = refused.value.findings
    assert line.startswith(f"{asked}: is not set")


def test_a_variable_that_is_not_set_is_taken_from_its_secret_by_hand() -> None:
    with pytest.raises(ConfigError) as refused:
        given(nothing_secret("prod"), {"AWS_ACCESS_KEY_ID": "ak0-fake", "AWS_SECRET_ACCESS_KEY": "as0-fake"})
    (line,) = refused.value.findings
    assert line.startswith("telemetry:grafana.secret: GRAFANA_AUTH is not set where Pulumi runs")
    told = "kubectl get secret login -n ca7f8f-prod -o go-template='{{index .data \"auth\" | base64decode}}'"
    assert f'export GRAFANA_AUTH="$({told})"' in line


def test_what_is_in_two_places_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigError) as refused:
        given(changed_tree("prod", OF_PROVIDERS), VARIABLES)
    assert {line.partition(": ")[0] for line in refused.value.findings} == {
        "telemetry:credentials.grafana",
        "telemetry:credentials.provisioner",
    }
    assert "fake" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "path", "said"),
    [
        (put("object_store.secrets.traces", "tempo-s3"), "object_store.secrets.traces", "call the existing one"),
        (put("object_store.secrets.traces", {"key": "x"}), "object_store.secrets.traces.name", "is not set"),
        (put("object_store.secrets.traces", ["x"]), "object_store.secrets.traces", "must be a mapping"),
        (put("object_store.secrets.traces", "X y"), "object_store.secrets.traces.name", "it must match"),
        (put("grafana.secret", {"name": "x", "key": "a b"}), "grafana.secret.key", "it must match"),
        (put("external_secrets", {"store": {"name": "vault"}, "secrets": {}}), "external_secrets.secrets", "is empty"),
    ],
)
def test_what_cannot_be_is_refused(change: Change, path: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_stack("prod", change)
    line = next(each for each in refused.value.findings if each.startswith(f"telemetry:{path}: "))
    assert said in line


# ---- The gateway.


def keyless() -> Stack:
    return load_stack("prod", GATEWAY)


def test_without_a_key_nothing_is_derived_and_nobody_is_let_in_by_it() -> None:
    stack = keyless()
    assert stack.gateway is not None
    assert list(secrets.tokens_of(stack, stack.gateway, "")) == []
    assert {each.name for each in secrets.mounted_secrets(stack, stack.gateway, "")} == {secrets.TENANTS_SECRET}
    assert list(secrets.tenant_secrets(stack, "")) == []
    assert all(each.token is None and each.pair is None for each in access.of_readers(stack, "").values())
    with pytest.raises(ValueError, match="there is no key"):
        keys.token("", "prod", "payments", 1)


def test_the_gateways_pods_mount_what_exists_under_the_names_that_nginx_reads() -> None:
    tls = put("gateway.backend_tls", {"secret": {"name": "tls", "authority": "root.pem"}})
    stack = load_stack("prod", GATEWAY, tls)
    assert stack.gateway is not None
    assert stack.gateway_role is not None
    pod = workload.deployment(stack, stack.gateway, stack.gateway_role, watch="")["template"]["spec"]
    mounted = {each["name"]: each for each in pod["volumes"]}
    assert mounted["tls"]["secret"]["secretName"] == "edge"
    assert mounted["tls"]["secret"]["items"] == [
        {"key": "cert.pem", "path": "tls.crt"},
        {"key": "key.pem", "path": "tls.key"},
    ]
    assert mounted["backend-ca"]["secret"]["items"] == [{"key": "root.pem", "path": "ca.crt"}]
    sources = [each["secret"] for each in mounted["existing"]["projected"]["sources"]]
    assert [(each["name"], each["items"]) for each in sources] == [
        ("teams", [{"key": "pay", "path": "payments/token"}]),
        ("search-token", [{"key": "token", "path": "search/token"}]),
    ]


def test_backends_mount_keys_of_other_names_as_the_files_that_they_read() -> None:
    stack = load_stack(
        "prod",
        put("object_store.endpoint", "https://seaweedfs.example.org:8333"),
        put("security.object_store", {"cidrs": ["10.9.0.0/16"], "ports": [8333]}),
        put("object_store.ca_secret", {"name": "roots", "key": "bundle.pem"}),
    )
    (volume,) = volumes(stack)
    assert volume["secret"] == {"secretName": "roots", "items": [{"key": "bundle.pem", "path": "ca.crt"}]}


# ---- All of them, and those that an operator makes.


def test_every_secret_that_settings_name_is_known_with_its_keys() -> None:
    change = put("alerting", {"receiver": "chat", "receivers": [
        {"name": "chat", "slack": {}, "secret": {"name": "chat", "key": "url"}}]})  # fmt: skip
    reached = put("security.alert_receivers", {"cidrs": ["203.0.113.0/24"], "ports": [443]})
    settings = changed_tree("prod", s3(RENAMED), OF_PROVIDERS, GATEWAY, change, reached, drop("credentials"))
    stack, _ = given(settings, VARIABLES)
    assert {each.setting: (each.name, each.keys, each.optional) for each in named_secrets(stack)} == {
        "grafana.secret": ("login", ("auth",), False),
        "object_store.secrets.provisioner": ("buckets", ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), False),
        "object_store.secrets.traces": ("ours", ("id", "secret"), False),
        "object_store.secrets.metrics": ("ours", ("id", "secret"), False),
        "gateway.certificate.secret": ("edge", ("cert.pem", "key.pem"), False),
        "tenants.0.access.token_secret": ("teams", ("pay",), True),
        "tenants.1.access.token_secret": ("search-token", ("token",), True),
        "alerting.receivers.0.secret": ("chat", ("url",), False),
    }


def test_an_external_secret_names_keys_and_properties_and_no_value() -> None:
    wanted = {
        "store": {"name": "vault", "kind": "ClusterSecretStore"},
        "version": "v1beta1",
        "refresh": "10m",
        "secrets": {"ours": {"data": {"a": {"key": "it", "property": "x"}, "b": {"key": "that"}}}},
    }
    (made,) = objects_of(load_stack("prod", put("external_secrets", wanted)))
    assert (made["apiVersion"], made["kind"]) == ("external-secrets.io/v1beta1", "ExternalSecret")
    assert (made["metadata"]["name"], made["metadata"]["namespace"]) == ("ours", "ca7f8f-prod")
    assert made["spec"] == {
        "refreshInterval": "600s",
        "secretStoreRef": {"name": "vault", "kind": "ClusterSecretStore"},
        "target": {"name": "ours", "creationPolicy": "Owner", "template": {"type": "Opaque"}},
        "data": [
            {"secretKey": "a", "remoteRef": {"key": "it", "property": "x"}},
            {"secretKey": "b", "remoteRef": {"key": "that"}},
        ],
    }
