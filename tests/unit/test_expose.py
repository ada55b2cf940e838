"""The way in from outside: its objects, who may come by it, and whom outputs, Grafana and certificate follow."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from telemetry.gateway import access, workload
from telemetry.gateway.addresses import client_endpoints, cluster_endpoints, hosts, query_urls
from telemetry.gateway.expose import BALANCER, objects_of
from telemetry.gateway.layout import Layout
from telemetry.network.policies import policies_of
from telemetry.operations.preflight import certificate
from telemetry.stack import Stack
from telemetry.stack.outside import covers
from tests.doubles import Answer, answering, refused
from tests.preflight import findings_at
from tests.support import Change, all_of, credentials, load_stack, put
from tests.unit.bad_expose import HOSTS, INGRESS, PARENT, exposed
from tests.unit.test_preflight_tokens import holding

HTTP, GRPC = HOSTS["http"], HOSTS["grpc"]
KEY = credentials().gateway_key
OUTSIDE = put("security.grafana", {"cidrs": ["203.0.113.0/24"]})
CLIENTS = put("security.clients", {"cidrs": ["198.51.100.0/24", "203.0.113.0/24"]})
WAYS: dict[str, Change] = {
    "ingress": all_of(INGRESS, exposed("ingress", class_name="nginx")),
    "route": exposed("route"),
    "gateway_api": all_of(INGRESS, exposed("gateway_api", parent=PARENT)),
    "load_balancer": all_of(CLIENTS, exposed("load_balancer")),
}
each_way = pytest.mark.parametrize("kind", WAYS)


def leads_to(wanted: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each name that an object is for, and the port of the gateway's Service that it leads to."""
    spec = wanted["spec"]
    if wanted["kind"] == "Ingress":
        for rule in spec["rules"]:
            (path,) = rule["http"]["paths"]
            yield rule["host"], path["backend"]["service"]["port"]["name"]
    elif wanted["kind"] == "Route":
        yield spec["host"], spec["port"]["targetPort"]
    elif wanted["kind"] == "TLSRoute":
        yield spec["hostnames"][0], spec["rules"][0]["backendRefs"][0]["port"]


def only(stack: Stack) -> dict[str, Any]:
    (wanted,) = objects_of(stack)
    return wanted


@pytest.mark.parametrize("environment", ["dev", "test", "prod"])
def test_without_one_there_is_nothing_of_it(environment: str) -> None:
    stack = load_stack(environment)
    assert list(objects_of(stack)) == []
    assert all(client_endpoints(each) == cluster_endpoints(each) for each in stack.backends)


@each_way
def test_each_name_leads_to_the_port_that_speaks_its_protocol(kind: str) -> None:
    found = [pair for each in objects_of(load_stack("dev", WAYS[kind])) for pair in leads_to(each)]
    ports = {each["name"]: each["port"] for each in workload.service()["ports"]}
    expected = {
        "ingress": {(HTTP, "https"), (GRPC, "otlp-grpc")},
        "route": {(HTTP, "https"), (GRPC, "otlp-grpc")},
        "gateway_api": {(HTTP, ports["https"]), (GRPC, ports["otlp-grpc"])},
        "load_balancer": set(),
    }
    assert set(found) == expected[kind]


def test_an_ingress_has_its_class_passes_tls_through_and_has_no_path() -> None:
    found = only(load_stack("dev", INGRESS, exposed("ingress", class_name="nginx", annotations={"a/b": "c"})))
    assert found["metadata"]["annotations"] == {
        "nginx.ingress.kubernetes.io/ssl-passthrough": "true",
        "a/b": "c",
        "pulumi.com/skipAwait": "true",
    }
    assert found["spec"]["ingressClassName"] == "nginx"
    assert found["spec"]["tls"] == [{"hosts": [HTTP, GRPC]}]
    assert "path" not in found["spec"]["rules"][0]["http"]["paths"][0]


def test_an_unknown_class_is_told_by_annotations_alone() -> None:
    told = {"example.org/passthrough": "yes"}
    found = only(load_stack("dev", INGRESS, exposed("ingress", annotations=told)))
    assert found["metadata"]["annotations"] == {**told, "pulumi.com/skipAwait": "true"}
    assert "ingressClassName" not in found["spec"]


def test_routes_end_no_tls_and_offer_no_plain_http() -> None:
    found = list(objects_of(load_stack("dev", exposed("route"))))
    assert [each["metadata"]["name"] for each in found] == ["gateway-http", "gateway-grpc"]
    for each in found:
        assert each["spec"]["tls"] == {"termination": "passthrough", "insecureEdgeTerminationPolicy": "None"}
        assert "annotations" not in each["metadata"]


def test_tls_routes_are_of_the_gateway_that_is_named() -> None:
    parent = {**PARENT, "listener": "tls", "version": "v1alpha3"}
    for each in objects_of(load_stack("dev", INGRESS, exposed("gateway_api", parent=parent))):
        assert each["apiVersion"] == "gateway.networking.k8s.io/v1alpha3"
        assert each["spec"]["parentRefs"] == [{"name": "edge", "namespace": "edge", "sectionName": "tls"}]


def test_a_load_balancer_lets_in_whom_security_names_and_keeps_their_addresses() -> None:
    found = only(
        load_stack("dev", CLIENTS, OUTSIDE, exposed("load_balancer", class_name="cloud", hosts={"http": HTTP}))
    )
    assert found["metadata"]["name"] == BALANCER
    assert (
        found["spec"].items()
        >= {
            "type": "LoadBalancer",
            "loadBalancerClass": "cloud",
            "externalTrafficPolicy": "Local",
            "loadBalancerSourceRanges": ["198.51.100.0/24", "203.0.113.0/24"],
            **workload.service(),
        }.items()
    )


