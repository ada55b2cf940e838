"""The addresses of a stack: those of its outputs, and those of the backends themselves."""

from collections.abc import Mapping
from typing import Any

from telemetry.clients.target import COLLECTOR_ADDRESS
from telemetry.collector.addresses import RELEASE
from telemetry.spec.ports import OTLP_HTTP
from telemetry.stack import Stack

Addresses = Mapping[str, str]
"""By signal and name, such as `metrics.query`."""


def clients(endpoints: Mapping[str, Mapping[str, Any] | None]) -> Addresses:
    """Return what a stack's outputs say; nothing of signals that it has no backend for."""
    return {f"{signal}.{name}": str(url) for signal, urls in endpoints.items() for name, url in (urls or {}).items()}


def backends(stack: Stack) -> Addresses:
    """Return where the backends themselves take and give what clients do."""
    return clients({backend.signal: backend.endpoints._asdict() for backend in stack.backends})


def collector(stack: Stack) -> Addresses:
    """Return where the stack's collector takes OTLP over HTTP; nothing where the program deploys none."""
    if stack.collector_role is None:
        return {}
    return {COLLECTOR_ADDRESS: f"http://{RELEASE}.{stack.namespace.name}.svc:{OTLP_HTTP}"}


def admin(stack: Stack) -> Addresses:
    """Return where the backends' own pages are, which no gateway offers."""
    pages: dict[str, Mapping[str, str]] = {
        each.signal: each.of.admin_endpoints(each.context) for each in stack.backends if each.of.admin_endpoints
    }
    return clients(pages)
