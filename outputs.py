"""What other stacks may read of this one: a typed, versioned contract (docs/outputs.md)."""

from typing import Literal, TypedDict

import pulumi

from components.buckets import Buckets
from components.datasources import Datasources
from components.mimir import Mimir
from components.tempo import Tempo
from settings import Stack
from settings.quantities import bytes_text, cpu_text
from sizing.footprint import of_stack

SCHEMA_VERSION = 1
"""Raised whenever the shape of an output changes."""


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


class Capacity(TypedDict):
    """What the stack asks for, as Kubernetes quantities, and whether the namespace's quota has room for it."""

    cpu: str
    memory: str
    storage: str
    pods: int
    fits: bool | None


class Status(TypedDict):
    """Whether the platform does what was asked of it, and what it does without."""

    state: Literal["active", "degraded"]
    reasons: list[str]


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


def capacity(stack: Stack) -> Capacity:
    """Return the footprint and whether it fits; `fits` is None where no quota is configured."""
    footprint, quota = of_stack(stack), stack.namespace.quota
    return {
        "cpu": cpu_text(footprint.cpu),
        "memory": bytes_text(footprint.memory),
        "storage": bytes_text(footprint.storage),
        "pods": footprint.pods,
        "fits": footprint.fits(quota) if quota else None,
    }


def status(stack: Stack, releases: dict[str, str]) -> Status:
    """Return `active`, or `degraded` and why: an optional role is off, or a release is not deployed (seed 001)."""
    reasons = [f"release {name} is {state}" for name, state in releases.items() if state != "deployed"]
    if not stack.traces.metrics_generator:
        reasons.append("traces: the optional role metrics-generator is off; the service map stays empty")
    return {"state": "degraded" if reasons else "active", "reasons": reasons}


def export(*, stack: Stack, buckets: Buckets, mimir: Mimir, tempo: Tempo, datasources: Datasources) -> None:
    """Register the stack's outputs."""
    pulumi.export("schema_version", SCHEMA_VERSION)
    pulumi.export("endpoints", endpoints(mimir, tempo))
    pulumi.export("datasources", datasources.declared)
    pulumi.export("buckets", buckets.names)
    pulumi.export("tenants", [])
    pulumi.export("capacity", capacity(stack))
    releases = pulumi.Output.all(mimir=mimir.status, tempo=tempo.status)
    pulumi.export("status", releases.apply(lambda states: status(stack, states)))
