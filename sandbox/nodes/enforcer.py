"""`python -m sandbox.nodes.enforcer KUBECONFIG NFT NEIGHBOURS`: keeps the nodes' packet filter as NetworkPolicies say.

Whom a selector means is for the API server to say. NEIGHBOURS is JSON: what is no pod here and is one elsewhere, DNS
and the object store, as the names of namespaces by address.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx

from sandbox.nodes.api import connected, listed, look_for_ever
from sandbox.nodes.policies import End, Object, ruleset

_PODS = "/api/v1/pods"
_SECONDS = 2
_PAUSE_SECONDS = 0.5
_ENDED = ("Succeeded", "Failed")


class Enforcer:
    """Looks at the cluster, and has the table written that it asks for."""

    def __init__(self, api: httpx.Client, neighbours: Mapping[str, Sequence[str]]) -> None:
        self._api = api
        self._neighbours = neighbours
        self._seen: object = None
        self._version = "0"

    def look(self, write: Callable[[str], object]) -> None:
        """Write the table, if what it depends on has changed since it was written."""
        policies = self._items("/apis/networking.k8s.io/v1/networkpolicies")
        namespaces, pods = self._items("/api/v1/namespaces"), self._items(_PODS)
        seen = [
            [(each["metadata"]["uid"], each["spec"]) for each in policies],
            [(each["metadata"]["uid"], each["metadata"].get("labels"), _address(each)) for each in pods],
            [(each["metadata"]["name"], each["metadata"].get("labels")) for each in namespaces],
        ]
        if seen != self._seen:
            write(ruleset(policies, self._select()))
            self._seen = seen

    def wait(self) -> None:
        """Return when a pod changes, or after a while."""
        query = {"watch": "1", "resourceVersion": self._version, "timeoutSeconds": str(_SECONDS)}
        with self._api.stream("GET", _PODS, params=query) as answer:
            next(answer.iter_lines(), None)

    def _select(self) -> Any:
        """Return a function that says whom selectors mean, and asks about each once."""

        @cache
        def pods(namespace: str, selector: str) -> tuple[End, ...]:
            found = self._items(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)
            ends = [End(address, _ports(each)) for each in found if (address := _address(each))]
            here = [End(address) for address, names in self._neighbours.items() if namespace in names]
            return (*ends, *([] if selector else here))  # they have no labels

        @cache
        def namespaces(selector: str) -> tuple[str, ...]:
            named = [each["metadata"]["name"] for each in self._items("/api/v1/namespaces", labelSelector=selector)]
            return tuple(named)

        def select(own: str, of_namespaces: Object | None, of_pods: Object | None) -> list[End]:
            inside = (own,) if of_namespaces is None else namespaces(_text(of_namespaces))
            return [end for name in inside for end in pods(name, _text(of_pods or {}))]

        return select

    def _items(self, path: str, **query: str) -> list[dict[str, Any]]:
        found = listed(self._api, path, **query)
        if path == _PODS:
            self._version = str(found["metadata"]["resourceVersion"])
        items: list[dict[str, Any]] = found["items"]
        return items


def _address(pod: Object) -> str | None:
    """Return a pod's address, while it has it and no host's."""
    own = not pod["spec"].get("hostNetwork") and pod["status"].get("phase") not in _ENDED
    return pod["status"].get("podIP") if own else None


def _ports(pod: Object) -> dict[tuple[str, str], int]:
    listed = [port for container in pod["spec"]["containers"] for port in container.get("ports") or ()]
    return {(port["name"], port.get("protocol", "TCP")): port["containerPort"] for port in listed if "name" in port}


def _text(selector: Object) -> str:
    """Return a selector as the API's queries have it."""
    exact = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    return ",".join([*exact, *map(_expression, selector.get("matchExpressions") or ())])


def _expression(each: Object) -> str:
    key, values = str(each["key"]), f"({','.join(each.get('values') or ())})"
    said = {"In": f"{key} in {values}", "NotIn": f"{key} notin {values}", "Exists": key, "DoesNotExist": f"!{key}"}
    return said[each["operator"]]


def main(kubeconfig: Path, nft: str, neighbours: Mapping[str, Sequence[str]]) -> None:
    """Look again and again, until killed."""

    def write(table: str) -> None:
        subprocess.run([nft, "-f", "-"], input=table, text=True, check=True)

    with connected(kubeconfig) as api:
        enforcer = Enforcer(api, neighbours)
        look_for_ever(partial(enforcer.look, write), enforcer.wait, _PAUSE_SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3]))
