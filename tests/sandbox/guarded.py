"""The pods that a stack's charts and its gateway make, with their neighbours, as NetworkPolicies see them."""

from collections.abc import Iterator, Mapping
from functools import cache

from telemetry.config.existing_secrets import ACCESS_KEY_ENV
from telemetry.config.network import NAMESPACE_LABEL
from telemetry.gateway import workload
from telemetry.network.evaluate import End, Host, Pod
from telemetry.network.policies import policies_of
from telemetry.releases import releases_of
from telemetry.stack import Stack
from tests.sandbox.charts import Object, render, workloads
from tests.support import (
    WITH_LOGS,
    WITH_LOGS_IN_PROD,
    WITH_PROFILES,
    WITH_PROFILES_IN_PROD,
    WITH_THANOS_IN_PROD,
    Change,
    all_of,
    load_stack,
    put,
)

ROOM = put("namespace.quota", {"cpu": "16", "memory": "64Gi", "storage": "96Gi"})
SINGLE = {"name": "tempo", "version": "2.2.4", "repository": "https://grafana-community.github.io/helm-charts"}
APART = {**SINGLE, "name": "tempo-distributed", "version": "2.26.2"}
TO_SINGLE: Change = all_of(
    ROOM, put("traces", {"chart": SINGLE, "moving_from": {"topology": "distributed", "chart": APART}})
)
TO_APART: Change = all_of(
    ROOM, put("traces", {"topology": "distributed", "chart": APART, "moving_from": {"chart": SINGLE}})
)
ONE_BINARY: Change = all_of(ROOM, put("traces", {"chart": SINGLE}))
NO_GENERATOR: Change = put(
    "traces.enabled_roles", ["distributor", "ingester", "querier", "query-frontend", "compactor"]
)
GATEWAY: Change = all_of(ROOM, put("gateway", {"backend_tls": {}}), put("tenants", [{"id": "a", "display_name": "A"}]))
COLLECTOR: Change = all_of(
    put(
        "collector",
        {
            "deploy": "daemon-set",
            "chart": {"name": "alloy", "version": "1.11.1", "repository": "https://grafana.github.io/helm-charts"},
            "nodes": 3,
            "api_server": {"namespaces": [{NAMESPACE_LABEL: "control-plane"}], "ports": [6443]},
        },
    ),
    put("monitoring.scrape", "collector"),
)
VARIANTS: dict[str, tuple[str, Change]] = {
    "dev with a collector": ("dev", all_of(ROOM, COLLECTOR)),
    "prod with a collector": ("prod", all_of(ROOM, COLLECTOR)),
    "dev": ("dev", all_of()),
    "dev with a gateway": ("dev", GATEWAY),
    "dev to distributed": ("dev", TO_APART),
    "dev without a generator": ("dev", NO_GENERATOR),
    "test": ("test", all_of()),
    "test to distributed": ("test", TO_APART),
    "prod": ("prod", all_of()),
    "prod on Kubernetes": ("prod", put("kubernetes.platform", "kubernetes")),
    "prod with TLS to the backends": ("prod", put("gateway.backend_tls", {})),
    "prod as one binary": ("prod", ONE_BINARY),
    "prod to one binary": ("prod", TO_SINGLE),
    "dev with logs": ("dev", all_of(ROOM, WITH_LOGS)),
    "prod with logs": ("prod", WITH_LOGS_IN_PROD),
    "dev with profiles": ("dev", all_of(ROOM, WITH_PROFILES)),
    "prod with profiles": ("prod", WITH_PROFILES_IN_PROD),
    "prod with Thanos": ("prod", WITH_THANOS_IN_PROD),
    "prod that notifies": ("prod", put("security.alert_receivers", {"cidrs": ["203.0.113.0/24"], "ports": [443]})),
}
"""Stack file and change by name. Neighbours are each in a namespace of their own, unless said otherwise."""

_APART_FROM_US = {"clients": "shops", "grafana": "dashboards", "monitoring": "scrapers", "api_server": "control-plane"}
NEIGHBOURS: Change = all_of(
    *(put(f"security.{key}", {"namespaces": [{NAMESPACE_LABEL: name}]}) for key, name in _APART_FROM_US.items()),
    put("security.object_store", {"namespaces": [{NAMESPACE_LABEL: "stores"}], "pods": {"app": "seaweedfs"}}),
)


