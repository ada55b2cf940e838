"""Flows of a stack and the policies made of them, where they are read from the settings, and the page about them.

Whether the policies hold for the pods that the charts make is asked in tests/sandbox/test_guardrails_pods.py.
"""

import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from docs import make_network
from telemetry.config.network import Destination, Place, named
from telemetry.network.diagram import mermaid
from telemetry.network.evaluate import matches
from telemetry.network.flows import flows_of
from telemetry.network.peers import neighbours_of, workloads_of
from telemetry.network.policies import DEFAULT_DENY, policies_of
from telemetry.network.table import EVERY_POD, ports_text, words
from telemetry.spec.flows import Flow, Outside, Pods, Port
from telemetry.stack import ConfigError, Stack
from tests.support import ENVIRONMENTS, Change, all_of, drop, load_stack, put

each_environment = pytest.mark.parametrize("environment", ENVIRONMENTS)
ENDPOINT = "object_store.endpoint"
ELSEWHERE = {"namespaces": [{"kubernetes.io/metadata.name": "elsewhere"}]}


def rules(stack: Stack) -> list[dict[str, Any]]:
    """Return every rule of every policy."""
    return [
        rule for spec in policies_of(stack).values() for rule in (*spec.get("ingress", ()), *spec.get("egress", ()))
    ]


def of(stack: Stack, source: str, target: str) -> list[Flow]:
    """Return the flows between two peers, by name."""
    return [
        flow
        for flow in flows_of(stack)
        if source in [each.name for each in flow.sources] and target in [each.name for each in flow.targets]
    ]


def numbers(flows: list[Flow]) -> set[int]:
    return {port.number for flow in flows for port in flow.ports}


@each_environment
def test_one_policy_for_each_workload_and_one_for_the_rest(environment: str) -> None:
    stack = load_stack(environment)
    policies = policies_of(stack)
    assert list(policies) == [DEFAULT_DENY, *(pods.name for pods in workloads_of(stack))]
    assert {tuple(spec["policyTypes"]) for spec in policies.values()} == {("Ingress", "Egress")}
    assert policies[DEFAULT_DENY].keys() == {"podSelector", "policyTypes"}


def test_switched_off_there_are_none() -> None:
    assert policies_of(load_stack("prod", put("security.network_policies", False))) == {}


@each_environment
def test_each_policy_selects_one_workload_and_the_last_resort_all_of_them(environment: str) -> None:
    stack = load_stack(environment)
    policies = policies_of(stack)
    for pods in workloads_of(stack):
        labels = {**pods.labels, "helm.sh/chart": "any"}
        selecting = [name for name, spec in policies.items() if matches(spec["podSelector"], labels)]
        assert selecting == [DEFAULT_DENY, pods.name]


@pytest.mark.parametrize(
    "labels",
    [
        {},
        {"app": "mimir"},
        {"app.kubernetes.io/name": "grafana", "app.kubernetes.io/instance": "mimir"},
        {"app.kubernetes.io/name": "mimir", "app.kubernetes.io/instance": "mimir-of-others"},
        {"app.kubernetes.io/name": "gateway", "app.kubernetes.io/instance": "shop"},
    ],
)
@each_environment
def test_pods_of_others_in_the_namespace_are_left_alone(environment: str, labels: dict[str, str]) -> None:
    assert not [n for n, spec in policies_of(load_stack(environment)).items() if matches(spec["podSelector"], labels)]


def test_a_role_that_a_chart_adds_is_closed() -> None:
    labels = {**Pods("mimir", "mimir", "new-role").labels}
    selecting = [name for name, spec in policies_of(load_stack("prod")).items() if matches(spec["podSelector"], labels)]
    assert selecting == [DEFAULT_DENY]


NOBODY = all_of(*(put(f"security.{key}", {}) for key in ("grafana", "clients", "monitoring", "dns", "api_server")))


@pytest.mark.parametrize("change", [all_of(), NOBODY], ids=["by default", "without neighbours"])
@each_environment
def test_no_rule_is_open_for_want_of_a_peer_or_a_port(environment: str, change: Change) -> None:
    found = rules(load_stack(environment, change))
    assert found
    assert [rule for rule in found if not (rule.get("from") or rule.get("to")) or not rule["ports"]] == []


def test_an_empty_list_of_rules_is_left_out() -> None:
    """The API server drops it, and a difference for ever would be left."""
    specs = policies_of(load_stack("prod", NOBODY))
    assert specs["mimir-overrides-exporter"].keys() == {"podSelector", "policyTypes"}
    assert [name for name, spec in specs.items() if [] in spec.values()] == []


@each_environment
def test_an_empty_place_is_nobody(environment: str) -> None:
    stack = load_stack(environment, NOBODY)
    outside = {
        each.name for flow in flows_of(stack) for each in flow.sources + flow.targets if isinstance(each, Outside)
    }
    assert outside == {"object store"}


@each_environment
def test_flows_are_told_apart_by_why(environment: str) -> None:
    flows = flows_of(load_stack(environment))
    assert not [one.why for one, other in combinations(flows, 2) if one == other]
    assert all(flow.why and flow.ports and flow.sources and flow.targets for flow in flows)


