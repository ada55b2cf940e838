"""What the gateway registers: which Secrets hold what, what waits for what, and what a change touches."""

from typing import Any

import pytest

from telemetry.gateway import access
from telemetry.gateway.certificates import subject
from tests.engine.recorder import Registered, Run, changed, is_secret
from tests.support import SECRETS, Change, all_of, credentials, load_stack, put

SECRET, CONFIG_MAP = "kubernetes:core/v1:Secret", "kubernetes:core/v1:ConfigMap"
DEPLOYMENT, SERVICE = "kubernetes:apps/v1:Deployment", "kubernetes:core/v1:Service"
BUDGET, CERTIFICATE = "kubernetes:policy/v1:PodDisruptionBudget", "kubernetes:cert-manager.io/v1:Certificate"
AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
RELEASE = "kubernetes:helm.sh/v3:Release"
KEY = credentials().gateway_key
AB, AB_NAME = "A!B", "tenant-a-b-"

TOKENS: dict[str, Any] = {"id": "tokens", "display_name": "Tokens"}
CERTS: dict[str, Any] = {"id": AB, "display_name": "AB", "access": {"accepts": "certificate"}}
EITHER: dict[str, Any] = {"id": "either", "display_name": "Either", "access": {"accepts": "either"}}
OWN: dict[str, Any] = {"id": "own", "display_name": "Own", "access": {"token_secret": "own-token"}}
ALL = (TOKENS, CERTS, EITHER, OWN)
ROOM = put("namespace.quota", {"cpu": "16", "memory": "64Gi", "storage": "64Gi"})


def with_gateway(*tenants: dict[str, Any], **gateway: Any) -> Change:
    return all_of(ROOM, put("tenants", list(tenants)), put("gateway", gateway))


def run_with(*tenants: dict[str, Any], preview: bool = False, **gateway: Any) -> Run:
    return changed(with_gateway(*(tenants or ALL), **gateway), preview=preview)


def secrets(run: Run) -> dict[str, Registered]:
    """Return the Secrets of the gateway and of its tenants."""
    return {each.name: each for each in run.of(SECRET) if not each.name.endswith("-s3")}


def files(secret: Registered) -> set[str]:
    return set(secret.plain["stringData"])


def touched(before: Run, after: Run) -> set[str]:
    """Return the resources that differ or are in one of them only, as `Kind/name`."""
    olds, news = ({each.urn: each for each in run.resources} for run in (before, after))
    differ = {urn for urn in olds.keys() & news.keys() if olds[urn].inputs != news[urn].inputs}
    return {f"{each.type.rpartition(':')[2]}/{each.name}" for urn in differ | (olds.keys() ^ news.keys())
            for each in [news.get(urn) or olds[urn]]}  # fmt: skip


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_an_autoscaler_chooses_the_number_of_its_pods_where_one_is_asked_for(preview: bool) -> None:
    run = run_with(autoscaling={"max_replicas": 6}, preview=preview)
    (scaler,), (deployment,) = run.of(AUTOSCALER), run.of(DEPLOYMENT)
    assert "replicas" not in deployment.plain["spec"]
    assert [scaler.plain["spec"][key] for key in ("minReplicas", "maxReplicas")] == [2, 6]
    assert scaler.plain["spec"]["scaleTargetRef"]["name"] == "gateway"
    assert deployment.urn in scaler.dependencies
    assert [each.name for each in run.of(BUDGET)] == ["gateway"]


