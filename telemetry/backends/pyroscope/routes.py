"""The routes of Pyroscope at the gateway."""

from collections.abc import Iterator

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.backends.pyroscope.endpoints import HTTP_PORT
from telemetry.backends.pyroscope.values import service
from telemetry.spec.routes import POST, SEGMENT, Upstream, push, routes_below

REQUEST_HEADERS = ("Connect-Protocol-Version", "Connect-Timeout-Ms")
"""Connect's, the protocol of its API."""

ROUTES = (
    push("/ingest", "profiles_push"),
    push("/push.v1.PusherService/Push", "profiles_push"),
    # Connect, which is a POST over HTTP; every method of this service reads (api/querier/v1/querier.proto).
    *routes_below("/querier.v1.QuerierService/", POST, "profiles_query", "read", (("", SEGMENT),)),
)


def upstreams(context: PyroscopeContext) -> Iterator[Upstream]:
    """Yield where the routes lead."""
    for name, role in (("profiles_push", "distributor"), ("profiles_query", "query-frontend")):
        yield Upstream(name, service(context.settings.topology, role, headless=True), HTTP_PORT, optional=True)