@pytest.mark.parametrize(("platform", "ports"), [("openshift", {53, 5353}), ("kubernetes", {53})])
def test_dns_is_where_the_platform_has_it(platform: str, ports: set[int]) -> None:
    stack = load_stack("prod", put("kubernetes.platform", platform))
    (flow,) = [each for each in flows_of(stack) if neighbours_of(stack).dns in each.targets]
    assert set(flow.ports) == {Port(number, protocol) for number in ports for protocol in ("TCP", "UDP")}
    assert set(flow.sources) == set(workloads_of(stack))
    where = {"openshift": "openshift-dns", "kubernetes": "kube-system"}[platform]
    assert neighbours_of(stack).dns.place == named(where)


@pytest.mark.parametrize("key", ["grafana", "clients", "monitoring", "dns", "api_server"])
def test_who_is_elsewhere_is_looked_for_there(key: str) -> None:
    stack = load_stack("prod", put(f"security.{key}", ELSEWHERE))
    assert getattr(neighbours_of(stack), key).place == named("elsewhere")
    assert {"namespaceSelector": {"matchLabels": ELSEWHERE["namespaces"][0]}} in [
        peer for rule in rules(stack) for peer in rule.get("from", rule.get("to", []))
    ]


def test_a_place_may_be_narrowed_to_pods_and_widened_to_every_namespace_and_to_addresses() -> None:
    place = {"namespaces": [{}, {"team": "a"}], "pods": {"app": "collector"}, "cidrs": ["10.20.0.0/16"]}
    stack = load_stack("prod", put("security.clients", place))
    (rule,) = [rule for rule in rules(stack) if {"ipBlock": {"cidr": "10.20.0.0/16"}} in rule.get("from", [])]
    pods = {"podSelector": {"matchLabels": {"app": "collector"}}}
    assert rule["from"] == [
        {"namespaceSelector": {}, **pods},
        {"namespaceSelector": {"matchLabels": {"team": "a"}}, **pods},
        {"ipBlock": {"cidr": "10.20.0.0/16"}},
    ]


@pytest.mark.parametrize(
    ("endpoint", "place", "port"),
    [
        ("http://seaweedfs-s3.tools.svc:8333", named("tools"), 8333),
        ("https://seaweedfs-s3.tools.svc.cluster.local", named("tools"), 443),
        ("http://s3.pod.tools.svc", named("tools"), 80),
        ("HTTP://seaweedfs:8333", named("ca7f8f-dev"), 8333),
        ("http://192.0.2.7:8333", Place(cidrs=["192.0.2.7/32"]), 8333),
        ("http://[2001:db8::7]:8333", Place(cidrs=["2001:db8::7/128"]), 8333),
    ],
)
def test_the_object_store_is_where_its_endpoint_says(endpoint: str, place: Place, port: int) -> None:
    store = neighbours_of(load_stack("dev", put(ENDPOINT, endpoint))).object_store.place
    assert isinstance(store, Destination)
    assert (store.namespaces, store.cidrs, store.ports) == (place.namespaces, place.cidrs, [port])


@pytest.mark.parametrize("endpoint", ["https://s3.example.org:8333", "http://seaweedfs.tools:8333", "http://svc.svc"])
def test_an_object_store_that_could_be_anywhere_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_stack("dev", put(ENDPOINT, endpoint))
    (finding,) = refused.value.findings
    assert finding.startswith("telemetry:security.object_store: ")
    assert "add {cidrs: […]} or {namespaces: […]}" in finding
    assert load_stack("dev", put(ENDPOINT, endpoint), put("security.network_policies", False))
    assert load_stack("dev", put(ENDPOINT, endpoint), put("security.object_store", {"cidrs": ["10.0.0.0/8"]}))


def test_the_object_stores_pods_may_listen_on_another_port_than_its_service() -> None:
    stack = load_stack("prod", put("security.object_store", {"ports": [8080, 8081]}))
    assert numbers(of(stack, "mimir-ingester", "object store")) == {8080, 8081}
    assert neighbours_of(stack).object_store.place.namespaces == named("ca7f8f-tools").namespaces


def test_notifications_leave_only_where_receivers_are_named() -> None:
    assert of(load_stack("prod"), "mimir-alertmanager", "alert receivers") == []
    stack = load_stack("prod", put("security.alert_receivers", {"cidrs": ["203.0.113.25/32"], "ports": [443, 587]}))
    (flow,) = [each for each in flows_of(stack) if neighbours_of(stack).alert_receivers in each.targets]
    assert [party.name for party in flow.sources] == ["mimir-alertmanager"]
    assert numbers([flow]) == {443, 587}


