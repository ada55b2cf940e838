"""What changes of Loki do."""

from telemetry.backends.loki.values import RELEASE
from telemetry.spec.changes import Changes, ReplicationPlace, RetentionPlace

CHANGES = Changes(
    reloaded=(f"{RELEASE}-runtime",),
    retention={RELEASE: RetentionPlace((("limits_config", "retention_period"),), ("retention_period",))},
    # Chunks are flushed after two hours at the latest.
    replication={RELEASE: ReplicationPlace(("loki", "commonConfig"), "two hours")},
    destructive={
        ".schema_config.configs": "another schema for days gone by: lines that were written by the one before are not "
        "found any more"
    },
)
