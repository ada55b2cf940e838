"""The policies, held against the configuration that the charts write: whoever is given an address must get there."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from telemetry.backends.mimir.endpoints import METRICS_TWINS
from telemetry.backends.mimir.values import RELEASE as MIMIR
from telemetry.backends.tempo.release import TEMPO
from telemetry.backends.thanos.endpoints import THANOS, TWINS
from telemetry.gateway.secrets import upstreams
from telemetry.network.evaluate import allows
from telemetry.network.peers import neighbours_of
from tests.sandbox.charts import config_of, named, workloads
from tests.sandbox.guarded import OUTSIDERS, VARIANTS, keyed, own_pods, plain, policies, rendered, stack_of

pytestmark = pytest.mark.sandbox
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def services(variant: str) -> dict[str, Any]:
    """Return the charts' Services, and ours before Tempo, Mimir and Thanos (components/), by name."""
    found = named(list(rendered(variant)), "Service")
    twins = (("mimir", MIMIR, METRICS_TWINS.items()), ("thanos", THANOS, ((role, TWINS[role][0]) for role in TWINS)))
    for app, release, names in twins:
        for role, name in names:
            labels = {"name": app, "instance": release, "component": role}
            selector = {f"app.kubernetes.io/{key}": value for key, value in labels.items()}
            found[name] = {"spec": {"clusterIP": "None", "selector": selector, "ports": []}}
    for topology in TEMPO:
        selector = {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": TEMPO[topology]}
        for name, role in (("traces-ingest-pods", "distributor"), ("traces-query-pods", "query-frontend")):
            own = {} if topology == "monolithic" else {"app.kubernetes.io/component": role}
            found[f"{name}/{topology}"] = {"spec": {"clusterIP": "None", "selector": {**selector, **own}, "ports": []}}
    return found


def behind(variant: str, service: Mapping[str, Any], number: int | str) -> Iterator[tuple[str, int]]:
    """Yield the pods of a Service, and the port of each that a port of the Service leads to."""
    spec = service["spec"]
    (target,) = [
        each.get("targetPort", number) for each in spec["ports"] if number in (each["port"], each["name"])
    ] or [number]
    if spec.get("clusterIP") == "None" and isinstance(number, int):
        target = number  # its name stands for the pods themselves
    for name, each in own_pods(variant).items():
        if spec["selector"].items() <= each.labels.items():
            yield name, each.ports[target, "TCP"] if isinstance(target, str) else target


def reaches(variant: str, role: str, address: str) -> set[str]:
    """Return which pods of a Service the pods of a workload cannot reach; fails where there is nobody at either end."""
    host, _, text = address.rpartition(":")
    number = int(text) if text.isdigit() else text
    found = services(variant)
    chosen = [spec for name, spec in found.items() if name.partition("/")[0] == host.partition(".")[0]]
    targets = [pair for service in chosen for pair in behind(variant, service, number)]
    sources = [name for name in own_pods(variant) if plain(name) == role]
    assert targets, (role, address)
    assert sources, (role, address)
    own = own_pods(variant)
    return {f"{source} -> {target}:{port}" for source in sources for target, port in targets
            if not allows(policies(variant), own[source], own[target], port)}  # fmt: skip


def mimir_addresses(variant: str) -> Iterator[tuple[str, str]]:
    """Yield roles of Mimir with an address of their configuration."""
    if stack_of(variant).backend("metrics").of.name != "mimir":
        return
    mimir = config_of(list(rendered(variant)), "mimir-config", "mimir.yaml")
    yield "mimir-query-frontend", mimir["frontend"]["scheduler_address"]
    yield "mimir-querier", mimir["frontend_worker"]["scheduler_address"]
    alertmanager = urlsplit(mimir["ruler"]["alertmanager_url"].partition("+")[2]).netloc
    port, _, host = alertmanager.removeprefix("_").partition("._tcp.")
    yield "mimir-ruler", f"{host}:{port}"  # by the port's name, from the SRV record
    (join,) = mimir["memberlist"]["join_members"]
    for name, each in own_pods(variant).items():
        if each.labels["app.kubernetes.io/instance"] == MIMIR and "app.kubernetes.io/part-of" in each.labels:
            yield plain(name), join.removeprefix("dns+")
    yield "mimir-query-frontend", join.removeprefix("dns+")  # it follows the queriers' ring, without the label
    if stack_of(variant).gateway is None:
        nginx = named(list(rendered(variant)), "ConfigMap")["mimir-gateway-nginx"]["data"]["nginx.conf"]
        for host in set(re.findall(r"set \$upstream (\S+);", nginx)):
            yield "mimir-gateway", f"{host}:8080"


def tempo_addresses(variant: str) -> Iterator[tuple[str, str]]:
    """Yield workloads of Tempo with an address of their configuration."""
    stack, objects = stack_of(variant), list(rendered(variant))
    for shape in stack.traces.shapes:
        release = TEMPO[shape.topology]
        apart = shape.topology == "distributed"
        tempo = config_of(objects, f"{release}-config" if apart else release, "tempo.yaml")
        if "metrics-generator" in shape.runs:
            (written,) = tempo["metrics_generator"]["storage"]["remote_write"]
            push = urlsplit(written["url"])
            yield f"{release}-metrics-generator" if apart else release, f"{push.hostname}:{push.port or 80}"
        if apart:
            yield f"{release}-querier", tempo["querier"]["frontend_worker"]["frontend_address"]
            (join,) = tempo["memberlist"]["join_members"]
            for role in shape.roles:
                yield f"{release}-{role}", join.removeprefix("dns+")


def loki_addresses(variant: str) -> Iterator[tuple[str, str]]:
    """Yield workloads of Loki with an address of their configuration."""
    logs = stack_of(variant).logs
    if logs is None:
        return
    told = config_of(list(rendered(variant)), "loki", "config.yaml")
    apart = logs.topology == "distributed"
    (join,) = told["memberlist"]["join_members"]
    for name in ("loki-read", "loki-write", "loki-backend") if apart else ("loki",):
        yield name, f"{join}:7946"
    for name in ("loki-read", "loki-backend") if apart else ("loki",):
        yield name, told["common"]["compactor_grpc_address"]
        if apart:
            index = told["storage_config"]["tsdb_shipper"]["index_gateway_client"]["server_address"]
            yield name, index.removeprefix("dns+")


_PYROSCOPE_PORTS = {"_grpc": 9095, "_raft": 9099}
"""Of its SRV records."""
_NO_METASTORE = {"pyroscope-distributor", "pyroscope-query-backend"}
"""Told by the chart where the metastores are, and without a client of them (pkg/pyroscope/pyroscope.go, deps)."""


def pyroscope_addresses(variant: str) -> Iterator[tuple[str, str]]:
    """Yield workloads of Pyroscope with an address of their arguments."""
    pyroscopes = (each for each in workloads(list(rendered(variant))) if each["metadata"]["name"].startswith("pyro"))
    for item in pyroscopes:
        name, (container,) = item["metadata"]["name"], item["spec"]["template"]["spec"]["containers"]
        told = dict(argument.removeprefix("-").split("=", 1) for argument in container["args"])
        yield name, told["memberlist.join"].removeprefix("dns+").replace(".:", ":")
        flags = ("metastore.address",) if name not in _NO_METASTORE else ()
        if "metastore.raft.bootstrap-peers" in told:
            flags = (*flags, "metastore.raft.bootstrap-peers")
        for flag in flags:
            record, _, rest = told[flag].rpartition("._tcp.")
            variables = {each["name"]: each.get("value", "") for each in container["env"]}
            host = variables.get(rest.strip("$()"), rest).partition(":")[0]
            yield name, f"{host.rstrip('.')}:{_PYROSCOPE_PORTS[record.rpartition('+')[2]]}"


def thanos_addresses(variant: str) -> Iterator[tuple[str, str]]:
    """Yield workloads of Thanos with an address of their arguments, and Prometheus with what it scrapes and tells."""
    if stack_of(variant).backend("metrics").of.name != "thanos":
        return
    objects = list(rendered(variant))
    for item in (each for each in workloads(objects) if each["metadata"]["name"].startswith("thanos-")):
        for argument in item["spec"]["template"]["spec"]["containers"][0]["args"]:
            port, _, host = argument.partition("=dnssrv+_")[2].partition("._tcp.")
            if host:
                yield item["metadata"]["name"], f"{host}:{port}"
    (ring,) = config_of(objects, "thanos-receive-router-hashrings", "hashrings.json")
    for endpoint in ring["endpoints"]:
        yield "thanos-receive-router", endpoint.partition(".")[2]  # behind the pod's own name
    prometheus = config_of(objects, "prometheus-server", "prometheus.yml")
    for asked in (*prometheus["scrape_configs"], *prometheus["alerting"]["alertmanagers"]):
        for each in asked.get("static_configs", ()):
            (pod,) = each["targets"]
            yield "prometheus-server", pod.partition(".")[2]
        for each in asked.get("dns_sd_configs", ()):
            for host in each["names"]:
                yield "prometheus-server", f"{host}:{each['port']}"


@each_variant
def test_every_address_that_a_pod_is_configured_with_is_open_to_it(variant: str) -> None:
    told = [
        *mimir_addresses(variant),
        *tempo_addresses(variant),
        *loki_addresses(variant),
        *pyroscope_addresses(variant),
        *thanos_addresses(variant),
    ]
    if stack_of(variant).gateway is not None:
        told += [("gateway", each) for each in upstreams(stack_of(variant)).values()]
    closed = {line for role, address in told for line in reaches(variant, role, address)}
    assert closed == set()
    assert len(told) > 10


@each_variant
def test_who_is_given_the_buckets_keys_reaches_the_object_store_and_resolves_names(variant: str) -> None:
    """But for Tempo's distributor, which is given them with all roles of its chart and opens no bucket."""
    stack, rules, own = stack_of(variant), policies(variant), own_pods(variant)
    store = OUTSIDERS["object store"]
    reach = {plain(name) for name, each in own.items() if allows(rules, each, store, 8333)}
    assert reach == keyed(variant) - {"tempo-distributed-distributor"}
    assert reach
    place = neighbours_of(stack).object_store.place
    assert place.pods == {"app": "seaweedfs"}
    number = 5353 if stack.kubernetes.platform == "openshift" else 53
    dns = OUTSIDERS[f"DNS ({stack.kubernetes.platform})"]
    unresolved = [n for n, each in own.items() for way in ("UDP", "TCP") if not allows(rules, each, dns, number, way)]
    assert unresolved == []
