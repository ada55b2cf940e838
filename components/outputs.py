"""What other stacks may read of this one: a typed, versioned contract (docs/outputs.md)."""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pulumi
from typing_extensions import TypedDict  # pydantic makes the published schema of it, and asks for this one

from components.backend import Backend
from components.buckets import Buckets
from components.datasources import Datasources
from components.gateway import Gateway
from telemetry.capacity.summary import Summary, summary
from telemetry.gateway.addresses import client_endpoints
from telemetry.stack import Stack

Version = Literal[4]
SCHEMA_VERSION: Version = 4
"""Raised whenever the shape of an output changes; `python -m docs.make_schema` insists."""


class TracesEndpoints(TypedDict):
    """Addresses for traces in the cluster; with a gateway, its own."""

    otlp_grpc: str
    otlp_http: str
    query: str


class MetricsEndpoints(TypedDict):
    """Addresses for metrics in the cluster; with a gateway, its own."""

    remote_write: str
    otlp_http: str
    query: str


class LogsEndpoints(TypedDict):
    """Addresses for logs in the cluster; with a gateway, its own. Loki's API is below `query`."""

    push: str
    otlp_http: str
    query: str


class ProfilesEndpoints(TypedDict):
    """Addresses for profiles in the cluster; with a gateway, its own. Pyroscope's APIs are below them."""

    push: str
    query: str


class Endpoints(TypedDict):
    """Addresses per signal; null for logs where the stack has no Loki, for profiles where it has no Pyroscope."""

    traces: TracesEndpoints
    metrics: MetricsEndpoints
    logs: LogsEndpoints | None
    profiles: ProfilesEndpoints | None


class Datasource(TypedDict):
    """A datasource in Grafana."""

    name: str
    uid: str


class DatasourceOutputs(TypedDict):
    """Datasources per signal; null for logs where the stack has no Loki, for profiles where it has no Pyroscope."""

    traces: Datasource
    metrics: Datasource
    logs: Datasource | None
    profiles: Datasource | None


class Tenant(TypedDict):
    """A tenant: `secret` is the Secret with its credentials, none where it has them from elsewhere or needs none.

    It has no `datasources` where the program does not know its credentials.
    """

    id: str
    display_name: str
    secret: str | None
    datasources: DatasourceOutputs | None


class Status(TypedDict):
    """Whether the platform does what was asked of it, and what it does without."""

    state: Literal["active", "degraded"]
    reasons: list[str]


class Outputs(TypedDict):
    """All that a stack tells others."""

    schema_version: Version
    endpoints: Endpoints
    certificate_authority: str
    """PEM that clients of the gateway must trust; empty without a gateway, or where it is a public one."""
    datasources: dict[str, Datasource]
    """Per signal the environment's, such as `Mimir (prod)`; empty where there may be none (docs/tenants.md)."""
    buckets: list[str]
    tenants: list[Tenant]
    capacity: Summary
    status: Status


def endpoints(stack: Stack) -> Endpoints:
    """Return the addresses: the gateway's, where there is one."""
    given = {backend.signal: client_endpoints(backend)._asdict() for backend in stack.backends}
    return {
        "traces": given["traces"],
        "metrics": given["metrics"],
        "logs": given.get("logs"),
        "profiles": given.get("profiles"),
    }


_WITHOUT = {
    "metrics-generator": "the service map stays empty",
    "overrides-exporter": "limits per tenant cannot be watched",
}
"""What is not there without an optional role."""


def status(stack: Stack, releases: dict[str, str]) -> Status:
    """Return `active`, or `degraded` and why: an optional role is off, or a release is not deployed (R8)."""
    reasons = [f"release {name} is {state}" for name, state in releases.items() if state != "deployed"]
    optional = {"traces": stack.traces.missing_optional, "metrics": stack.metrics.missing_optional}
    reasons += [
        f"{signal}: the optional role {role} is off; {_WITHOUT[role]}"
        for signal, roles in optional.items()
        for role in roles
    ]
    return {"state": "degraded" if reasons else "active", "reasons": reasons}


def tenants(stack: Stack, secrets: Mapping[str, str], made: Mapping[str, Any]) -> list[Tenant]:
    """Return the tenants, with the names of their Secrets and their datasources by id."""
    return [
        {
            "id": tenant.id,
            "display_name": tenant.display_name,
            "secret": secrets.get(tenant.id),
            "datasources": _datasources(made.get(tenant.id)),
        }
        for tenant in stack.tenants
    ]


def _datasources(made: Mapping[str, Any] | None) -> DatasourceOutputs | None:
    if made is None:
        return None
    return {
        "traces": made["traces"],
        "metrics": made["metrics"],
        "logs": made.get("logs"),
        "profiles": made.get("profiles"),
    }


def export(
    *,
    stack: Stack,
    buckets: Buckets,
    backends: Sequence[Backend],
    gateway: Gateway | None,
    datasources: Datasources,
) -> None:
    """Register the stack's outputs."""
    secrets = gateway.tenant_secrets if gateway is not None else {}
    pulumi.export("schema_version", SCHEMA_VERSION)
    pulumi.export("endpoints", endpoints(stack))
    pulumi.export("certificate_authority", (gateway.authority if gateway is not None else None) or "")
    pulumi.export("datasources", datasources.declared)
    pulumi.export("buckets", buckets.names)
    pulumi.export("tenants", datasources.tenants.apply(lambda made: tenants(stack, secrets, made)))
    pulumi.export("capacity", summary(stack))
    releases = pulumi.Output.all(*(each.releases for each in backends))
    pulumi.export("status", releases.apply(lambda all_of: status(stack, dict(ChainMap(*reversed(all_of))))))
