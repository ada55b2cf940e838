"""Ports that several backends share, and the forms of their Services' names."""

from typing import NamedTuple

from telemetry.spec.context import Surroundings
from telemetry.spec.values.common import absolute_name

OTLP_GRPC, OTLP_HTTP = 4317, 4318
GRPC, GOSSIP = 9095, 7946
"""Ports of the backends' pods."""


class GatewayAddress(NamedTuple):
    """Where clients find the gateway."""

    url: str
    """For HTTP, without a path."""
    grpc: str
    """`host:port`, for OTLP over gRPC."""


def twin(service: str) -> str:
    """Return the name of the headless twin of one of our Services, for the gateway, which chooses among pods itself."""
    return f"{service}-pods"


def absolute(context: Surroundings, address: str) -> str:
    """Return an address of a Service of the stack as pods and Grafana are given it: with the name's final dot.

    Only to programs in Go, which leave the dot out where they check a certificate; many others do not, so what any
    client may read is `name.namespace.svc`, which the cluster's own search list completes (docs/decisions.md).
    """
    short = f".{context.namespace.name}.svc"
    name, found, rest = address.partition(short)
    return f"{absolute_name(context, name)}{rest}" if found else address
