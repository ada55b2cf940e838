"""The policies, held against the pods that the charts really make: every pair, every port.

kwok has no data plane, so what is asked is `guardrails.evaluate`, which tests/unit/test_guardrails_evaluate.py holds to
Kubernetes' rules.
"""

import re
from functools import cache
from itertools import product

import pytest
from kubernetes import client, config

from sandbox.world import Connections
from telemetry.backends.tempo.release import TEMPO
from telemetry.network.evaluate import End, Pod, allows, matches
from telemetry.network.flows import flows_of
from telemetry.spec.flows import Outside, Pods
from telemetry.stack import Stack
from tests.sandbox.charts import Object
from tests.sandbox.guarded import (
    OUTSIDERS,
    VARIANTS,
    everybody,
    keyed,
    of_stack,
    own_pods,
    plain,
    pod,
    policies,
    stack_of,
)
from tests.support import drop, load_stack

pytestmark = pytest.mark.sandbox
each_variant = pytest.mark.parametrize("variant", VARIANTS)

ANY_PORTS = {(number, "TCP") for number in (22, 53, 80, 443, 5353, 6443, 8333, 9094, 10250, 11211)}
ANY_PORTS |= {(number, "UDP") for number in (53, 4317, 5353, 7946, 8080, 9094)}
Way = tuple[str, str]
Port = tuple[int, str]


def asked(variant: str) -> set[Port]:
    """Return the ports to try: all that are declared, all that a flow names and some others, and UDP of some."""
    declared = {
        (number, protocol) for each in own_pods(variant).values() for (_, protocol), number in each.ports.items()
    }
    spoken_of = {(port.number, str(port.protocol)) for flow in flows_of(stack_of(variant)) for port in flow.ports}
    return declared | spoken_of | ANY_PORTS


@cache
def walk(variant: str) -> dict[Way, set[Port]]:
    """Return what the policies let through, for every pair of which one is ours."""
    ends, tried, own = everybody(variant), asked(variant), own_pods(variant)
    rules = {name: selecting(variant, end) for name, end in ends.items()}
    return {
        (source, target): {
            port for port in tried if allows(rules[source] + rules[target], ends[source], ends[target], *port)
        }
        for source, target in product(ends, repeat=2)
        if source != target and (source in own or target in own)
    }


def selecting(variant: str, end: End) -> list[Object]:
    """Return the policies that select somebody; the others say nothing of him, and the walk is long enough."""
    return [
        each
        for each in policies(variant)
        if isinstance(end, Pod)
        and end.namespace == each["metadata"]["namespace"]
        and matches(each["spec"]["podSelector"], end.labels)
    ]


def stated(variant: str) -> dict[Way, set[Port]]:
    """Return what the flows say, without any policy: who has a party's labels, or bears a neighbour's name."""
    ends, stack = everybody(variant), stack_of(variant)
    found: dict[Way, set[Port]] = {}
    for flow in flows_of(stack):
        ports = {(port.number, str(port.protocol)) for port in flow.ports}
        sides = ([n for n, end in ends.items() if any(is_party(n, end, p, stack) for p in side)]
                 for side in (flow.sources, flow.targets))  # fmt: skip
        for source, target in product(*sides):
            found.setdefault((source, target), set()).update(ports)
    return {way: ports for way, ports in found.items() if way[0] != way[1]}


def is_party(name: str, end: End, party: Pods | Outside, stack: Stack) -> bool:
    if isinstance(party, Outside):
        return name in (party.name, f"{party.name} ({stack.kubernetes.platform})")
    if not isinstance(end, Pod) or end.namespace != stack.namespace.name:
        return False
    return party.labels.items() <= end.labels.items()


@each_variant
def test_every_pair_passes_on_exactly_the_ports_of_its_flows(variant: str) -> None:
    found, said = walk(variant), stated(variant)
    assert {way: ports for way, ports in found.items() if ports} == said
    assert len(said) > 100  # a table of nothing would agree with policies of nothing


