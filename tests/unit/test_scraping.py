"""What is scraped: every pod that has metrics, once, whoever does it.

tests/sandbox/test_scraping.py holds it against the pods of the charts.
"""

import pytest

from telemetry.collector import values as alloy
from telemetry.collector.config import configuration
from telemetry.config.network import NAMESPACE_LABEL
from telemetry.gateway import workload
from telemetry.grafana.dashboards.dashboards import documents_of
from telemetry.monitoring.operator import kinds_of, pod_monitors, prometheus_rules
from telemetry.monitoring.rules import families_of, group_of
from telemetry.monitoring.scraping import Target, targets_of
from telemetry.network.peers import workloads_of
from telemetry.network.policies import policies_of
from telemetry.spec.alerts import Alert, Family, Record
from telemetry.spec.flows import COMPONENT_LABEL, INSTANCE_LABEL, NAME_LABEL, Pods
from telemetry.stack import ConfigError, Stack
from telemetry.stack.named_secrets import named_secrets
from tests.sandbox.alerts.case import EVERYTHING
from tests.support import ALL_BACKENDS, WITH_THANOS, WITH_THANOS_IN_PROD, Change, all_of, load_stack, put
from tests.unit.bad_collectors import API_SERVER, DAEMON_SET, SCRAPES

OPERATOR: Change = put("monitoring.scrape", "operator")
ANNOTATIONS: Change = put("monitoring.scrape", "annotations")
EXAMPLE = {"prometheus.io/scrape": "true", "prometheus.io/path": "/metrics", "prometheus.io/scheme": "http"}


def selects(target: Target, pods: Pods) -> bool:
    """Whether a target's selector selects pods."""
    labels = {NAME_LABEL: pods.app, INSTANCE_LABEL: pods.release, COMPONENT_LABEL: pods.role}
    terms = target.selector["matchExpressions"]
    fits = [(labels[each["key"]] in each["values"]) is (each["operator"] == "In") for each in terms]
    return all(fits) and set(target.selector["matchLabels"].items()) <= set(labels.items())


NOT_ONCE = {"mimir-gateway": 0, "prometheus-server": 2}
"""Pods that are not selected once: the chart's nginx, which has no metrics, and Prometheus', of two containers."""


@pytest.mark.parametrize("backends", ALL_BACKENDS)
def test_every_pod_with_metrics_is_selected_once(backends: str) -> None:
    environment, change = ALL_BACKENDS[backends]
    stack = load_stack(environment, change, put("collector", DAEMON_SET))
    counts = {pods.name: sum(selects(each, pods) for each in targets_of(stack)) for pods in workloads_of(stack)}
    assert {name: NOT_ONCE.get(name, 1) for name in counts} == counts


@pytest.mark.parametrize(("environment", "change"), [("dev", WITH_THANOS), ("prod", WITH_THANOS_IN_PROD)])
def test_programs_of_a_backend_that_are_called_otherwise_are_scraped_too(environment: str, change: Change) -> None:
    stack = load_stack(environment, change, OPERATOR)
    ports = {
        pods.name: {each.port for each in targets_of(stack) if selects(each, pods)} for pods in workloads_of(stack)
    }
    assert all(ports.values())
    assert ports["prometheus-server"] == {9_090, 10_902}
    assert ports["alertmanager"] == {9_093}
    names = [each.name for each in pod_monitors(stack)]
    assert len(names) == len(set(names))
    let_in = {name: str(policy.get("ingress")) for name, policy in policies_of(stack).items()}
    assert all(f"'port': {port}," in let_in["prometheus-server"] for port in ports["prometheus-server"])


@pytest.mark.parametrize(("environment", "change"), [("dev", WITH_THANOS), ("prod", WITH_THANOS_IN_PROD)])
def test_prometheus_scrapes_each_pod_of_its_backend_by_the_pods_name(environment: str, change: Change) -> None:
    """Or by its address, where pods have no lasting name: those of `query` and `receive-router`."""
    stack = load_stack(environment, change)
    prometheus = next(each.values for each in stack.backend("metrics").releases if each.name == "prometheus")
    jobs = [each for name, each in prometheus["scrapeConfigs"].items() if name.startswith("telemetry-")]
    named = {(to["labels"]["pod"], to["labels"]["container"]) for job in jobs for to in job.get("static_configs", ())}
    (metrics,) = stack.backend("metrics").sizes
    pods = {"prometheus": "prometheus-server", "sidecar": "prometheus-server", "alertmanager": "alertmanager"}
    containers = {**pods, "sidecar": "thanos-sidecar"}
    unnamed = {"query", "receive-router"}
    assert named == {
        (f"{pods.get(name, f'thanos-{name}')}-{number}", containers.get(name, f"thanos-{name}"))
        for name, role in metrics.roles.items()
        if name not in unnamed
        for number in range(role.replicas)
    }
    found = {to["names"][0].partition(".")[0] for job in jobs for to in job.get("dns_sd_configs", ())}
    assert found == {f"thanos-{name}-pods" for name in unnamed}


