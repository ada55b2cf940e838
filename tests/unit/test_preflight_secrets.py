"""Before the first change the cluster is asked for Secrets that settings name, and for kinds that are not its own."""

import base64
from pathlib import Path
from typing import Any

import pytest

from telemetry.operations.preflight import custom_resources, existing_secrets, s3
from tests.doubles import answering, by_path, kubeconfig, s3_answer, s3_error
from tests.preflight import findings_at
from tests.support import Change, all_of, credentials, drop, load_stack, put

NAMESPACE = "/api/v1/namespaces/ca7f8f-prod"
KEYS = {"AWS_ACCESS_KEY_ID": "ak0-fake", "AWS_SECRET_ACCESS_KEY": "as0-fake"}
NAMED: Change = all_of(
    put("object_store.secrets.traces", "tempo-bucket"),
    drop("credentials.traces"),
    put("gateway.certificate", {"source": "existing", "secret": "edge"}),
    put("gateway.client_ca_secret", {"name": "edge", "key": "root.pem"}),
)
STORE = {"name": "vault", "kind": "SecretStore"}
OPERATED: Change = put("external_secrets", {"store": STORE, "secrets": {"tempo-bucket": {"data": {
    key: {"key": "s3", "property": key} for key in KEYS}}}})  # fmt: skip
UNWATCHED = put("monitoring.rules", "none"), put("monitoring.scrape", "none")
HOSTS = {"http": "telemetry.example.org", "grpc": "otlp.example.org"}
INGRESS: Change = put("security.ingress", {"namespaces": [{"name": "ingress"}]})
EXPOSED: Change = all_of(INGRESS, put("gateway.expose", {
    "kind": "gateway_api", "hosts": HOSTS, "parent": {"name": "edge", "namespace": "infra"}}))  # fmt: skip


def secret(*keys: str) -> dict[str, Any]:
    return {"kind": "Secret", "data": {key: base64.b64encode(b"x").decode() for key in keys}}


def kinds(**named: str) -> dict[str, Any]:
    return {"resources": [{"kind": kind, "name": name} for kind, name in named.items()]}


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def ask(check: Any, answers: dict[str, Any], *changes: Change) -> list[str]:
        with by_path(answers) as server:
            return findings_at(server, tmp_path, check.check, "prod", *UNWATCHED, *changes)

    return ask


def test_a_secret_or_a_key_that_is_not_there_is_named_with_its_setting(ask: Any) -> None:
    there = {f"{NAMESPACE}/secrets/edge": secret("tls.crt", "tls.key")}
    assert ask(existing_secrets, there, NAMED) == [
        "telemetry:object_store.secrets.traces: there is no Secret tempo-bucket in ca7f8f-prod; make it, with "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        "telemetry:gateway.client_ca_secret: Secret edge has no root.pem; it has tls.crt, tls.key; say which key is "
        "which, or add what is missing",
    ]
    there = {f"{NAMESPACE}/secrets/edge": secret("tls.crt", "tls.key", "root.pem")}
    assert ask(existing_secrets, there | {f"{NAMESPACE}/secrets/tempo-bucket": secret(*KEYS)}, NAMED) == []


def test_what_is_shown_to_those_who_are_scraped_is_looked_for_where_it_is_read(ask: Any) -> None:
    access = {"certificate": "scraper", "server_name": "loki"}
    loki = put("existing", {"logs": {"namespace": "logging", "pods": {"app": "loki"}, "port": 3100, "access": access}})
    said = (
        "telemetry:existing.logs.access.certificate: there is no Secret scraper in logging; make it, with tls.crt and"
    )
    (line,) = ask(existing_secrets, {}, MONITORS, loki)
    assert line.startswith(said)
    there = {"/api/v1/namespaces/logging/secrets/scraper": secret("tls.crt", "tls.key", "ca.crt")}
    assert ask(existing_secrets, there, MONITORS, loki) == []