@cache
def stack_of(variant: str) -> Stack:
    """Return a variant's settings."""
    environment, change = VARIANTS[variant]
    return load_stack(environment, change, NEIGHBOURS)


@cache
def policies(variant: str) -> tuple[Object, ...]:
    """Return a variant's policies as objects of its namespace."""
    return of_stack(stack_of(variant))


def of_stack(stack: Stack) -> tuple[Object, ...]:
    """Return a stack's policies as objects of its namespace."""
    metadata = {"namespace": stack.namespace.name}
    return tuple({"metadata": {**metadata, "name": name}, "spec": spec} for name, spec in policies_of(stack).items())


@cache
def rendered(variant: str) -> tuple[Object, ...]:
    """Return every object that the charts of a variant make."""
    releases = releases_of(stack_of(variant))
    return tuple(item for each in releases for item in render(each.chart.name, each.values, each.name))


def pod(namespace: str, labels: Mapping[str, str] | None = None, containers: list[Object] | None = None) -> Pod:
    """Return a pod in a namespace that bears its own name, with the ports that its containers declare."""
    declared = [port for container in containers or [] for port in container.get("ports", ())]
    ports = {
        (port["name"], port.get("protocol", "TCP")): port["containerPort"] for port in declared if port.get("name")
    }
    return Pod(namespace, labels or {}, {NAMESPACE_LABEL: namespace}, ports)


@cache
def own_pods(variant: str) -> dict[str, Pod]:
    """Return the pods of every workload as `workload/number`, two of each: replicas speak with each other as well."""
    namespace = stack_of(variant).namespace.name
    return {
        f"{name}/{number}": pod(namespace, template["metadata"]["labels"], template["spec"]["containers"])
        for name, template in _templates(variant)
        for number in range(2)
    }


def keyed(variant: str) -> set[str]:
    """Return the workloads that are given an S3 key."""
    return {item["metadata"]["name"] for item in workloads(list(rendered(variant))) if _is_keyed(item)}


def _is_keyed(workload: Object) -> bool:
    containers = workload["spec"]["template"]["spec"]["containers"]
    names = {variable["name"] for each in containers for variable in each.get("env") or ()}
    return ACCESS_KEY_ENV in names or any("envFrom" in each for each in containers)


def _templates(variant: str) -> Iterator[tuple[str, Object]]:
    stack = stack_of(variant)
    for item in workloads(list(rendered(variant))):
        yield item["metadata"]["name"], item["spec"]["template"]
    if stack.gateway is not None and stack.gateway_role is not None:
        yield "gateway", workload.deployment(stack, stack.gateway, stack.gateway_role, watch="")["template"]


OUTSIDERS: dict[str, End] = {
    "clients": pod("shops", {"app": "checkout"}),
    "Grafana": pod("dashboards", {"app.kubernetes.io/name": "grafana"}),
    "monitoring": pod("scrapers"),
    "API server": pod("control-plane"),
    "object store": pod("stores", {"app": "seaweedfs"}),
    "DNS (openshift)": pod("openshift-dns"),
    "DNS (kubernetes)": pod("kube-system"),
    "alert receivers": Host("203.0.113.25"),
    "beside the object store": pod("stores", {"app": "shell"}),
    "a stranger": pod("elsewhere", {"app.kubernetes.io/name": "mimir", "app.kubernetes.io/instance": "mimir"}),
    "a stranger's gateway": pod(
        "elsewhere", {"app.kubernetes.io/name": "gateway", "app.kubernetes.io/instance": "gateway"}
    ),
    "a stranger without labels": pod("elsewhere"),
    "the internet": Host("198.51.100.7"),
    "the internet, by IPv6": Host("2001:db8::7"),
    "the cloud's metadata": Host("169.254.169.254"),
}
"""Whoever is beyond the namespace, by the name that flows give them, and those of whom no flow speaks."""


def everybody(variant: str) -> dict[str, End]:
    """Return own pods, a pod of somebody else in their namespace, and all outsiders, by name."""
    neighbour = pod(
        stack_of(variant).namespace.name, {"app.kubernetes.io/name": "shop", "app.kubernetes.io/instance": "shop"}
    )
    return {**own_pods(variant), "a neighbour in the namespace": neighbour, **OUTSIDERS}


def plain(name: str) -> str:
    """Return the workload's part of a pod's name."""
    return name.partition("/")[0]
