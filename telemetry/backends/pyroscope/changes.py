"""What changes of Pyroscope do."""

from telemetry.backends.pyroscope.values import RELEASE
from telemetry.spec.changes import Changes, RetentionPlace

CHANGES = Changes(
    reloaded=(f"{RELEASE}-overrides-config",),
    retention={RELEASE: RetentionPlace((("limits", "retention_period"),), ("retention_period",))},
)
