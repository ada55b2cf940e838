"""Prometheus with Thanos as a stack has deployed it: a process for each pod, on the deployed configuration."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import SplitResult

from kubernetes import client

from sandbox import thanos
from sandbox.gateway.loopback import Network
from sandbox.thanos import HTTP, PROMETHEUS_HTTP, Deployed, Member, Programs, Site
from sandbox.thanos_alerting import alertmanagers
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from sandbox.world.files import write_private
from telemetry.backends.thanos.endpoints import ALERTMANAGER_PORT, THANOS
from telemetry.backends.thanos.limits import limited
from telemetry.backends.thanos.roles import SIDECAR
from telemetry.backends.thanos.values import LIMITS, LIMITS_FILE, RULES
from telemetry.config.existing_secrets import ACCESS_KEY_ENV, SECRET_KEY_ENV
from telemetry.spec.alertmanager import SECRET, made_here
from telemetry.stack import Stack

_Started = TypeVar("_Started")


@contextmanager
def of_stack(
    stack: Stack, toolchain: Toolchain, connections: Connections, net: Network, directory: Path
) -> Iterator[Callable[[SplitResult], str]]:
    """Run as many pods of each role as a stack has, and yield where a Service's first one is.

    Ingestors upload what they hold when they end.
    """
    programs = Programs(toolchain.path("thanos"), toolchain.path("prometheus"))
    core = connections.core()
    site = Site(deployed_in(stack, core), programs, directory)
    credentials = _credentials(stack, core, directory / "receivers")
    roles = stack.metrics.roles
    at = {role: [net.address() for _ in range(size.replicas)] for role, size in roles.items() if role != SIDECAR}
    with ExitStack() as opened:

        def pods(role: str, start: Callable[..., AbstractContextManager[_Started]], *more: object) -> list[_Started]:
            named = [(f"{role}-{number}", address) for number, address in enumerate(at[role])]
            return [opened.enter_context(start(site, *each, *more)) for each in named]

        told = alertmanagers(site, toolchain.path("alertmanager"), at["alertmanager"], credentials)
        everyone = [f"--alertmanagers.url={each.url}" for each in opened.enter_context(told)]
        ingestors = pods("receive-ingestor", thanos.ingestor)
        stores = [*ingestors, *pods("store-gateway", thanos.store)]
        stores += pods("rule", thanos.rule, at["query"], *everyone)
        stores += [sidecar for _, sidecar in pods("prometheus", thanos.prometheus, _targets(at))]
        pods("compact", thanos.compactor)
        pods("query", thanos.query, stores)
        pods("receive-router", partial(_router, ingestors=ingestors))
        opened.callback(_end, ingestors)
        yield lambda service: f"{at[_role(service)][0]}:{service.port}"


def deployed_in(stack: Stack, core: client.CoreV1Api) -> Deployed:
    """Return what the releases, and the objects beside them, have on the cluster."""
    context, namespace = stack.backend("metrics").context, stack.namespace.name
    apps = client.AppsV1Api(core.api_client)
    listed = {
        "Deployment": apps.list_namespaced_deployment(namespace),
        "StatefulSet": apps.list_namespaced_stateful_set(namespace),
        "ConfigMap": core.list_namespaced_config_map(namespace),
    }
    objects = [
        {**core.api_client.sanitize_for_serialization(each), "kind": kind}
        for kind, found in listed.items()
        for each in found.items
    ]
    files = {each["metadata"]["name"]: each.get("data", {}) for each in objects if each["kind"] == "ConfigMap"}
    secret = context.s3_secret
    key = core.read_namespaced_secret(secret.name, namespace).data
    names = {ACCESS_KEY_ENV: secret.access_key, SECRET_KEY_ENV: secret.secret_key}
    return thanos.deployed(
        objects,
        {name: base64.b64decode(key[each]).decode() for name, each in names.items()},
        limits=files[LIMITS][LIMITS_FILE] if limited(context.tenants, context.limits) else "",
        rules=files[RULES],
    )


def _credentials(stack: Stack, core: client.CoreV1Api, folder: Path) -> Path:
    """Return a folder with the receivers' files, as alertmanagers mount them: of what the program itself has made."""
    folder.mkdir()
    if stack.alerting is not None and made_here(stack.alerting):
        data = core.read_namespaced_secret(SECRET, stack.namespace.name).data or {}
        for name, content in data.items():
            write_private(folder / name, base64.b64decode(content).decode())
    return folder


def _targets(at: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return what Prometheus scrapes, by role."""
    found = {role: [f"{each}:{HTTP}" for each in addresses] for role, addresses in at.items()}
    sidecars, servers = found["prometheus"], [f"{each}:{PROMETHEUS_HTTP}" for each in at["prometheus"]]
    told = [f"{each}:{ALERTMANAGER_PORT}" for each in at["alertmanager"]]
    return {**found, "prometheus": servers, SIDECAR: sidecars, "alertmanager": told}


def _router(site: Site, name: str, address: str, *, ingestors: Sequence[Member]) -> AbstractContextManager[Member]:
    return thanos.router(site, name, address, address, ingestors)


def _role(service: SplitResult) -> str:
    return (service.hostname or "").partition(".")[0].removeprefix(f"{THANOS}-")


def _end(members: Sequence[Member]) -> None:
    with ThreadPoolExecutor() as pool:  # all at once: each takes a while to upload what it holds
        list(pool.map(Member.end, members))
