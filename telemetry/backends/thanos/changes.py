"""What changes of Thanos do."""

from telemetry.backends.thanos.values import LIMITS
from telemetry.spec.changes import Changes

CHANGES = Changes(
    reloaded=(LIMITS,),
    # Arguments say how long the compactor keeps blocks, not a configuration: the report shows these as they are.
    retention={},
)