def test_what_is_not_to_be_seen_or_an_operator_makes_is_not_asked_for(ask: Any) -> None:
    there: dict[str, Any] = {f"{NAMESPACE}/secrets/edge": 403}
    assert ask(existing_secrets, there, NAMED, OPERATED) == []
    assert ask(existing_secrets, {}, NAMED, put("namespace.create", True)) == []


@pytest.mark.parametrize(("code", "said"), [(200, []), (403, ["refused the key pair of Secret tempo-bucket"])])
def test_a_key_pair_in_a_secret_is_tried_at_the_object_store(tmp_path: Path, code: int, said: list[str]) -> None:
    held = {key: base64.b64encode(text.encode()).decode() for key, text in KEYS.items()}
    listed = "<ListAllMyBucketsResult><Owner><ID>x</ID></Owner><Buckets/></ListAllMyBucketsResult>"
    store = s3_answer(code, listed if code == 200 else s3_error("InvalidAccessKeyId"))
    answers = {f"{NAMESPACE}/secrets/tempo-bucket": {"kind": "Secret", "data": held}}
    with by_path(answers) as server, answering(store) as s3_server:
        file = tmp_path / "kubeconfig"
        file.write_text(kubeconfig(server, "ca7f8f-prod", "kt0-fake"))
        stack = load_stack(
            "prod",
            put("kubernetes.kubeconfig", str(file)),
            put("object_store.provisioning_endpoint", s3_server),
            put("object_store.secrets.traces", "tempo-bucket"),
            drop("credentials.traces"),
        )
        found = s3.check_all(stack, credentials().model_copy(update={"traces": None}))
    mine = [line for line in found if line.startswith("telemetry:object_store.secrets.traces: ")]
    assert len(mine) == len(said)
    assert all(each in line for each, line in zip(said, mine, strict=True))
    assert not any(text in line for line in found for text in KEYS.values())


def test_a_kind_that_the_cluster_does_not_have_is_told_with_the_version_that_it_has(ask: Any) -> None:
    (line,) = ask(custom_resources, {}, OPERATED)
    assert line == (
        "telemetry:external_secrets: the cluster has no ExternalSecret of external-secrets.io/v1; have it installed, "
        "or do without"
    )
    older = {
        "/apis/external-secrets.io": {"versions": [{"version": "v1beta1"}]},
        "/apis/external-secrets.io/v1beta1": kinds(ExternalSecret="externalsecrets", SecretStore="secretstores"),
    }
    (line,) = ask(custom_resources, older, OPERATED)
    assert line.endswith("external-secrets.io/v1, but of v1beta1; say that version")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({}, ""),
        ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, ""),
        (403, ""),
        (404, "external_secrets.store: there is no SecretStore vault in ca7f8f-prod; make it"),
        ({"status": {"conditions": [{"type": "Ready", "status": "False"}]}}, "says that it is not ready"),
    ],
)
def test_the_store_is_there_and_ready_as_far_as_is_to_be_seen(ask: Any, answer: Any, said: str) -> None:
    served = {
        "/apis/external-secrets.io/v1": kinds(ExternalSecret="externalsecrets", SecretStore="secretstores"),
        "/apis/external-secrets.io/v1/namespaces/ca7f8f-prod/secretstores/vault": answer,
    }
    found = ask(custom_resources, served, OPERATED)
    assert len(found) == bool(said)
    assert all(said in line for line in found)


