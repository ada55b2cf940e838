"""Tables of what a stack has made, and where: what people look at after `make up`."""

from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.engine import Engine
from sandbox.world import Connections
from telemetry.config.tables import table


def show(console: Console, stack: str, engine: Engine, connections: Connections, namespace: str) -> None:
    """Print what stands behind a stack's outputs."""
    outputs = engine.json("stack output --json", stack)
    console.print(_made(stack, outputs, connections, namespace))
    console.print(_addresses(outputs))
    console.print(
        f"\nAsk for [bold]{outputs['capacity']['cpu']}[/] CPU, [bold]{outputs['capacity']['memory']}[/] memory and "
        f"[bold]{outputs['capacity']['storage']}[/] of volumes in {outputs['capacity']['pods']} pods; "
        f"the platform is [bold]{outputs['status']['state']}[/]."
    )
    console.print(
        f"[dim]Look around:  make status  ·  make shell STACK={stack} (then: pulumi stack -s {stack}, helm list -A)  "
        f"·  make validate STACK={stack}  ·  make down[/]"
    )


def _made(stack: str, outputs: dict[str, Any], connections: Connections, namespace: str) -> Table:
    made = table("What", "Name", "Where", "State", title=f"What stack {stack} has made")
    for bucket in outputs["buckets"]:
        made.add_row("bucket", bucket, connections.s3_endpoint, "exists")
    for release, ready, pods in _workloads(connections, namespace):
        made.add_row("release", release, f"namespace {namespace}", f"{ready} of {pods} pods ready")
    for signal, datasource in outputs["datasources"].items():
        where = f"{connections.grafana_url} (uid {datasource['uid']})"
        made.add_row("datasource", datasource["name"], where, signal)
    for tenant in outputs["tenants"]:
        secret = f"Secret {tenant['secret']}, namespace {namespace}" if tenant["secret"] else "credentials of its own"
        shown = ", ".join(each["name"] for each in (tenant["datasources"] or {}).values() if each)
        made.add_row("tenant", f"{tenant['display_name']} ({tenant['id']})", secret, shown or "no datasources")
    return made


def _workloads(connections: Connections, namespace: str) -> list[tuple[str, int, int]]:
    """Return for each release its name, its ready pods and its pods."""
    counts: dict[str, list[bool]] = {}
    for pod in connections.core().list_namespaced_pod(namespace).items:
        release = pod.metadata.labels.get("app.kubernetes.io/instance", "?")
        ready = any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])
        counts.setdefault(release, []).append(ready)
    return [(release, sum(pods), len(pods)) for release, pods in sorted(counts.items())]


def _addresses(outputs: dict[str, Any]) -> Table:
    made = table("Signal", "Use", "Address", title="Addresses in the cluster")
    for signal, addresses in outputs["endpoints"].items():
        for use, address in (addresses or {}).items():
            made.add_row(signal, use, address)
    return made
