"""What is scraped: every pod that has metrics, once, whoever does it.

tests/sandbox/test_scraping.py holds it against the pods of the charts.
"""

import pytest

from telemetry.config.network import NAMESPACE_LABEL
from telemetry.gateway import workload
from telemetry.monitoring.operator import kinds_of, pod_monitors
from telemetry.monitoring.scraping import Target, targets_of
from telemetry.network.peers import workloads_of
from telemetry.network.policies import policies_of
from telemetry.spec.flows import COMPONENT_LABEL, INSTANCE_LABEL, NAME_LABEL, Pods
from telemetry.stack import ConfigError
from tests.support import ALL_BACKENDS, Change, all_of, load_stack, put
from tests.unit.bad_collectors import API_SERVER, DAEMON_SET, SCRAPES

OPERATOR: Change = put("monitoring.scrape", "operator")
ANNOTATIONS: Change = put("monitoring.scrape", "annotations")
ALL: dict[str, Change] = {name: all_of(change, put("collector", DAEMON_SET)) for name, change in ALL_BACKENDS.items()}
EXAMPLE = {"prometheus.io/scrape": "true", "prometheus.io/path": "/metrics", "prometheus.io/scheme": "http"}


def selects(target: Target, pods: Pods) -> bool:
    """Whether a target's selector selects pods."""
    labels = {NAME_LABEL: pods.app, INSTANCE_LABEL: pods.release, COMPONENT_LABEL: pods.role}
    found = target.selector["matchLabels"].items() <= labels.items()
    for term in target.selector["matchExpressions"]:
        found = found and (labels[term["key"]] in term["values"]) is (term["operator"] == "In")
    return found


@pytest.mark.parametrize("environment", ALL)
def test_every_pod_with_metrics_is_selected_once(environment: str) -> None:
    stack = load_stack(environment, ALL[environment])
    counts = {pods.name: sum(selects(each, pods) for each in targets_of(stack)) for pods in workloads_of(stack)}
    nginx = {"mimir-gateway"} if environment == "dev" else set()  # the chart's, which has no metrics
    assert {name for name, count in counts.items() if count != 1} == nginx


def test_nobody_elses_pods_are_selected() -> None:
    strangers = (Pods("loki", "our-own", "read"), Pods("loki", "loki", "read"), Pods("other", "mimir"))
    assert not [each for each in strangers for target in targets_of(load_stack("prod")) if selects(target, each)]


def test_an_operator_is_told_the_port_by_its_number_and_how_often() -> None:
    stack = load_stack("prod", OPERATOR, put("monitoring.scrape_interval", 45))
    found = {each.name: each for each in pod_monitors(stack)}
    assert list(found) == ["telemetry-mimir", "telemetry-tempo", "telemetry-gateway"]
    assert {each.namespace for each in found.values()} == {"ca7f8f-prod"}
    (endpoint,) = found["telemetry-tempo"].spec["podMetricsEndpoints"]
    keep = {"action": "keep", "sourceLabels": ["__meta_kubernetes_pod_container_port_number"], "regex": "3200"}
    assert endpoint == {"interval": "45s", "relabelings": [keep]}


def test_an_operator_trusts_the_backends_certificate_where_they_have_one() -> None:
    made = load_stack("prod", OPERATOR, put("gateway.backend_tls", {}))
    theirs = load_stack("prod", OPERATOR, put("gateway.backend_tls", {"secret": "ours"}))
    for stack, secret in ((made, "backends-tls"), (theirs, "ours")):
        endpoints = {each.name: each.spec["podMetricsEndpoints"][0] for each in pod_monitors(stack)}
        assert endpoints["telemetry-mimir"]["scheme"] == "https"
        assert endpoints["telemetry-mimir"]["tlsConfig"] == {
            "ca": {"secret": {"name": secret, "key": "ca.crt"}},
            "serverName": "backends.ca7f8f-prod.svc",
        }
        assert "scheme" not in endpoints["telemetry-gateway"]  # its health and metrics are plain


def test_what_the_cluster_has_to_know_follows_from_what_is_asked_for() -> None:
    rules = put("monitoring.rules", "prometheus-rule")
    assert kinds_of(load_stack("prod")) == {}
    assert kinds_of(load_stack("prod", OPERATOR, rules)) == {
        "monitoring.rules": "PrometheusRule",
        "monitoring.scrape": "PodMonitor",
    }


def test_a_prometheus_that_reads_annotations_finds_the_gateway() -> None:
    stack = load_stack("prod", ANNOTATIONS)
    assert stack.gateway is not None and stack.gateway_role is not None
    pods = workload.deployment(stack, stack.gateway, stack.gateway_role, watch="")["template"]["metadata"]
    assert {**EXAMPLE, "prometheus.io/port": "8080"}.items() <= pods["annotations"].items()


@pytest.mark.parametrize("place", ["annotations.pods", "metrics.annotations.objects"])
def test_annotations_of_the_users_own_do_not_say_it_again(place: str) -> None:
    twice = put(place, {"prometheus.io/port": "1"})
    load_stack("prod", twice)
    with pytest.raises(ConfigError, match=rf"telemetry:{place}.prometheus.io/port: is set by monitoring.scrape"):
        load_stack("prod", twice, ANNOTATIONS)


def test_whoever_scrapes_is_let_in() -> None:
    scrapers = {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: "openshift-user-workload-monitoring"}}}
    stack = load_stack("prod", put("collector", {**DAEMON_SET, "api_server": API_SERVER}), SCRAPES)
    ingress = {name: policy.get("ingress") or [] for name, policy in policies_of(stack).items()}
    for name, port in (("mimir-ingester", 8080), ("gateway", 8080), ("collector", 12345)):
        peers = [
            peer
            for rule in ingress[name]
            if {"port": port, "protocol": "TCP"} in rule["ports"]
            for peer in rule["from"]
        ]
        assert scrapers in peers
        assert any(peer.get("podSelector", {}).get("matchLabels", {}).get(NAME_LABEL) == "alloy" for peer in peers)