@pytest.fixture(scope="module")
def everything() -> Run:
    """Every kind of tenant at once."""
    return run_with(backend_tls={}, replicas=2)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_exactly_this_is_registered(preview: bool) -> None:
    run = run_with(backend_tls={}, replicas=2, preview=preview)
    digest = next(name for name in secrets(run) if name.startswith(AB_NAME))
    of_gateway = {(each.type, each.name) for each in run.resources if "telemetry:gateway:Gateway$" in each.urn}
    assert of_gateway == {
        (CONFIG_MAP, "gateway"),
        (SECRET, "gateway-tenants"),
        (SECRET, "gateway-tls"),
        (SECRET, "gateway-client-ca"),
        (SECRET, "tenant-tokens"),
        (SECRET, "tenant-either"),
        (SECRET, digest),
        (DEPLOYMENT, "gateway"),
        (SERVICE, "gateway"),
        (BUDGET, "gateway"),
    }
    assert {each.name for each in run.resources if "telemetry:gateway:BackendCertificate$" in each.urn} == {
        "backends-tls"
    }


def test_who_is_given_what(everything: Run) -> None:
    given = {name: files(secret) for name, secret in secrets(everything).items() if name.startswith("tenant-")}
    pair = {"tls.crt", "tls.key", "ca.crt"}
    assert given["tenant-tokens"] == {"token", "ca.crt"}
    assert given["tenant-either"] == {"token", *pair}
    ((digest, its),) = ((name, its) for name, its in given.items() if name.startswith(AB_NAME))
    assert its == pair
    assert "tenant-own" not in given
    assert secrets(everything)[digest].plain["metadata"]["annotations"] == {"telemetry/tenant": AB}


def test_tenants_are_given_what_the_gateway_takes(everything: Run) -> None:
    stack = load_stack("dev", with_gateway(*ALL, backend_tls={}, replicas=2))
    conf = secrets(everything)["gateway-tenants"].plain["stringData"]["tenants.conf"]
    for tenant, credential in access.of_tenants(stack, KEY).items():
        if credential.token is not None:
            assert credential.token in conf
        if credential.pair is not None:
            assert subject(tenant, 1) in conf
    federation = access.of_federation(stack, KEY)
    assert federation is not None
    assert federation.token is not None
    assert federation.token in conf


def test_every_value_of_a_secret_is_marked_and_nothing_secret_is_elsewhere(everything: Run) -> None:
    texts = set(SECRETS)
    for secret in secrets(everything).values():
        assert is_secret(secret.inputs["stringData"])
        texts |= {text for file, text in secret.plain["stringData"].items() if file in ("token", "tls.key")}
    for each in everything.resources:
        if each.type in (CONFIG_MAP, DEPLOYMENT, SERVICE, BUDGET, RELEASE):
            assert not any(text in repr(each.inputs) for text in texts), each.urn
    assert not any(text in repr(everything.exports) for text in texts)


def test_the_pods_come_after_what_they_mount_and_the_address_after_the_pods(everything: Run) -> None:
    deployment = everything.one(DEPLOYMENT, "gateway")
    waits_for = {found.name for urn in deployment.dependencies if (found := everything.at(urn)) is not None}
    assert {"gateway", "gateway-tenants", "gateway-tls", "gateway-client-ca"} <= waits_for
    assert not any(name.startswith("tenant-") for name in waits_for)
    assert deployment.urn in everything.one(SERVICE, "gateway").dependencies


def test_no_backend_stands_in_the_way_of_a_changed_credential(everything: Run) -> None:
    for each in everything.resources:
        if "telemetry:gateway:" in each.urn:
            assert not any("$kubernetes:helm.sh" in urn for urn in each.dependencies), each.urn


def test_backends_wait_for_their_certificate(everything: Run) -> None:
    certificate = everything.one(SECRET, "backends-tls")
    for component in ("telemetry:metrics:Mimir", "telemetry:traces:Tempo"):
        (waiting,) = everything.of(component)
        assert certificate.urn in waiting.dependencies
    assert files(certificate) == {"tls.crt", "tls.key", "ca.crt"}


def test_kubernetes_is_told_in_its_own_words(everything: Run) -> None:
    deployment, service = everything.one(DEPLOYMENT, "gateway").plain, everything.one(SERVICE, "gateway").plain
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted["tenants"] == "/etc/gateway/tenants"
    assert {volume["name"] for volume in pod["volumes"]} == set(mounted)
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "health"}
    assert pod["automountServiceAccountToken"] is False
    assert {port["targetPort"] for port in service["spec"]["ports"]} == {8443, 4317}
    assert deployment["metadata"]["namespace"] == "ca7f8f-dev"
    assert deployment["spec"]["selector"]["matchLabels"] == service["spec"]["selector"]
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()


