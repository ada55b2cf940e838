"""The reading of NetworkPolicies: the cases that Kubernetes' documentation settles, one by one."""

from typing import Any

import pytest

from telemetry.network.evaluate import End, Host, Pod, allows, matches

Spec = dict[str, Any]
NAMESPACES = {"a": {"name": "a", "team": "x"}, "b": {"name": "b"}}
WEB = {("web", "TCP"): 80}


def pod(namespace: str = "a", ports: dict[tuple[str, str], int] | None = None, **labels: str) -> Pod:
    return Pod(namespace, labels, NAMESPACES[namespace], ports or {}, "10.0.0.1")


def policy(spec: Spec, namespace: str = "a") -> Spec:
    return {"metadata": {"namespace": namespace}, "spec": spec}


CLIENT, SERVER, FOREIGN = pod(app="client"), pod(app="server", ports=WEB), pod("b", app="client")
MACHINE = Host("192.0.2.7")
ONE_PORT = {"ports": [{"port": 80}]}


@pytest.mark.parametrize(
    ("spec", "source", "allowed"),
    [
        pytest.param({"podSelector": {}}, CLIENT, False, id="selected, and no rule: closed for what comes in"),
        pytest.param({"podSelector": {"matchLabels": {"app": "other"}}}, CLIENT, True, id="not selected: open"),
        pytest.param({"podSelector": {}, "policyTypes": ["Egress"]}, SERVER, True, id="itself, whatever is said"),
        pytest.param({"podSelector": {}, "ingress": [{}]}, MACHINE, True, id="a rule without anything: all"),
        pytest.param({"podSelector": {}, "ingress": [{"from": []}]}, MACHINE, True, id="no peers: all of them"),
        pytest.param({"podSelector": {}, "ingress": [ONE_PORT]}, FOREIGN, True, id="only ports: from everywhere"),
        pytest.param({"podSelector": {}, "ingress": [{"ports": [{"port": 81}]}]}, CLIENT, False, id="another port"),
        pytest.param({"podSelector": {}, "ingress": [{"ports": [{"port": "web"}]}]}, CLIENT, True, id="a port's name"),
        pytest.param({"podSelector": {}, "ingress": [{"ports": [{"port": "x"}]}]}, CLIENT, False, id="no such name"),
        pytest.param(
            {"podSelector": {}, "ingress": [{"ports": [{"port": "web", "protocol": "UDP"}]}]},
            CLIENT,
            False,
            id="the name of a port of the other protocol",
        ),
        pytest.param({"podSelector": {}, "ingress": [{"ports": [{"protocol": "TCP"}]}]}, CLIENT, True, id="a protocol"),
        pytest.param({"podSelector": {}, "ingress": [{"ports": [{"protocol": "UDP"}]}]}, CLIENT, False, id="not TCP"),
        pytest.param(
            {"podSelector": {}, "ingress": [{"ports": [{"port": 70, "endPort": 80}]}]}, CLIENT, True, id="a range"
        ),
        pytest.param(
            {"podSelector": {}, "ingress": [{"ports": [{"port": 70, "endPort": 79}]}]}, CLIENT, False, id="below it"
        ),
        pytest.param(
            {"podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}, FOREIGN, False, id="pods: of its own"
        ),
        pytest.param(
            {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]}, FOREIGN, True, id="all namespaces"
        ),
        pytest.param(
            {"podSelector": {}, "ingress": [{"from": [{"namespaceSelector": {}}]}]}, MACHINE, False, id="but no machine"
        ),
        pytest.param(
            {
                "podSelector": {},
                "ingress": [
                    {"from": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "server"}}}]},
                ],
            },
            FOREIGN,
            False,
            id="namespace and pod in one peer: both",
        ),
        pytest.param(
            {
                "podSelector": {},
                "ingress": [
                    {"from": [{"namespaceSelector": {}}, {"podSelector": {"matchLabels": {"app": "server"}}}]},
                ],
            },
            FOREIGN,
            True,
            id="namespace and pod in two peers: either",
        ),
        pytest.param(
            {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}]},
            MACHINE,
            True,
            id="an address of the range",
        ),
        pytest.param(
            {
                "podSelector": {},
                "ingress": [{"from": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.7/32"]}}]}],
            },
            MACHINE,
            False,
            id="an address that is left out",
        ),
        pytest.param(
            {"podSelector": {}, "policyTypes": ["Egress"], "ingress": [ONE_PORT], "egress": []},
            CLIENT,
            False,
            id="the source's own egress counts as well",
        ),
        pytest.param(
            {"podSelector": {"matchLabels": {"app": "client"}}, "egress": [ONE_PORT]},
            CLIENT,
            True,
            id="rules for what goes out, without types: those and no others",
        ),
        pytest.param(
            {"podSelector": {"matchLabels": {"app": "client"}}, "egress": [{"ports": [{"port": 81}]}]},
            CLIENT,
            False,
            id="types from the rules that there are",
        ),
        pytest.param(
            {"podSelector": {"matchLabels": {"app": "client"}}, "egress": [{"ports": [{"port": "web"}]}]},
            CLIENT,
            True,
            id="what goes out: the target's name for its port",
        ),
    ],
)
def test_a_connection_to_port_80(spec: Spec, source: End, allowed: bool) -> None:
    assert allows([policy(spec)], source, SERVER, 80) is allowed


def test_policies_add_up_and_never_take_away() -> None:
    closed, opened = policy({"podSelector": {}}), policy({"podSelector": {}, "ingress": [ONE_PORT]})
    assert not allows([closed], CLIENT, SERVER, 80)
    assert allows([closed, opened], CLIENT, SERVER, 80)
    assert allows([opened, closed], CLIENT, SERVER, 80)


def test_a_policy_rules_its_own_namespace_only() -> None:
    assert allows([policy({"podSelector": {}}, "b")], FOREIGN, SERVER, 80)
    assert not allows([policy({"podSelector": {}}, "b")], SERVER, FOREIGN, 80)


def test_a_twin_is_not_the_pod_itself() -> None:
    twin = pod(app="server", ports=WEB)
    closed = [policy({"podSelector": {}})]
    assert allows(closed, SERVER, SERVER, 80)
    assert not allows(closed, twin, SERVER, 80)


@pytest.mark.parametrize(
    ("expression", "meets"),
    [
        ({"key": "app", "operator": "In", "values": ["a", "b"]}, True),
        ({"key": "app", "operator": "In", "values": ["b"]}, False),
        ({"key": "none", "operator": "In", "values": ["a"]}, False),
        ({"key": "app", "operator": "NotIn", "values": ["b"]}, True),
        ({"key": "app", "operator": "NotIn", "values": ["a"]}, False),
        ({"key": "none", "operator": "NotIn", "values": ["a"]}, True),
        ({"key": "app", "operator": "Exists"}, True),
        ({"key": "none", "operator": "Exists"}, False),
        ({"key": "app", "operator": "DoesNotExist"}, False),
        ({"key": "none", "operator": "DoesNotExist"}, True),
    ],
)
def test_expressions_of_a_selector(expression: Spec, meets: bool) -> None:
    assert matches({"matchExpressions": [expression]}, {"app": "a"}) is meets
    assert not matches({"matchLabels": {"other": "x"}, "matchExpressions": [expression]}, {"app": "a"})


def test_an_unknown_operator_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="Near is no operator"):
        matches({"matchExpressions": [{"key": "app", "operator": "Near"}]}, {"app": "a"})
