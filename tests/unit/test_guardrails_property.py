"""The reading of NetworkPolicies against a second, naive one, on any policies in a small world.

The naive reading lists every connection of that world that a policy is about, and every one that it allows.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from telemetry.network.evaluate import End, Host, Pod, allows

Spec = dict[str, Any]
NAMESPACES = {"a": {"name": "a", "team": "x"}, "b": {"name": "b"}}
WEB = {("web", "TCP"): 80}
LABELS = [{}, {"app": "1"}, {"app": "2", "tier": "db"}]
PORTS = [(number, protocol) for number in (80, 81) for protocol in ("TCP", "UDP")]
PODS = [
    Pod(namespace, labels, NAMESPACES[namespace], WEB if labels else {("web", "TCP"): 81}, f"10.0.{number}.1")
    for number, (namespace, labels) in enumerate(product(NAMESPACES, LABELS))
]
HOSTS = [Host("192.0.2.7"), Host("198.51.100.1")]
WORLD: list[End] = [*PODS, *HOSTS]
Connection = tuple[int, int, int, str]


def policy(spec: Spec, namespace: str) -> Spec:
    return {"metadata": {"namespace": namespace}, "spec": spec}


def naive(policies: Iterable[Spec]) -> set[Connection]:
    """Return every connection that is allowed, as indexes into the world, port and protocol."""
    given_policies = list(policies)
    every = {(s, t, *port) for s, t in product(range(len(WORLD)), repeat=2) for port in PORTS}
    about, allowed = {"Ingress": set(), "Egress": set()}, {"Ingress": set(), "Egress": set()}  # type: ignore[var-annotated]
    for each in given_policies:
        spec = each["spec"]
        types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
        mine = {i for i in chosen(spec["podSelector"]) if WORLD[i].namespace == each["metadata"]["namespace"]}  # type: ignore[union-attr]
        for way, end, rules in (("Ingress", 1, "ingress"), ("Egress", 0, "egress")):
            if way not in types:
                continue
            touched = {c for c in every if c[end] in mine}
            about[way] |= touched
            for rule in spec.get(rules, []):
                peers = others(rule.get("from") or rule.get("to") or [], each["metadata"]["namespace"])
                allowed[way] |= {c for c in touched if c[1 - end] in peers and through(rule.get("ports") or [], c)}
    oneself = {c for c in every if c[0] == c[1] and c[0] < len(PODS)}
    return oneself | {c for c in every if all(c not in about[way] or c in allowed[way] for way in about)}


def chosen(selector: Spec) -> set[int]:
    return {i for i, each in enumerate(PODS) if plainly(selector, dict(each.labels))}


def others(peers: list[Spec], own: str) -> set[int]:
    if not peers:
        return set(range(len(WORLD)))
    return {i for peer in peers for i in peer_of(peer, own)}


def peer_of(peer: Spec, own: str) -> Iterator[int]:
    for i, each in enumerate(WORLD):
        if "ipBlock" in peer:
            prefix = peer["ipBlock"]["cidr"].rsplit(".", 1)[0]
            if str(each.address).startswith(prefix + ".") and f"{each.address}/32" not in peer["ipBlock"]["except"]:
                yield i
        elif isinstance(each, Pod):
            spaces = [own]
            if "namespaceSelector" in peer:
                spaces = [name for name, labels in NAMESPACES.items() if plainly(peer["namespaceSelector"], labels)]
            if each.namespace in spaces and plainly(peer.get("podSelector", {}), dict(each.labels)):
                yield i


def through(rules: list[Spec], connection: Connection) -> bool:
    _, target, number, protocol = connection
    numbers: set[tuple[int, str]] = set()
    for rule in rules:
        spoken = rule.get("protocol", "TCP")
        if rule.get("port") == "web":
            end = WORLD[target]
            declared = end.ports if isinstance(end, Pod) else {}
            numbers |= {(each, spoken) for name, each in declared.items() if name == ("web", spoken)}
        elif "port" in rule:
            first: int = rule["port"]
            numbers |= {(each, spoken) for each in range(first, rule.get("endPort", first) + 1)}
        else:
            numbers |= {(each, spoken) for each in (80, 81)}
    return not rules or (number, protocol) in numbers


def plainly(selector: Spec, labels: dict[str, str]) -> bool:
    """Whether a selector means labels, by comparing sets of pairs."""
    if not set(selector.get("matchLabels", {}).items()) <= set(labels.items()):
        return False
    for each in selector.get("matchExpressions", []):
        pairs = {(each["key"], value) for value in each.get("values", [])}
        hit = bool(pairs & set(labels.items()))
        has = each["key"] in labels
        if not {"In": hit, "NotIn": not hit, "Exists": has, "DoesNotExist": not has}[each["operator"]]:
            return False
    return True


def selectors(keys: dict[str, list[str]]) -> st.SearchStrategy[Spec]:
    key = st.sampled_from(sorted(keys))
    pair = key.flatmap(lambda name: st.tuples(st.just(name), st.sampled_from(keys[name])))
    among = st.builds(lambda name, way: {"key": name, "operator": way, "values": keys[name][:1]}, key,
                      st.sampled_from(["In", "NotIn"]))  # fmt: skip
    there = st.builds(
        lambda name, way: {"key": name, "operator": way}, key, st.sampled_from(["Exists", "DoesNotExist"])
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "matchLabels": st.lists(pair, max_size=1).map(dict),
            "matchExpressions": st.lists(among | there, max_size=1),
        },
    )


pod_selectors = selectors({"app": ["1", "2"], "tier": ["db"]})
blocks = st.builds(
    lambda cidr, out: {"ipBlock": {"cidr": cidr, "except": out}},
    st.sampled_from(["192.0.2.0/24", "198.51.100.0/24", "10.0.1.0/24"]),
    st.sampled_from([[], ["192.0.2.7/32"]]),
)
spaces = st.fixed_dictionaries(
    {"namespaceSelector": selectors({"name": ["a", "b"], "team": ["x"]})}, optional={"podSelector": pod_selectors}
)
peers = st.lists(st.fixed_dictionaries({"podSelector": pod_selectors}) | spaces | blocks, max_size=2)
ports = st.lists(
    st.fixed_dictionaries({}, optional={"protocol": st.sampled_from(["TCP", "UDP"]), "port": st.sampled_from([80, 81])})
    | st.just({"port": 80, "endPort": 81})
    | st.fixed_dictionaries({"port": st.just("web")}, optional={"protocol": st.sampled_from(["TCP", "UDP"])}),
    max_size=2,
)


def rules(way: str) -> st.SearchStrategy[list[Spec]]:
    return st.lists(st.fixed_dictionaries({}, optional={way: peers, "ports": ports}), max_size=2)


specs = st.fixed_dictionaries(
    {"podSelector": pod_selectors},
    optional={
        "policyTypes": st.lists(st.sampled_from(["Ingress", "Egress"]), unique=True),
        "ingress": rules("from"),
        "egress": rules("to"),
    },
)


@given(st.lists(st.builds(policy, specs, st.sampled_from(sorted(NAMESPACES))), max_size=4))
def test_both_readings_agree_on_every_connection(policies: list[Spec]) -> None:
    found = {
        (s, t, *port)
        for (s, source), (t, target) in product(enumerate(WORLD), repeat=2)
        for port in PORTS
        if allows(policies, source, target, *port)
    }
    assert found == naive(policies)
