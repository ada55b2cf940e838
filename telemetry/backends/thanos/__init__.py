"""Prometheus with Thanos: metrics."""

from telemetry.backends.thanos.alerts import rules
from telemetry.backends.thanos.changes import CHANGES
from telemetry.backends.thanos.dashboard import dashboard
from telemetry.backends.thanos.datasource import datasource
from telemetry.backends.thanos.endpoints import (
    ALERTMANAGER,
    ALERTMANAGER_PORT,
    HTTP_PORT,
    PROMETHEUS,
    PROMETHEUS_PORT,
    admin_endpoints,
    alertmanager,
    gateway_endpoints,
    thanos_endpoints,
)
from telemetry.backends.thanos.flows import network
from telemetry.backends.thanos.limits import ThanosLimits, stored_bytes
from telemetry.backends.thanos.objstore import SECRET
from telemetry.backends.thanos.panels import store_panels, tenant_panels
from telemetry.backends.thanos.release import RELEASES, images, releases, sizes
from telemetry.backends.thanos.requirements import check
from telemetry.backends.thanos.roles import THANOS_TABLES
from telemetry.backends.thanos.routes import REQUEST_HEADERS, ROUTES, upstreams
from telemetry.backends.thanos.service_levels import indicators, tenant_indicators
from telemetry.backends.thanos.settings import CHARTS, SHORTEST_RETENTION, ThanosMetrics
from telemetry.backends.thanos.sizing import sizing
from telemetry.backends.thanos.starter import starter
from telemetry.spec.backend import Backend

BACKEND = Backend(
    name="thanos",
    title="Thanos",
    signal="metrics",
    settings=ThanosMetrics,
    limits=ThanosLimits,
    roles=THANOS_TABLES,
    secret=SECRET,
    service_account=None,
    release_names=RELEASES,
    sizes=sizes,
    releases=releases,
    endpoints=thanos_endpoints,
    images=images,
    changes=CHANGES,
    admin_endpoints=admin_endpoints,
    checks="telemetry.backends.thanos.checks",
    alerts=rules,
    indicators=indicators,
    tenant_indicators=tenant_indicators,
    elsewhere=None,
    stored_bytes=stored_bytes,
    data_bucket="blocks",
    dashboard=dashboard,
    http_port=HTTP_PORT,
    other_metrics=(
        (PROMETHEUS, PROMETHEUS_PORT),
        (PROMETHEUS, HTTP_PORT),  # the sidecar's
        (ALERTMANAGER, ALERTMANAGER_PORT),
    ),
    without_metrics=(),
    network=network,
    gateway_endpoints=gateway_endpoints,
    routes=ROUTES,
    upstreams=upstreams,
    request_headers=REQUEST_HEADERS,
    ruler=None,
    evaluates_rules=True,
    alertmanager=alertmanager,
    alerting_of_tenants=None,
    datasource=datasource,
    build_info="thanos_build_info",
    tenant_panels=tenant_panels,
    store_panels=store_panels,
    charts=CHARTS,
    starter=starter,
    check=check,
    check_limits=None,
    shortest_retention=SHORTEST_RETENTION,
    nobody="default-tenant",
    reserved_tenants={},
    capacity_notes=None,
    sizing=sizing,
)
