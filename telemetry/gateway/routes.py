"""The routes of the gateway. A path that is not among a backend's routes is answered with 404.

So nobody outside reaches a backend's `/flush`, `/shutdown`, `/config`, `/metrics`, ring or debug pages.
"""

from collections.abc import Iterable
from typing import Any

from telemetry.spec.backend import Backend
from telemetry.spec.routes import Route
from telemetry.stack.backends import metrics_first


def routes_of(backends: Iterable[Backend[Any, Any]]) -> tuple[Route, ...]:
    """Return every route of backends; no path stands in it twice, and none with a rest is the beginning of another."""
    listed = list(backends)
    pushing = [route for backend in listed for route in backend.routes if route.pushes]
    others = [route for backend in metrics_first(listed) for route in backend.routes if not route.pushes]
    return (*pushing, *others)