@each_variant
def test_every_flow_has_somebody_at_both_ends(variant: str) -> None:
    """But for what is kept open to the other shape of Tempo."""
    stack = stack_of(variant)
    shapes = {TEMPO[shape.topology] for shape in stack.traces.shapes}
    for flow in flows_of(stack):
        for party in flow.sources + flow.targets:
            somebody = [name for name, end in everybody(variant).items() if is_party(name, end, party, stack)]
            absent = isinstance(party, Pods) and party.app == "tempo" and party.release not in shapes
            assert bool(somebody) != absent, (flow.why, party)


@each_variant
def test_no_pod_is_without_a_policy_of_its_own(variant: str) -> None:
    own = {name.partition("/")[0] for name in own_pods(variant)}
    assert {each["metadata"]["name"] for each in policies(variant)} == own | {"telemetry-default-deny"}


@each_variant
def test_who_is_given_s3_credentials_reaches_the_store_and_nobody_else_does(variant: str) -> None:
    reaching = {
        plain(source) for (source, target), ports in walk(variant).items() if target == "object store" and ports
    }
    assert reaching == keyed(variant)


@each_variant
def test_strangers_reach_nothing_and_are_not_reached(variant: str) -> None:
    strangers = {name for name in OUTSIDERS if name.startswith(("a stranger", "the ", "beside"))}
    strangers |= {"a neighbour in the namespace"}
    assert len(strangers) == 8
    passed = {way for way, ports in walk(variant).items() if ports and set(way) & strangers}
    assert passed == set()


# ---- Said once more, by hand, for what must never come to pass by a change of the flows.

NEVER: tuple[tuple[str, str, str, set[int]], ...] = (
    ("prod", "clients", "mimir-.*|tempo-.*", set()),
    ("prod", "Grafana", "mimir-.*|tempo-.*", set()),
    ("prod", "monitoring", "gateway", {8080}),
    ("prod", "monitoring", "mimir-.*", {8080}),
    ("prod", "gateway", "mimir-(ingester|querier|store-gateway|compactor|query-scheduler|overrides-exporter)", set()),
    ("prod", "gateway", "tempo-distributed-(ingester|querier|compactor|metrics-generator)", set()),
    ("prod", "gateway", "object store|alert receivers|API server", set()),
    ("prod", "mimir-(distributor|query-frontend|query-scheduler|overrides-exporter)", "object store", set()),
    ("prod", "tempo-distributed-distributor", "object store", set()),
    ("prod", "mimir-.*", "tempo-.*|gateway", set()),
    ("prod", "tempo-distributed-(?!metrics-generator).*", "mimir-.*", set()),
    ("prod", "tempo-distributed-metrics-generator", "mimir-(?!distributor).*", set()),
    ("prod", "mimir-ingester", "mimir-.*", {7946}),
    ("prod", "mimir-store-gateway", "mimir-.*", {7946}),
    ("prod", "mimir-overrides-exporter", "mimir-.*", set()),
    ("prod", "mimir-.*", "mimir-overrides-exporter", set()),
    ("prod with logs", "clients|Grafana", "loki.*", set()),
    ("prod with logs", "gateway", "loki-backend", set()),
    ("prod with logs", "gateway", "loki-(read|write)", {3100}),
    ("prod with logs", "mimir-.*|tempo-.*", "loki.*", set()),
    ("prod with logs", "loki.*", "mimir-.*|tempo-.*|gateway", set()),
    ("prod with logs", "loki-write", "loki-(read|backend)", {7946}),
    ("dev with logs", "clients", "loki", {3100}),
    ("prod with profiles", "clients|Grafana", "pyroscope.*", set()),
    ("prod with profiles", "gateway", "pyroscope-(distributor|query-frontend)", {4040}),
    ("prod with profiles", "gateway", "pyroscope-(segment-writer|metastore|query-backend|compaction-worker)", set()),
    ("prod with profiles", "pyroscope.*", "mimir-.*|tempo-.*|gateway", set()),
    ("dev with profiles", "clients", "pyroscope", {4040}),
    ("prod", ".*", "monitoring|clients|Grafana|API server", set()),
    ("dev", "clients", "mimir-(?!gateway).*", set()),
    ("dev", "Grafana", "tempo", {3200}),
    ("dev", "clients", "tempo", {4317, 4318}),
    ("dev", "mimir-gateway", "tempo|object store", set()),
    ("dev", "mimir-.*", "tempo", set()),
    ("dev", "tempo", "mimir-(?!gateway).*", set()),
)