def test_ways_in_from_outside_have_their_kinds_and_the_gateway_that_they_name(ask: Any) -> None:
    api = "/apis/gateway.networking.k8s.io/v1"
    assert {line.split(" of ")[0] for line in ask(custom_resources, {}, EXPOSED)} == {
        "telemetry:gateway.expose.kind: the cluster has no TLSRoute",
        "telemetry:gateway.expose.parent: the cluster has no Gateway",
    }
    served = {api: kinds(Gateway="gateways", TLSRoute="tlsroutes")}
    (line,) = ask(custom_resources, served, EXPOSED)
    assert line == "telemetry:gateway.expose.parent: there is no Gateway edge in infra; make it, or correct it"
    assert ask(custom_resources, served | {f"{api}/namespaces/infra/gateways/edge": {}}, EXPOSED) == []
    (line,) = ask(custom_resources, {}, INGRESS, put("gateway.expose", {"kind": "route", "hosts": HOSTS}))
    assert "the cluster has no Route of route.openshift.io/v1" in line
    built_in = put("gateway.expose", {"kind": "ingress", "hosts": HOSTS, "class_name": "nginx"})
    assert ask(custom_resources, {}, INGRESS, built_in) == []


RULES, MONITORS = put("monitoring.rules", "prometheus-rule"), put("monitoring.scrape", "operator")
OF_OPERATOR = "/apis/monitoring.coreos.com/v1"
CERTIFIED = put("gateway.certificate", {"source": "cert-manager", "issuer": {"name": "ours", "kind": "ClusterIssuer"}})


def test_each_setting_whose_kinds_the_cluster_does_not_have_is_named(ask: Any) -> None:
    found = ask(custom_resources, {}, RULES, MONITORS, CERTIFIED)
    assert [line.partition(";")[0] for line in found] == [
        "telemetry:gateway.certificate.issuer: the cluster has no Certificate of cert-manager.io/v1",
        "telemetry:gateway.certificate.issuer: the cluster has no ClusterIssuer of cert-manager.io/v1",
        "telemetry:monitoring.rules: the cluster has no PrometheusRule of monitoring.coreos.com/v1",
        "telemetry:monitoring.scrape: the cluster has no PodMonitor of monitoring.coreos.com/v1",
    ]
    rules_alone = {OF_OPERATOR: kinds(PrometheusRule="prometheusrules", ServiceMonitor="servicemonitors")}
    (line,) = ask(custom_resources, rules_alone, RULES, MONITORS)
    assert line.startswith("telemetry:monitoring.scrape: the cluster has no PodMonitor")
    assert ask(custom_resources, {OF_OPERATOR: 403}, RULES, MONITORS) == []


def test_the_issuer_of_the_certificate_is_there(ask: Any) -> None:
    api = "/apis/cert-manager.io/v1"
    served = {api: kinds(Certificate="certificates", ClusterIssuer="clusterissuers")}
    (line,) = ask(custom_resources, served, CERTIFIED)
    assert line == "telemetry:gateway.certificate.issuer: there is no ClusterIssuer ours; make it, or correct it"
    assert ask(custom_resources, served | {f"{api}/clusterissuers/ours": {}}, CERTIFIED) == []


def test_whoever_deploys_is_asked_for_the_right_to_make_each_kind_where_it_is_made(tmp_path: Path) -> None:
    asked: list[tuple[str, str, str]] = []

    def allows(*what: str) -> bool:
        asked.append((what[0], what[1], what[2]))
        return what[1] != "podmonitors" or what[2] != "logging"

    served = {OF_OPERATOR: kinds(PrometheusRule="prometheusrules", PodMonitor="podmonitors")}
    loki = put("existing", {"logs": {"namespace": "logging", "pods": {"app": "loki"}, "port": 3100}})
    with by_path(served, allows) as server:
        (line,) = findings_at(server, tmp_path, custom_resources.check, "prod", RULES, MONITORS, loki)
    assert line == (
        "telemetry:monitoring.scrape: you may not create podmonitors.monitoring.coreos.com in logging; have somebody "
        "grant you that, or do without"
    )
    own = [("create", kind, "ca7f8f-prod") for kind in ("prometheusrules", "podmonitors")]
    assert {*own, ("create", "podmonitors", "logging")} <= {*asked}
    assert len(asked) == len({*asked}), "each is asked once"
