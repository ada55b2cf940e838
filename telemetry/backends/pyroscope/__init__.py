"""Grafana Pyroscope: profiles."""

from telemetry.backends.pyroscope.datasource import datasource
from telemetry.backends.pyroscope.endpoints import pyroscope_endpoints
from telemetry.backends.pyroscope.limits import ProfilesLimits
from telemetry.backends.pyroscope.release import releases, sizes
from telemetry.backends.pyroscope.requirements import check
from telemetry.backends.pyroscope.roles import PYROSCOPE_TABLES
from telemetry.backends.pyroscope.settings import CHARTS, SHORTEST_RETENTION, Profiles
from telemetry.backends.pyroscope.values import RELEASE, SECRET
from telemetry.spec.backend import Backend

BACKEND = Backend(
    name="pyroscope",
    title="Pyroscope",
    signal="profiles",
    settings=Profiles,
    limits=ProfilesLimits,
    roles=PYROSCOPE_TABLES,
    secret=SECRET,
    release_names=(RELEASE,),
    sizes=sizes,
    releases=releases,
    endpoints=pyroscope_endpoints,
    alerts=None,  # what Pyroscope exports is not known (docs/monitoring.md)
    indicators=None,
    dashboard=None,
    datasource=datasource,
    build_info=None,
    tenant_panels=None,
    store_panels=None,
    charts=CHARTS,
    check=check,
    check_limits=None,
    shortest_retention=SHORTEST_RETENTION,
    nobody="anonymous",
    reserved_tenants={},
    capacity_notes=None,
)
