"""What other stacks may read of this one: a typed, versioned contract (docs/outputs.md)."""

from typing import Literal

import pulumi
from typing_extensions import TypedDict  # pydantic makes the published schema of it, and asks for this one

from components.buckets import Buckets
from components.datasources import Datasources
from components.mimir import Mimir
from components.tempo import Tempo
from settings import Stack
from sizing.summary import Summary, summary

Version = Literal[2]
SCHEMA_VERSION: Version = 2
"""Raised whenever the shape of an output changes; `python -m docs.make_schema` insists."""


class TracesEndpoints(TypedDict):
    """Addresses of Tempo in the cluster."""

    otlp_grpc: str
    otlp_http: str
    query: str


class MetricsEndpoints(TypedDict):
    """Addresses of Mimir in the cluster."""

    remote_write: str
    otlp_http: str
    query: str


class Endpoints(TypedDict):
    """Addresses per signal."""

    traces: TracesEndpoints
    metrics: MetricsEndpoints


class Datasource(TypedDict):
    """A datasource in Grafana."""

    name: str
    uid: str


class DatasourceOutputs(TypedDict):
    """Datasources per signal."""

    traces: Datasource
    metrics: Datasource


class Status(TypedDict):
    """Whether the platform does what was asked of it, and what it does without."""

    state: Literal["active", "degraded"]
    reasons: list[str]


class Outputs(TypedDict):
    """All that a stack tells others."""

    schema_version: Version
    endpoints: Endpoints
    datasources: DatasourceOutputs
    buckets: list[str]
    tenants: list[str]
    capacity: Summary
    status: Status


def endpoints(mimir: Mimir, tempo: Tempo) -> Endpoints:
    """Return the addresses."""
    return {
        "traces": {
            "otlp_grpc": tempo.otlp_grpc_address,
            "otlp_http": tempo.otlp_http_url,
            "query": tempo.query_url,
        },
        "metrics": {
            "remote_write": mimir.remote_write_url,
            "otlp_http": mimir.otlp_url,
            "query": mimir.query_url,
        },
    }


_WITHOUT = {
    "metrics-generator": "the service map stays empty",
    "overrides-exporter": "limits per tenant cannot be watched",
}
"""What is not there without an optional role."""


def status(stack: Stack, releases: dict[str, str]) -> Status:
    """Return `active`, or `degraded` and why: an optional role is off, or a release is not deployed (seed 001)."""
    reasons = [f"release {name} is {state}" for name, state in releases.items() if state != "deployed"]
    optional = {"traces": stack.traces.missing_optional, "metrics": stack.metrics.missing_optional}
    reasons += [
        f"{signal}: the optional role {role} is off; {_WITHOUT[role]}"
        for signal, roles in optional.items()
        for role in roles
    ]
    return {"state": "degraded" if reasons else "active", "reasons": reasons}


def export(*, stack: Stack, buckets: Buckets, mimir: Mimir, tempo: Tempo, datasources: Datasources) -> None:
    """Register the stack's outputs."""
    pulumi.export("schema_version", SCHEMA_VERSION)
    pulumi.export("endpoints", endpoints(mimir, tempo))
    pulumi.export("datasources", datasources.declared)
    pulumi.export("buckets", buckets.names)
    pulumi.export("tenants", [])
    pulumi.export("capacity", summary(stack))
    releases = pulumi.Output.all(mimir.releases, tempo.releases)
    pulumi.export("status", releases.apply(lambda both: status(stack, {**both[0], **both[1]})))
