"""What Pyroscope is told of the stack that it is in."""

from telemetry.backends.pyroscope.limits import ProfilesLimits
from telemetry.backends.pyroscope.settings import Profiles
from telemetry.spec.context import Context

PyroscopeContext = Context[Profiles, ProfilesLimits]
