"""Before the first change the cluster is asked for a cache of DNS on each node, which policies have to know."""

from pathlib import Path
from typing import Any

import pytest

from telemetry.operations.preflight import node_dns
from tests.doubles import by_path
from tests.preflight import findings_at
from tests.support import Change, all_of, put

KUBERNETES = put("kubernetes.platform", "kubernetes")
CACHE = "169.254.20.10,10.96.0.10"
PLACE = {"namespaces": [{"kubernetes.io/metadata.name": "kube-system"}], "cidrs": ["169.254.20.10/32"]}


def daemon_set(*words: str, host: bool = True) -> dict[str, Any]:
    containers = [{"name": "node-cache", "args": list(words)}]
    spec: dict[str, Any] = {"containers": containers, **({"hostNetwork": True} if host else {})}
    return {"spec": {"template": {"spec": spec}}}


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def ask(found: list[dict[str, Any]] | int, *changes: Change) -> list[str]:
        answer = found if isinstance(found, int) else {"items": found}
        with by_path({"/apis/apps/v1/namespaces/kube-system/daemonsets": answer}) as server:
            return findings_at(server, tmp_path, node_dns.check, "dev", KUBERNETES, *changes)

    return ask


@pytest.mark.parametrize("words", [("-localip", CACHE, "-conf", "/etc/Corefile"), (f"--localip={CACHE}",)])
def test_each_address_of_a_cache_that_policies_close_is_named(ask: Any, words: tuple[str, ...]) -> None:
    (line,) = ask([daemon_set(*words)])
    assert line.startswith("telemetry:security.dns.cidrs: lacks 169.254.20.10/32, 10.96.0.10/32, where a cache")
    (line,) = ask([daemon_set(*words)], put("security.dns", PLACE))
    assert "lacks 10.96.0.10/32, where" in line
    assert line.endswith("add that, beside namespaces with kube-system")


@pytest.mark.parametrize(
    ("found", "change"),
    [
        ([daemon_set("-localip", CACHE)], put("security.dns", {**PLACE, "cidrs": ["169.254.0.0/16", "10.96.0.10/32"]})),
        ([daemon_set("-localip", CACHE)], put("security.network_policies", False)),
        ([daemon_set("-localip", CACHE, host=False)], all_of()),
        ([daemon_set("--v=2")], all_of()),
        ([], all_of()),
        (403, all_of()),
    ],
    ids=["both are open", "no policies", "a pod like others", "another DaemonSet", "none", "not to be seen"],
)
def test_nothing_is_said_where_nothing_is_closed(ask: Any, found: Any, change: Change) -> None:
    assert ask(found, change) == []
