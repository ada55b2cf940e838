"""Grafana Pyroscope: profiles."""

from telemetry.backends.pyroscope.changes import CHANGES
from telemetry.backends.pyroscope.endpoints import pyroscope_endpoints
from telemetry.backends.pyroscope.limits import ProfilesLimits
from telemetry.backends.pyroscope.release import releases, sizes
from telemetry.backends.pyroscope.roles import PYROSCOPE_TABLES
from telemetry.backends.pyroscope.settings import Profiles
from telemetry.backends.pyroscope.values import RELEASE, SECRET, SERVICE_ACCOUNT
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
    changes=CHANGES,
    admin_endpoints=None,
    checks=None,
    alerts=None,  # what Pyroscope exports is not known (docs/monitoring.md)
    indicators=None,
    dashboard=None,
)