def test_annotations_name_one_port_of_each_program_of_thanos() -> None:
    stack = load_stack("prod", WITH_THANOS_IN_PROD, ANNOTATIONS)
    values = {each.name: each.values for each in stack.backend("metrics").releases}
    pods = {"prometheus": values["prometheus"]["server"], "alertmanager": values["alertmanager"]}
    ports = {name: each["podAnnotations"]["prometheus.io/port"] for name, each in pods.items()}
    assert ports == {"prometheus": "10902", "alertmanager": "9093"}


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
    assert kinds_of(load_stack("dev")) == {}
    assert kinds_of(load_stack("dev", OPERATOR, rules)) == {
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


LOKI = {"namespace": "logging", "pods": {"app": "loki"}, "port": 3100}
STORE = {"namespace": "tools", "pods": {"app": "weed", "tier": "storage"}, "port": 9327}
OTHERS: Change = all_of(
    put("existing", {"logs": LOKI}),
    put("monitoring.exporters", ["kube-state-metrics", "cadvisor", "kubelet", "seaweedfs"]),
    put("monitoring.object_store", STORE),
)


def test_what_others_run_is_told_of_in_their_namespace_under_a_name_of_this_stack() -> None:
    stack = load_stack("prod", OTHERS)
    objects = [each for each in (*pod_monitors(stack), *prometheus_rules(stack)) if each.namespace != "ca7f8f-prod"]
    assert {(each.kind, each.namespace, each.name) for each in objects} == {
        ("PrometheusRule", "logging", "telemetry-slo-loki-prod"),
        *(
            (kind, namespace, f"telemetry-{name}-prod")
            for kind in ("PodMonitor", "PrometheusRule")
            for namespace, name in (("logging", "loki"), ("tools", "object-store"))
        ),
    }
    selectors = {each.namespace: each.spec["selector"] for each in objects if each.kind == "PodMonitor"}
    assert selectors == {"logging": {"matchLabels": {"app": "loki"}}, "tools": {"matchLabels": STORE["pods"]}}
    at_home = put("existing.logs.namespace", "ca7f8f-prod")
    assert "telemetry-loki" in {each.name for each in pod_monitors(load_stack("prod", OTHERS, at_home))}


def test_rules_and_dashboards_of_others_look_at_their_namespace_and_know_no_quorum() -> None:
    stack = load_stack("prod", OTHERS)
    families = {each.name: each for each in families_of(stack)}
    for name, place in (("loki", "logging"), ("object-store", "tools")):
        rules = group_of(families[name], stack)["rules"]
        assert {rule["labels"]["namespace"] for rule in rules} == {place}
        assert all(f'namespace="{place}"' in rule["expr"] for rule in rules)
    names = {rule.name for rule in families["loki"].rules}
    assert "LokiNotScraped" in names
    assert "LokiWritersBelowQuorum" not in names
    boards = documents_of(stack, "uid")
    assert 'namespace=\\"logging\\"' in boards["telemetry-prod-loki"]
    assert 'namespace=\\"tools\\"' in boards["telemetry-prod-object-store"]


def test_the_collector_scrapes_what_others_run_and_reaches_nothing_else_of_theirs() -> None:
    stack = load_stack("prod", OTHERS, put("collector", {**DAEMON_SET, "api_server": API_SERVER}), SCRAPES)
    assert stack.collector is not None
    text = configuration(stack, stack.collector)
    assert text.count("prometheus.scrape ") == 3
    assert 'names = ["tools"]' in text
    assert 'label = "app=weed,tier=storage"' in text
    rights = alloy.values(stack, stack.collector)["rbac"]
    assert rights["namespaces"] == ["ca7f8f-prod", "logging", "tools"]
    to_tools = [
        (rule["ports"], peer)
        for rule in policies_of(stack)["collector"]["egress"]
        for peer in rule["to"]
        if peer.get("namespaceSelector", {}).get("matchLabels") == {NAMESPACE_LABEL: "tools"}
    ]
    assert [(ports, peer["podSelector"]["matchLabels"]) for ports, peer in to_tools] == [
        ([{"port": 9327, "protocol": "TCP"}], STORE["pods"])
    ]


ACCESS = {
    "certificate": {"name": "otel-tls", "private_key": "client.key"},
    "server_name": "collector",
    "token": "prometheus-token",
}
OWN = {"namespace": "apps", "pods": {"app": "otel"}, "port": 9464, "access": ACCESS}
GUARDED: Change = all_of(
    put("collector", {"kind": "otel", "own_metrics": OWN}), put("existing", {"logs": {**LOKI, "access": ACCESS}})
)


def test_an_operator_shows_pods_of_others_what_they_ask_for() -> None:
    found = {each.name: each for each in pod_monitors(load_stack("prod", GUARDED, OPERATOR))}
    for name, namespace in (("telemetry-collector-prod", "apps"), ("telemetry-loki-prod", "logging")):
        (endpoint,) = found[name].spec["podMetricsEndpoints"]
        assert found[name].namespace == namespace  # where the Secrets are, too
        assert endpoint["scheme"] == "https"
        assert endpoint["tlsConfig"] == {
            "ca": {"secret": {"name": "otel-tls", "key": "ca.crt"}},
            "cert": {"secret": {"name": "otel-tls", "key": "tls.crt"}},
            "keySecret": {"name": "otel-tls", "key": "client.key"},
            "serverName": "collector",
        }
        assert endpoint["authorization"] == {"credentials": {"name": "prometheus-token", "key": "token"}}
    assert "authorization" not in found["telemetry-mimir"].spec["podMetricsEndpoints"][0]


def test_our_collector_mounts_and_shows_pods_of_others_what_they_ask_for() -> None:
    daemon_set = put("collector", {**DAEMON_SET, "api_server": API_SERVER})
    stack = load_stack("prod", GUARDED, daemon_set, SCRAPES)
    assert stack.collector is not None
    block = configuration(stack, stack.collector).partition('prometheus.scrape "loki" {')[2].partition("\n}\n")[0]
    place = "/etc/telemetry-scraped/loki"
    for word in ('scheme            = "https"', f'= "{place}/token"', f'= "{place}/tls.crt"', f'= "{place}/tls.key"',
                 f'= "{place}/ca.crt"', 'server_name = "collector"'):  # fmt: skip
        assert word in block
    values = alloy.values(stack, stack.collector)
    assert {"name": "scraped-loki", "mountPath": place, "readOnly": True} in values["alloy"]["mounts"]["extra"]
    (volume,) = (each for each in values["controller"]["volumes"]["extra"] if each["name"] == "scraped-loki")
    certificate, token = (each["secret"] for each in volume["projected"]["sources"])
    assert {each["path"]: each["key"] for each in certificate["items"]} == {
        "ca.crt": "ca.crt",
        "tls.crt": "tls.crt",
        "tls.key": "client.key",
    }
    assert token == {"name": "prometheus-token", "items": [{"key": "token", "path": "token"}]}


@pytest.mark.parametrize(("scrape", "namespaces"), [("operator", {"apps", "logging"}), ("none", set())])
def test_the_secrets_are_looked_for_where_they_are_read(scrape: str, namespaces: set[str]) -> None:
    asked = put("existing", {"logs": {**LOKI, "access": ACCESS}}) if namespaces else put("existing", {})
    stack = load_stack("prod", GUARDED, asked, put("monitoring.scrape", scrape))
    wanted = [each for each in named_secrets(stack) if ".access." in each.setting]
    assert {each.namespace for each in wanted} == namespaces
    assert {each.setting.rpartition(".")[2] for each in wanted} == ({"certificate", "token"} if namespaces else set())


def test_rules_and_dashboard_of_a_collector_that_exists_already_look_at_its_namespace() -> None:
    stack = load_stack("prod", put("collector", {"kind": "otel", "own_metrics": OWN}))
    (family,) = (each for each in families_of(stack) if each.name == "collector")
    assert {rule.name for rule in family.rules} == {f"Collector{what}" for what in (
        "NotScraped", "QueueFull", "LosesData", "RefusesData")}  # fmt: skip
    rules = group_of(family, stack)["rules"]
    assert all('namespace="apps"' in rule["expr"] and rule["labels"]["namespace"] == "apps" for rule in rules)
    board = documents_of(stack, "uid")["telemetry-prod-collector"]
    assert 'namespace=\\"apps\\"' in board
    assert stack.namespace.name not in board
    silent = load_stack("prod", put("collector", {"kind": "otel"}))
    assert "collector" not in {each.name for each in families_of(silent)}
    assert "telemetry-prod-collector" not in documents_of(silent, "uid")


def levels(stack: Stack) -> dict[str, Family]:
    """Return the families of service levels."""
    return {each.name: each for each in families_of(stack) if each.name.startswith("slo")}


def test_a_loki_of_others_has_service_levels_in_its_namespace_that_are_recorded_once() -> None:
    stack = load_stack("prod", OTHERS)
    theirs = levels(stack)["slo-loki"]
    assert theirs.namespace == "logging"
    records = [rule for rule in theirs.rules if isinstance(rule, Record)]
    assert {rule.labels.get("slo") for rule in records} == {"logs-ingest", "logs-query", None}
    assert {rule.labels["namespace"] for rule in records if rule.labels} == {"logging"}
    assert all('namespace="logging"' in rule.expr for rule in theirs.rules)
    assert {rule.name for rule in theirs.rules if isinstance(rule, Alert)} == {
        f"Logs{what}Burns{speed}" for what in ("Ingest", "Query") for speed in ("Fast", "Slow")
    }
    strict = load_stack("prod", OTHERS, put("monitoring.objectives.logs_ingest", {"target": 99.99}))
    assert "> 0.00144" in next(
        each.expr for each in levels(strict)["slo-loki"].rules if each.name == "LogsIngestBurnsFast"
    )
    at_home = levels(load_stack("prod", OTHERS, put("existing.logs.namespace", "ca7f8f-prod")))
    assert "slo-loki" not in at_home
    recorded = [
        (rule.name, *rule.labels.items())
        for family in at_home.values()
        for rule in family.rules
        if isinstance(rule, Record)
    ]
    assert len(recorded) == len(set(recorded))
    assert {"LogsIngestBurnsFast", "LogsQueryBurnsSlow"} <= {rule.name for rule in at_home["slo"].rules}
    board = documents_of(stack, "uid")["telemetry-prod-slo"]
    assert "Taking lines: error budget left" in board
    assert 'namespace=\\"logging\\", slo=\\"logs-query\\"' in board


@pytest.mark.parametrize(
    ("change", "key", "mend"),
    [
        (
            put("existing", {"logs": {**LOKI, "access": ACCESS}}),
            "existing.logs.access",
            "is shown by nobody, as monitoring.scrape is none; set that to collector or operator, or remove it",
        ),
        (
            put("existing", {"logs": {**LOKI, "access": {"server_name": "a"}}}),
            "existing.logs.access.certificate",
            "is not set",
        ),
        (put("existing", {"metrics": LOKI}), "existing.metrics", "is ours (telemetry:metrics); remove one of the two"),
        (
            put("existing", {"profiles": LOKI}),
            "existing.profiles",
            "has no alerts, service levels and dashboard that hold elsewhere",
        ),
        (put("existing", {"logs": {**LOKI, "pods": {}}}), "existing.logs.pods", "is empty"),
        (
            put("existing", {"logs": {**LOKI, "url": "http://a", "datasource": "b"}}),
            "existing.logs.url",
            "one of the two",
        ),
        (put("existing", {"logs": {**LOKI, "grafana_org": 3}}), "existing.logs.grafana_org", "add it, or remove this"),
        (put("existing", {"logs": {**LOKI, "tenant": "a"}}), "existing.logs.tenant", "add it, or remove this"),
        (put("monitoring.object_store", STORE), "monitoring.object_store", "without seaweedfs in exporters"),
    ],
)
def test_a_mistake_about_others_is_one_line(change: Change, key: str, mend: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_stack("prod", put("monitoring.scrape", "none"), change)
    (line,) = raised.value.findings
    assert line.startswith(f"telemetry:{key}: ")
    assert mend in line


def test_nothing_is_scraped_without_an_alert_that_tells_when_it_no_longer_is() -> None:
    stack = load_stack("prod", EVERYTHING, put("monitoring.object_store", STORE))
    missing = [rule for family in families_of(stack) for rule in family.rules if rule.name.endswith("NotScraped")]
    without_alerts = [backend for backend in stack.backends if backend.of.alerts is None]
    assert len(missing) == len(targets_of(stack)) - len(without_alerts)


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
