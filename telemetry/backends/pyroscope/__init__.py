"""Grafana Pyroscope: profiles."""

from telemetry.backends.pyroscope.alerts import BUILD_INFO, rules
from telemetry.backends.pyroscope.changes import CHANGES
from telemetry.backends.pyroscope.datasource import datasource
from telemetry.backends.pyroscope.endpoints import HTTP_PORT, gateway_endpoints, pyroscope_endpoints
from telemetry.backends.pyroscope.flows import network
from telemetry.backends.pyroscope.limits import ProfilesLimits, stored_bytes
from telemetry.backends.pyroscope.panels import tenant_panels
from telemetry.backends.pyroscope.release import releases, sizes
from telemetry.backends.pyroscope.requirements import check
from telemetry.backends.pyroscope.roles import PYROSCOPE_TABLES
from telemetry.backends.pyroscope.routes import REQUEST_HEADERS, ROUTES, upstreams
from telemetry.backends.pyroscope.service_levels import indicators
from telemetry.backends.pyroscope.settings import CHARTS, SHORTEST_RETENTION, Profiles
from telemetry.backends.pyroscope.sizing import sizing
from telemetry.backends.pyroscope.starter import starter
from telemetry.backends.pyroscope.values import IMAGE, RELEASE, SECRET, SERVICE_ACCOUNT
from telemetry.spec.backend import Backend

BACKEND = Backend(
    name="pyroscope",
    title="Pyroscope",
    signal="profiles",
    settings=Profiles,
    limits=ProfilesLimits,
    roles=PYROSCOPE_TABLES,
    secret=SECRET,
    service_account=SERVICE_ACCOUNT,
    release_names=(RELEASE,),
    sizes=sizes,
    releases=releases,
    endpoints=pyroscope_endpoints,
    images=lambda _: (IMAGE,),
    changes=CHANGES,
    admin_endpoints=None,
    checks=None,
    alerts=rules,
    indicators=indicators,
    tenant_indicators=None,  # what it counts before and after its limits is not known (docs/monitoring.md)
    dashboard=None,
    elsewhere=None,
    http_port=HTTP_PORT,
    other_metrics=(),
    without_metrics=(),
    network=network,
    gateway_endpoints=gateway_endpoints,
    routes=ROUTES,
    upstreams=upstreams,
    request_headers=REQUEST_HEADERS,
    ruler=None,
    evaluates_rules=False,
    alertmanager=None,
    alerting_of_tenants=None,
    datasource=datasource,
    build_info=BUILD_INFO,
    tenant_panels=tenant_panels,
    store_panels=None,
    charts=CHARTS,
    starter=starter,
    check=check,
    check_limits=None,
    stored_bytes=stored_bytes,
    data_bucket="blocks",
    shortest_retention=SHORTEST_RETENTION,
    nobody="anonymous",
    reserved_tenants={},
    capacity_notes=None,
    sizing=sizing,
)