@pytest.mark.parametrize(("variant", "sources", "targets", "at_most"), NEVER)
def test_what_must_not_be_open_is_closed(variant: str, sources: str, targets: str, at_most: set[int]) -> None:
    ways = {
        way: {number for number, _ in ports}
        for way, ports in walk(variant).items()
        if re.fullmatch(sources, plain(way[0])) and re.fullmatch(targets, plain(way[1]))
    }
    assert ways
    assert {way: numbers for way, numbers in ways.items() if not numbers <= at_most} == {}


GRPC = {
    "mimir": {
        "distributor": {"ingester"},
        "querier": {"ingester", "store-gateway", "query-scheduler", "query-frontend"},
        "query-frontend": {"query-scheduler"},
        "query-scheduler": {"query-frontend"},
        "ruler": {"ingester", "store-gateway", "ruler"},
        "alertmanager": {"alertmanager"},
    },
    "tempo-distributed": {
        "distributor": {"ingester", "metrics-generator"},
        "querier": {"ingester", "metrics-generator", "query-frontend"},
    },
    "loki": {
        "write": {"write"},
        "read": {"write", "read", "backend"},
        "backend": {"write", "read", "backend"},
    },
    "pyroscope": {
        "distributor": {"segment-writer"},
        "segment-writer": {"metastore"},
        "metastore": {"metastore"},
        "query-frontend": {"metastore", "query-backend"},
        "query-backend": {"query-backend"},
        "compaction-worker": {"metastore"},
    },
}
"""Who calls whom on 9095, which no configuration tells: they find each other by their rings."""


@each_variant
def test_roles_find_each_other_where_their_rings_say(variant: str) -> None:
    running = {plain(name) for name in own_pods(variant)}
    wanted = {
        (f"{release}-{source}", f"{release}-{target}")
        for release, calls in GRPC.items()
        for source, targets in calls.items()
        for target in targets
    }
    wanted |= {(name, name) for name in ("loki", "pyroscope")}  # the single binaries, at their own Services
    found = {
        (plain(source), plain(target)) for (source, target), ports in walk(variant).items() if (9095, "TCP") in ports
    }
    assert found == {way for way in wanted if set(way) <= running}


def test_by_default_the_own_namespace_sends_and_asks_and_no_other_does() -> None:
    stack = load_stack("test", drop("security"))
    rules = of_stack(stack)
    gateway = next(each for name, each in own_pods("test").items() if name.startswith("gateway"))
    shop, foreign = pod("ca7f8f-test", {"app": "shop"}), pod("elsewhere", {"app": "shop"})
    for port in (8443, 4317):
        assert allows(rules, shop, gateway, port)
        assert not allows(rules, foreign, gateway, port)
    ingester = own_pods("test")["mimir-ingester/0"]
    assert not [port for port in (8080, 9095, 7946) if allows(rules, shop, ingester, port)]
    store, same_namespace = pod("ca7f8f-tools"), pod("ca7f8f-test", {"app": "seaweedfs"})
    assert allows(rules, ingester, store, 8333)
    assert not allows(rules, ingester, same_namespace, 8333)


# ---- A real API server takes them as they are.


@pytest.mark.parametrize("variant", ["dev", "prod that notifies"])
def test_the_api_server_takes_every_policy_and_changes_nothing_in_it(world: Connections, variant: str) -> None:
    api = config.new_client_from_config(str(world.kubeconfig), world.context)
    for each in policies(variant):
        body = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", **each}
        body["metadata"] = {"name": each["metadata"]["name"], "namespace": "default"}
        path = "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies"
        answer = api.call_api(
            *api.param_serialize(
                "POST",
                path,
                query_params=[("dryRun", "All"), ("fieldValidation", "Strict")],
                header_params={"Content-Type": "application/json", "Accept": "application/json"},
                body=body,
                auth_settings=["BearerToken"],
            )
        )
        kept = client.ApiClient().deserialize(answer.read().decode(), "object", "application/json")
        assert kept["spec"] == each["spec"]
