"""Grafana Loki: logs."""

from telemetry.backends.loki.alerts import alerts_anywhere, rules
from telemetry.backends.loki.changes import CHANGES
from telemetry.backends.loki.dashboard import dashboard, dashboard_anywhere
from telemetry.backends.loki.datasource import datasource, datasource_anywhere
from telemetry.backends.loki.endpoints import HTTP_PORT, admin_endpoints, gateway_endpoints, loki_endpoints
from telemetry.backends.loki.flows import network
from telemetry.backends.loki.limits import LogsLimits, stored_bytes
from telemetry.backends.loki.panels import store_panels, tenant_panels
from telemetry.backends.loki.release import releases, sizes
from telemetry.backends.loki.requirements import check
from telemetry.backends.loki.roles import LOKI_TABLES
from telemetry.backends.loki.routes import REQUEST_HEADERS, ROUTES, upstreams
from telemetry.backends.loki.service_levels import indicators, indicators_anywhere, tenant_indicators
from telemetry.backends.loki.settings import CHARTS, SHORTEST_RETENTION, Logs
from telemetry.backends.loki.sizing import sizing
from telemetry.backends.loki.starter import starter
from telemetry.backends.loki.values import IMAGE, RELEASE, SECRET
from telemetry.spec.backend import Backend, Elsewhere

BACKEND = Backend(
    name="loki",
    title="Loki",
    signal="logs",
    settings=Logs,
    limits=LogsLimits,
    roles=LOKI_TABLES,
    secret=SECRET,
    service_account=None,
    release_names=(RELEASE,),
    sizes=sizes,
    releases=releases,
    endpoints=loki_endpoints,
    images=lambda _: (IMAGE,),
    changes=CHANGES,
    admin_endpoints=admin_endpoints,
    checks="telemetry.backends.loki.checks",
    alerts=rules,
    indicators=indicators,
    tenant_indicators=tenant_indicators,
    dashboard=dashboard,
    elsewhere=Elsewhere(alerts_anywhere, dashboard_anywhere, datasource_anywhere, indicators_anywhere),
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
    build_info="loki_build_info",
    tenant_panels=tenant_panels,
    store_panels=store_panels,
    charts=CHARTS,
    starter=starter,
    check=check,
    check_limits=None,
    stored_bytes=stored_bytes,
    data_bucket="chunks",
    shortest_retention=SHORTEST_RETENTION,
    nobody="fake",
    reserved_tenants={"index": "the folder of Loki's index, beside those of tenants"},
    capacity_notes=None,
    sizing=sizing,
)
