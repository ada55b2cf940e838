"""NetworkPolicies as a packet filter of the nodes: the rules by the letter, and when they are written anew."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from sandbox.nodes.enforcer import Enforcer
from sandbox.nodes.policies import End, Object, ruleset

A, B = End("10.0.0.1", {("web", "TCP"): 80}), End("10.0.0.2", {("web", "TCP"): 8080})
OUTSIDE = {"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.7/32"]}}


def select(own: str, of_namespaces: Object | None, of_pods: Object | None) -> Sequence[End]:  # noqa: ARG001
    return [{"a": A, "b": B}[of_pods["matchLabels"]["app"]]] if of_pods else [A, B]


def chains(**spec: Any) -> dict[str, list[str]]:
    """Return the chains' lines by name, of a policy that selects A."""
    of = {"podSelector": {"matchLabels": {"app": "a"}}, **spec}
    table = ruleset([{"metadata": {"namespace": "x", "name": "p"}, "spec": of}], select)
    bodies = (part.partition("{\n") for part in table.split("chain ")[1:])
    return {name.strip(): [line.strip(" ;") for line in body.split("}\n")[0].splitlines()] for name, _, body in bodies}


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        ({}, ["return"]),
        ({"from": [{"podSelector": {"matchLabels": {"app": "b"}}}]}, ["ip saddr { 10.0.0.2 } return"]),
        ({"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]}, ["tcp dport 80 return", "udp dport 53 return"]),
        ({"ports": [{"port": 1, "endPort": 9}, {}]}, ["tcp dport 1-9 return", "meta l4proto tcp return"]),
        ({"ports": [{"port": "web"}]}, ["ip daddr 10.0.0.1 tcp dport 80 return"]),
        ({"from": [OUTSIDE]}, ["ip saddr 192.0.2.0/24 ip saddr != 192.0.2.7/32 return"]),
    ],
)
def test_what_comes_in_passes_by_rule_and_is_else_dropped(rule: Object, lines: list[str]) -> None:
    assert chains(ingress=[rule])["ingress_0"] == [*lines, "drop"]


def test_a_named_port_of_what_goes_out_is_that_of_each_target() -> None:
    rule = {"to": [{"podSelector": {}}], "ports": [{"port": "web"}]}
    assert chains(policyTypes=["Egress"], egress=[rule])["egress_0"][:-1] == [
        "ip daddr { 10.0.0.1, 10.0.0.2 } ip daddr 10.0.0.1 tcp dport 80 return",
        "ip daddr { 10.0.0.1, 10.0.0.2 } ip daddr 10.0.0.2 tcp dport 8080 return",
    ]


def test_a_pod_is_open_in_a_direction_that_no_policy_is_about() -> None:
    assert "egress_0" not in chains()
    assert "ingress_0" not in chains(policyTypes=["Egress"])
    assert {"egress_0", "ingress_0"} <= set(chains(egress=[{}]))


class Api:
    """An API server with one policy and one pod."""

    def __init__(self) -> None:
        labels, spec = {"app": "a"}, {"containers": [{"ports": [{"name": "web", "containerPort": 80}]}]}
        self.pod: Any = {"metadata": {"uid": "1", "labels": labels}, "spec": spec, "status": {"podIP": "10.0.0.1"}}
        selector = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}
        rule = {"to": [{"namespaceSelector": {"matchLabels": {"name": "dns"}}}]}
        policy = {
            "metadata": {"namespace": "x", "name": "p", "uid": "2"},
            "spec": {"podSelector": selector, "policyTypes": ["Egress"], "egress": [rule]},
        }
        namespaces = [{"metadata": {"name": name, "labels": {"name": name}}} for name in ("dns", "x")]
        self.items: dict[str, list[Any]] = {
            "/api/v1/pods": [self.pod],
            "/api/v1/namespaces/x/pods": [self.pod],
            "/apis/networking.k8s.io/v1/networkpolicies": [policy],
            "/api/v1/namespaces": namespaces,
        }
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.params.get("labelSelector", ""))
        items = self.items.get(request.url.path, [])
        if request.url.params.get("labelSelector") == "name=dns":
            items = items[:1]
        return httpx.Response(200, text=json.dumps({"metadata": {"resourceVersion": "7"}, "items": items}))


def test_the_table_is_written_when_something_has_changed_and_again_where_that_failed() -> None:
    api, written = Api(), list[str]()
    client = httpx.Client(base_url="http://api", transport=httpx.MockTransport(api.answer))
    enforcer = Enforcer(client, {"10.0.0.9": ["dns"]})

    def fails(_: str) -> None:
        raise OSError

    with pytest.raises(OSError):
        enforcer.look(fails)
    for _ in range(2):
        enforcer.look(written.append)
    assert len(written) == 1
    assert "ip daddr { 10.0.0.9 }" in written[0]
    assert {"app in (a,b)", "name=dns"} <= set(api.asked)
    api.pod["status"]["podIP"] = "10.0.0.3"
    enforcer.look(written.append)
    assert "10.0.0.3 : jump egress_0" in written[1]