@each_way
def test_those_who_are_named_may_come_and_nobody_else(kind: str) -> None:
    alone, open_ = (policies_of(load_stack("dev", change))["gateway"]["ingress"] for change in (_INSIDE, WAYS[kind]))
    added = [rule for rule in open_ if rule not in alone]
    layout = Layout()
    both = [{"port": port, "protocol": "TCP"} for port in (layout.https_port, layout.grpc_port)]
    routers = {"namespaceSelector": {"matchLabels": {"policy-group.network.openshift.io/ingress": ""}}}
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
    clients = [{"ipBlock": {"cidr": cidr}} for cidr in ("198.51.100.0/24", "203.0.113.0/24")]
    peers = {"ingress": [controller], "route": [routers], "gateway_api": [controller], "load_balancer": clients}
    assert added == [{"from": peers[kind], "ports": both}]


_INSIDE: Change = all_of(put("tenants", [{"id": "payments", "display_name": "Payments"}]), put("gateway", {}))


@each_way
def test_outputs_follow_and_pods_of_the_cluster_stay_in_it(kind: str) -> None:
    stack = load_stack("dev", WAYS[kind])
    traces, metrics = (client_endpoints(stack.backend(signal)) for signal in ("traces", "metrics"))
    assert traces.otlp_grpc == f"{GRPC}:{4317 if kind == 'load_balancer' else 443}"
    assert (traces.otlp_http, metrics.query) == (f"https://{HTTP}/v1/traces", f"https://{HTTP}/prometheus")
    assert cluster_endpoints(stack.backend("traces")).otlp_grpc == "gateway.ca7f8f-dev.svc:4317"


@pytest.mark.parametrize(
    ("place", "more", "at"),
    [
        ({"namespaces": [{}]}, (), "https://gateway.ca7f8f-dev.svc.cluster.local./prometheus"),
        ({"cidrs": ["203.0.113.0/24"]}, (), f"https://{HTTP}/prometheus"),
        ({"namespaces": [{}], "cidrs": ["203.0.113.0/24"]}, (), f"https://{HTTP}/prometheus"),
        (
            {"cidrs": ["10.0.0.0/8"]},
            (put("gateway.expose", None),),
            "https://gateway.ca7f8f-dev.svc.cluster.local./prometheus",
        ),
    ],
    ids=["inside", "outside", "on both sides", "outside, but it finds Services"],
)
def test_grafana_is_given_the_address_of_the_side_that_it_is_on(place: Any, more: tuple[Change, ...], at: str) -> None:
    stack = load_stack(
        "dev", exposed("route"), put("security.grafana", place), put("grafana.reaches_services", True), *more
    )
    assert query_urls(stack)["metrics"] == at


@each_way
def test_the_gateways_certificate_is_for_all_names(kind: str) -> None:
    stack = load_stack("dev", WAYS[kind])
    pair = access.server_of(stack, KEY)
    assert pair is not None
    assert stack.gateway is not None
    assert {HTTP, GRPC} < {*names_in(pair.certificate)} == {*hosts(stack.gateway, "ca7f8f-dev", "cluster.local")}


def names_in(pem: str) -> list[str]:
    found = x509.load_pem_x509_certificate(pem.encode())
    return found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)


@pytest.mark.parametrize(
    ("name", "host", "is_good"),
    [
        ("otlp.example.org", "otlp.example.org", True),
        ("*.example.org", "otlp.example.org", True),
        ("*.example.org", "otlp.dev.example.org", False),
        ("example.org", "otlp.example.org", False),
    ],
)
def test_a_wildcard_is_for_one_label(name: str, host: str, is_good: bool) -> None:
    assert covers([name], host) is is_good


# An existing certificate, before an up

EXISTING: Change = all_of(
    exposed("route"),
    put("gateway.certificate", {"source": "existing", "secret": "edge-cert"}),
    put("gateway.hosts", [HTTP, GRPC]),
)


def ask(tmp_path: Path, server: str) -> list[str]:
    return findings_at(server, tmp_path, certificate.check, "dev", EXISTING)


def issued_for(*names: str) -> str:
    """Return a certificate in PEM."""
    pair = access.own_authority(load_stack("dev", _INSIDE), KEY).server(list(names))
    return pair.certificate


def test_an_existing_certificate_that_lacks_a_name_stops_an_up(tmp_path: Path) -> None:
    with answering(holding(**{"tls.crt": issued_for(HTTP, "gateway")})) as server:
        (line,) = ask(tmp_path, server)
    assert line.startswith("telemetry:gateway.certificate.secret: the certificate in Secret edge-cert is for ")
    assert f"clients outside call {GRPC}" in line


def test_what_is_no_certificate_is_told(tmp_path: Path) -> None:
    with answering(holding(**{"tls.crt": "no PEM"})) as server:
        (line,) = ask(tmp_path, server)
    assert "is no certificate in PEM" in line


@pytest.mark.parametrize(
    "answer", [Answer(404), Answer(403), Answer(body="[]")], ids=["not there", "not for us", "no Secret"]
)
def test_what_cannot_be_seen_is_left_to_the_pods(tmp_path: Path, answer: Answer) -> None:
    with answering(answer) as server:
        assert ask(tmp_path, server) == []
    assert ask(tmp_path, refused()) == []


def test_a_wildcard_will_do(tmp_path: Path) -> None:
    with answering(holding(**{"tls.crt": issued_for("*.example.org")})) as server:
        assert ask(tmp_path, server) == []
