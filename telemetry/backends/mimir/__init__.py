"""Grafana Mimir: metrics."""

from telemetry.backends.mimir.alerts import rules
from telemetry.backends.mimir.changes import CHANGES
from telemetry.backends.mimir.dashboard import dashboard
from telemetry.backends.mimir.datasource import datasource
from telemetry.backends.mimir.endpoints import (
    HTTP_PORT,
    admin_endpoints,
    alerting_of_tenants,
    alertmanager,
    gateway_endpoints,
    mimir_endpoints,
)
from telemetry.backends.mimir.flows import network
from telemetry.backends.mimir.limits import MetricsLimits, stored_bytes
from telemetry.backends.mimir.panels import store_panels, tenant_panels
from telemetry.backends.mimir.release import releases, sizes
from telemetry.backends.mimir.requirements import check
from telemetry.backends.mimir.roles import MIMIR_TABLES
from telemetry.backends.mimir.routes import REQUEST_HEADERS, ROUTES, upstreams
from telemetry.backends.mimir.service_levels import indicators, tenant_indicators
from telemetry.backends.mimir.settings import CHARTS, SHORTEST_RETENTION, Metrics
from telemetry.backends.mimir.sizing import sizing
from telemetry.backends.mimir.starter import starter
from telemetry.backends.mimir.values import RELEASE, SECRET, SERVICE_ACCOUNT, images
from telemetry.spec.backend import Backend

BACKEND = Backend(
    name="mimir",
    title="Mimir",
    signal="metrics",
    settings=Metrics,
    limits=MetricsLimits,
    roles=MIMIR_TABLES,
    secret=SECRET,
    service_account=SERVICE_ACCOUNT,
    release_names=(RELEASE,),
    sizes=sizes,
    releases=releases,
    endpoints=mimir_endpoints,
    images=images,
    changes=CHANGES,
    admin_endpoints=admin_endpoints,
    checks="telemetry.backends.mimir.checks",
    alerts=rules,
    indicators=indicators,
    tenant_indicators=tenant_indicators,
    dashboard=dashboard,
    elsewhere=None,
    http_port=HTTP_PORT,
    other_metrics=(),
    without_metrics=("gateway",),  # the chart's nginx
    network=network,
    gateway_endpoints=gateway_endpoints,
    routes=ROUTES,
    upstreams=upstreams,
    request_headers=REQUEST_HEADERS,
    ruler="telemetry.backends.mimir.ruler",
    evaluates_rules=False,
    alertmanager=alertmanager,
    alerting_of_tenants=alerting_of_tenants,
    datasource=datasource,
    build_info="cortex_build_info",
    tenant_panels=tenant_panels,
    store_panels=store_panels,
    charts=CHARTS,
    starter=starter,
    check=check,
    check_limits=None,
    stored_bytes=stored_bytes,
    data_bucket="blocks",
    shortest_retention=SHORTEST_RETENTION,
    nobody="anonymous",
    reserved_tenants={"__mimir_cluster": "Mimir's own folder"},
    capacity_notes=None,
    sizing=sizing,
)
