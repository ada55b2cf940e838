"""Grafana Tempo: traces."""

from telemetry.backends.tempo.alerts import rules
from telemetry.backends.tempo.capacity import capacity_notes
from telemetry.backends.tempo.changes import CHANGES
from telemetry.backends.tempo.dashboard import dashboard
from telemetry.backends.tempo.datasource import datasource
from telemetry.backends.tempo.endpoints import HTTP_PORT, admin_endpoints, gateway_endpoints, tempo_endpoints
from telemetry.backends.tempo.flows import network
from telemetry.backends.tempo.limits import TracesLimits, stored_bytes
from telemetry.backends.tempo.panels import store_panels, tenant_panels
from telemetry.backends.tempo.release import TEMPO, releases, sizes
from telemetry.backends.tempo.requirements import check, check_limits
from telemetry.backends.tempo.roles import TEMPO_TABLES
from telemetry.backends.tempo.routes import ROUTES, upstreams
from telemetry.backends.tempo.service_levels import indicators, tenant_indicators
from telemetry.backends.tempo.settings import CHARTS, SHORTEST_RETENTION, Traces
from telemetry.backends.tempo.sizing import sizing
from telemetry.backends.tempo.starter import starter
from telemetry.backends.tempo.values_common import IMAGE, SECRET
from telemetry.spec.backend import Backend

BACKEND = Backend(
    name="tempo",
    title="Tempo",
    signal="traces",
    settings=Traces,
    limits=TracesLimits,
    roles=TEMPO_TABLES,
    secret=SECRET,
    service_account=None,
    release_names=tuple(TEMPO.values()),
    sizes=sizes,
    releases=releases,
    endpoints=tempo_endpoints,
    images=lambda _: (IMAGE,),
    changes=CHANGES,
    admin_endpoints=admin_endpoints,
    checks="telemetry.backends.tempo.checks",
    alerts=rules,
    indicators=indicators,
    tenant_indicators=tenant_indicators,
    dashboard=dashboard,
    elsewhere=None,
    http_port=HTTP_PORT,
    other_metrics=(),
    without_metrics=(),
    network=network,
    gateway_endpoints=gateway_endpoints,
    routes=ROUTES,
    upstreams=upstreams,
    request_headers=(),
    ruler=None,
    evaluates_rules=False,
    alertmanager=None,
    alerting_of_tenants=None,
    datasource=datasource,
    build_info="tempo_build_info",
    tenant_panels=tenant_panels,
    store_panels=store_panels,
    charts=CHARTS,
    starter=starter,
    check=check,
    check_limits=check_limits,
    stored_bytes=stored_bytes,
    data_bucket="blocks",
    shortest_retention=SHORTEST_RETENTION,
    nobody="single-tenant",
    reserved_tenants={"*": "all tenants without overrides of their own, to Tempo"},
    capacity_notes=capacity_notes,
    sizing=sizing,
)