@pytest.mark.parametrize(
    ("key", "value", "finding"),
    [
        ("clients", {"pods": {"app": "x"}}, "clients.pods: means nobody without namespaces"),
        ("clients", {"cidrs": ["10.0.0.1/8"]}, "clients.cidrs.0: '10.0.0.1/8': has bits behind its prefix"),
        ("clients", {"cidrs": ["10.0.0.0/33"]}, "clients.cidrs.0: '10.0.0.0/33': not a range of addresses"),
        ("clients", {"cidr": ["10.0.0.0/8"]}, "clients.cidr: "),
        ("clients", {"ports": [1]}, "clients.ports: "),
        ("clients", {"namespaces": [{"no label!": "x"}]}, "clients.namespaces.0"),
        ("alert_receivers", {"cidrs": ["10.0.0.0/8"]}, "alert_receivers: needs both a place and ports"),
        ("alert_receivers", {"ports": [443]}, "alert_receivers: needs both a place and ports"),
        (
            "alert_receivers",
            {"namespaces": [{}], "ports": [443]},
            "alert_receivers.cidrs: is not set, and receivers in",
        ),
        ("alert_receivers", {"cidrs": ["169.254.169.254/32"], "ports": [80]}, "alert_receivers.cidrs.0"),
        ("alert_receivers", {"cidrs": ["10.0.0.0/8"], "ports": [0]}, "alert_receivers.ports.0"),
        ("limit_range", {}, "limit_range.default_request: "),
    ],
)
def test_what_has_no_meaning_is_refused(key: str, value: Any, finding: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_stack("prod", put(f"security.{key}", value))
    assert [each for each in refused.value.findings if each.startswith(f"telemetry:security.{finding}")] != []


@each_environment
def test_a_move_of_tempo_cuts_nobody_off(environment: str) -> None:
    """Policies change first: what serves until the Services turn must be let in, and let out to, by all others."""
    stack = load_stack(environment)
    others = [each for each in flows_of(stack) if not {"tempo", "tempo-distributed"} & {
        pods.release for pods in each.sources + each.targets if isinstance(pods, Pods)}]  # fmt: skip
    assert others
    ingest, query = ("gateway", "gateway") if stack.gateway else ("clients", "Grafana")
    entry = "mimir-distributor" if stack.gateway else "mimir-gateway"
    for shape in ("tempo", "tempo-distributed"):
        role = "" if shape == "tempo" else "-distributor"
        assert numbers(of(stack, ingest, f"{shape}{role}")) >= {4317, 4318}
        assert 3200 in numbers(of(stack, query, shape if shape == "tempo" else f"{shape}-query-frontend"))
        generator = shape if shape == "tempo" else f"{shape}-metrics-generator"
        assert numbers(of(stack, generator, entry)) == {8080}


def test_who_generates_no_metrics_writes_none() -> None:
    roles = ["distributor", "ingester", "querier", "query-frontend", "compactor"]
    stack = load_stack("prod", put("traces.enabled_roles", roles), drop("traces.roles.metrics-generator"))
    assert of(stack, "tempo-distributed-metrics-generator", "mimir-distributor") == []
    assert not [pods for pods in workloads_of(stack) if pods.role == "metrics-generator"]


def test_ports_are_told_with_their_protocol_where_it_is_not_tcp() -> None:
    assert ports_text([Port(80), Port(53, "UDP"), Port(53), Port(161, "UDP")]) == "80, 53 (UDP and TCP), 161 (UDP)"


def test_peers_are_told_by_release() -> None:
    prod = workloads_of(load_stack("prod"))
    assert words(prod, prod) == EVERY_POD
    assert words(prod[:3], prod) == "`gateway`; `mimir`: distributor, ingester"


@each_environment
def test_the_picture_has_every_role_once_and_every_edge_ends_at_one(environment: str) -> None:
    stack = load_stack(environment)
    lines = [line.strip() for line in mermaid(stack).splitlines()]
    nodes = [line.partition("[")[0] for line in lines if line.startswith("n_") and "--" not in line]
    assert len(nodes) == len(set(nodes)) == len(workloads_of(stack))
    ends = {
        end.partition("(")[0]
        for line in lines
        if "-->" in line
        for side in (line.partition(" -->")[0], line.rpartition("| ")[2])
        for end in side.split(" & ")
    }
    assert ends - set(nodes) == {"n_clients", "n_Grafana", "n_object_store"}


def test_the_page_is_up_to_date() -> None:
    assert make_network.DOCUMENT.read_text() == make_network.document(), (
        "docs/network.md is stale; write it anew with: python -m docs.make_network"
    )


def test_the_page_has_a_row_for_every_flow() -> None:
    lines = [line.strip("|").split("|") for line in make_network.document().splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line] for line in lines if len(line) == 7]
    for number, environment in enumerate(ENVIRONMENTS, start=4):
        whys = [row[3] for row in rows if row[number] == "yes"]
        assert sorted(whys) == sorted(flow.why for flow in flows_of(load_stack(environment)))


def test_check_fails_on_a_stale_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["make_network", "--check"])
    monkeypatch.setattr(make_network, "DOCUMENT", tmp_path / "network.md")
    assert make_network.main() == 1
    make_network.DOCUMENT.write_text(make_network.document())
    assert make_network.main() == 0
    make_network.DOCUMENT.write_text("old")
    assert make_network.main() == 1
    assert make_network.DOCUMENT.read_text() == "old"