def test_the_config_map_is_what_nginx_is_started_on(everything: Run) -> None:
    data = everything.one(CONFIG_MAP, "gateway").plain["data"]
    assert data.keys() == {"nginx.conf", "log.sh", "watch.sh"}
    assert "mimir-query-frontend-pods.ca7f8f-dev.svc.cluster.local:8080" in data["nginx.conf"]
    assert "backends.ca7f8f-dev.svc" in data["nginx.conf"]
    (container,) = everything.one(DEPLOYMENT, "gateway").plain["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["sh", "/etc/gateway/config/log.sh"]


def test_a_rotation_touches_the_tenants_own_secret_and_the_gateways() -> None:
    before, after = run_with(TOKENS, EITHER), run_with({**TOKENS, "access": {"token": {"version": 2}}}, EITHER)
    others = {each for each in touched(before, after) if not each.startswith("DataSource")}
    assert others == {"Secret/gateway-tenants", "Secret/tenant-tokens"}


def test_a_tenant_added_touches_nobody_else_and_restarts_nothing() -> None:
    new, room = {"id": "new", "display_name": "New"}, {"cpu": "1", "memory": "1Gi"}
    before, after = run_with(TOKENS, EITHER, total=room), run_with(TOKENS, EITHER, new, total=room)
    assert {each for each in touched(before, after) if "gateway" in each or "tenant-" in each} == {
        "Secret/gateway-tenants",
        "Secret/tenant-new",
    }


def test_cert_manager_is_asked_and_its_secret_is_mounted_but_not_made() -> None:
    issuer = {"name": "corporate", "kind": "ClusterIssuer"}
    run = run_with(TOKENS, certificate={"source": "cert-manager", "issuer": issuer})
    asked = run.one(CERTIFICATE, "gateway")
    assert asked.plain["spec"]["issuerRef"] == {**issuer, "group": "cert-manager.io"}
    assert asked.plain["spec"]["secretName"] == "gateway-cert-manager-tls"
    assert asked.plain["metadata"]["namespace"] == "ca7f8f-dev"
    assert asked.urn in run.one(DEPLOYMENT, "gateway").dependencies
    assert secrets(run).keys() == {"gateway-tenants", "tenant-tokens"}
    assert files(secrets(run)["tenant-tokens"]) == {"token"}  # the public authorities are trusted already


def test_one_replica_has_no_disruption_budget() -> None:
    assert run_with(TOKENS).of(BUDGET) == []


def test_without_a_gateway_there_is_nothing_of_it() -> None:
    own = [each for each in changed().resources if not each.type.endswith(":NetworkPolicy")]  # Mimir's chart has one
    assert not [each for each in own if "telemetry:gateway" in each.urn or "gateway" in each.name]


def test_what_the_component_tells(everything: Run) -> None:
    (component,) = everything.of("telemetry:gateway:Gateway")
    told = everything.component_outputs[component.urn]
    assert told["tenant_secrets"].keys() == {"tokens", AB, "either"}
    assert set(told["tenant_secrets"].values()) <= secrets(everything).keys()
    assert told["authority"] == secrets(everything)["tenant-tokens"].plain["stringData"]["ca.crt"]
    host = "gateway.ca7f8f-dev.svc"
    assert told["endpoints"]["traces"] == {
        "otlp_grpc": f"{host}:4317",
        "otlp_http": f"https://{host}/v1/traces",
        "query": f"https://{host}/tempo",
    }
    assert told["endpoints"]["metrics"] == {
        "remote_write": f"https://{host}/api/v1/push",
        "otlp_http": f"https://{host}/otlp/v1/metrics",
        "query": f"https://{host}/prometheus",
    }
