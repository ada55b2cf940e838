"""The commands of the runbooks name what prod has: workloads, pods, labels, Services, Secrets, ports and metrics.

There are no pods to ask here; that the paths are Mimir's own is seen on a real one in tests/sandbox/test_validation.py.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from telemetry.backends.loki.values import SECRET as LOKI_SECRET
from telemetry.backends.mimir.values import SECRET as MIMIR_SECRET
from telemetry.backends.tempo.values_common import SECRET as TEMPO_SECRET
from telemetry.backends.thanos.values import LIMITS, RULES
from telemetry.gateway import workload
from telemetry.gateway.secrets import CONFIG_MAP
from telemetry.network.policies import policies_of
from telemetry.releases import releases_of
from telemetry.spec.alertmanager import SECRET as RECEIVERS_SECRET
from telemetry.stack import Stack
from tests.metrics_catalogue import series
from tests.sandbox.alerts.case import EVERYTHING
from tests.sandbox.charts import Object, named, render, workloads
from tests.support import REPO, WITH_THANOS_IN_PROD, Change, all_of, load_stack, put

TEXT = (REPO / "docs" / "runbooks.md").read_text()
FENCE = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LINES = list(dict.fromkeys(line for block in FENCE.findall(TEXT) for line in block.splitlines() if "() {" not in line))
METRICS: dict[str, Change] = {
    "mimir": lambda _: None,
    "thanos": all_of(WITH_THANOS_IN_PROD, put("monitoring.tenant", "platform")),
}
"""What changes a stack with a backend of metrics."""
PORTS = {"metrics": 8080, "tempo": 3200}
ELSEWHERE = ("SEAWEEDFS_NAMESPACE", " -A ", "certificate gateway")
"""Commands for what is not ours to render."""
_KINDS = {"deployment": "Deployment", "daemonset": "DaemonSet"}


@cache
def prod(metrics: str) -> Stack:
    """Return prod with all that has a runbook, and its metrics in that backend."""
    return load_stack("prod", EVERYTHING, METRICS[metrics])


@cache
def objects(metrics: str) -> tuple[Object, ...]:
    """Return what prod's charts make, Loki's and the collector's too, and the gateway."""
    stack = prod(metrics)
    assert stack.gateway is not None
    assert stack.gateway_role is not None
    spec = workload.deployment(stack, stack.gateway, stack.gateway_role, watch="")
    gateway = {"kind": "Deployment", "metadata": {"name": "gateway"}, "spec": spec}
    service = {"kind": "Service", "metadata": {"name": "gateway"}, "spec": workload.service()}
    charts = (item for each in releases_of(stack) for item in render(each.chart.name, each.values, each.name))
    return (*charts, gateway, service)


def kinds(metrics: str, kind: str) -> set[str]:
    return set(named(list(objects(metrics)), kind))


def pods(metrics: str, name: str) -> list[Object]:
    """Return whose pod is called so: `mimir-ingester-0` of a StatefulSet, `mimir-querier-POD` of others."""
    found = []
    for each in workloads(list(objects(metrics))):
        stateful = each["kind"] == "StatefulSet"
        numbered = [f"{each['metadata']['name']}-{number}" for number in range(each["spec"].get("replicas", 1))]
        if name in (numbered if stateful else [f"{each['metadata']['name']}-POD"]):
            found.append(each)
    return found


def problems(line: str, metrics: str) -> Iterator[str]:
    """Yield what a command names and prod does not have."""
    if any(each in line for each in ELSEWHERE):
        return
    command, *filters = (part.strip() for part in line.split(" | "))
    yield from _labels(metrics, command)
    for verb, name in re.findall(r"-n \$N (describe pod|logs|exec) ((?!-)\S+)", command):
        kind, _, whole = name.partition("/")
        known = name == "POD" or whole in kinds(metrics, _KINDS.get(kind, "")) or pods(metrics, name)
        yield from () if known else (f"{verb}: no pod {name}",)
    policies = set(policies_of(prod(metrics)))
    secrets = {MIMIR_SECRET, TEMPO_SECRET, LOKI_SECRET, RECEIVERS_SECRET}
    for kind, there in (
        ("networkpolicy", policies),
        ("secret", secrets),
        ("configmap", kinds(metrics, "ConfigMap") | {CONFIG_MAP, LIMITS, RULES}),
        ("deployment", kinds(metrics, "Deployment")),
    ):
        for name in re.findall(rf"(?:get|describe) {kind} ((?!-)\S+)", command):
            yield from () if name in there else (f"no {kind} {name}",)
    yield from _addresses(metrics, command)
    if found := re.match(r"(metrics|tempo) (\S+) (\S+)$", command):
        yield from _asked(metrics, found[1], found[2])
        yield from _filtered(found[3], filters)


