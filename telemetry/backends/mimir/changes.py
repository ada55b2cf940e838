"""What changes of Mimir do."""

from telemetry.backends.mimir.values import RELEASE
from telemetry.spec.changes import Changes, ReplicationPlace, RetentionPlace

_KEY = "compactor_blocks_retention_period"
CHANGES = Changes(
    reloaded=(f"{RELEASE}-runtime",),
    retention={RELEASE: RetentionPlace((("limits", _KEY),), (_KEY,))},
    # The last 12 hours are asked of ingesters alone.
    replication={RELEASE: ReplicationPlace(("mimir", "structuredConfig", "ingester", "ring"), "13 hours")},
)