def _labels(metrics: str, command: str) -> Iterator[str]:
    for selector in re.findall(r" -l ('[^']+'|\S+)", command):
        templates = (each["spec"]["template"]["metadata"]["labels"] for each in workloads(list(objects(metrics))))
        metadata = (each["metadata"].get("labels", {}) for each in objects(metrics))
        if not any(_selects(selector, labels) for labels in (*templates, *metadata)):
            yield f"nothing has the labels {selector}"


def _selects(selector: str, labels: Mapping[str, str]) -> bool:
    if several := re.fullmatch(r"'(\S+) in \((.+)\)'", selector):
        return labels.get(several[1]) in several[2].split(", ")
    return dict(each.split("=") for each in selector.split(",")).items() <= labels.items()


def _addresses(metrics: str, command: str) -> Iterator[str]:
    """Yield Services, and ports of them, that are not there."""
    services = named(list(objects(metrics)), "Service")
    asked = re.findall(r"://([a-z-]+)\.\$N\.svc:(\d+)", command) + re.findall(r"svc/([a-z-]+) \d+:(\d+)", command)
    for name, port in asked:
        there = {each["port"] for each in services[name]["spec"]["ports"]} if name in services else set()
        yield from () if int(port) in there else (f"no Service {name}:{port}",)


def _asked(metrics: str, function: str, pod: str) -> Iterator[str]:
    found = pods(metrics, pod)
    if not found:
        yield f"no pod {pod}"
    for each in found:
        declared = {port["containerPort"] for port in each["spec"]["template"]["spec"]["containers"][0]["ports"]}
        yield from () if PORTS[function] in declared else (f"{pod} has no port {PORTS[function]}",)


def _filtered(path: str, filters: list[str]) -> Iterator[str]:
    """Yield what is looked for among metrics that nobody exports."""
    for each in filters if path == "metrics" else ():
        if found := re.fullmatch(r"grep (?:-\w+ )?'?([^']+?)'?", each):
            pattern = found[1] if "-E" in each or "-iE" in each else re.escape(found[1])
            # A word of several is enough: the list has what rules need, and histograms by their parts.
            yield from () if any(re.search(pattern, name) for name in series()) else (f"no metric has {found[1]}",)


@pytest.mark.parametrize("line", LINES)
def test_a_command_names_only_what_prod_has(line: str) -> None:
    """One of its shapes has: metrics are in one of two backends."""
    assert min((list(problems(line, each)) for each in METRICS), key=len) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("kubectl -n $N get pods -l app.kubernetes.io/component=ingestor", "nothing has the labels"),
        ("kubectl -n $N logs mimir-ingester-3 --tail=1", "logs: no pod mimir-ingester-3"),
        ("kubectl -n $N describe networkpolicy mimir-ingesters", "no networkpolicy mimir-ingesters"),
        ("kubectl -n $N get secret mimir-s4 -o yaml", "no secret mimir-s4"),
        ("curl -s http://mimir-ruler.$N.svc:80/x", "no Service mimir-ruler:80"),
        ("metrics mimir-ingestor-0 metrics", "no pod mimir-ingestor-0"),
        ("tempo mimir-ingester-0 metrics", "mimir-ingester-0 has no port 3200"),
        ("metrics mimir-ingester-0 metrics | grep cortex_nothing", "no metric has cortex_nothing"),
    ],
)
def test_mistakes_are_found(line: str, said: str) -> None:
    (problem,) = problems(line, "mimir")
    assert said in problem


def test_there_is_something_to_check() -> None:
    assert len(LINES) > 60
