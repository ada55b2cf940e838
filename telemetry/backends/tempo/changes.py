"""What changes of Tempo do."""

from telemetry.backends.tempo.release import TEMPO
from telemetry.backends.tempo.values_common import TENANTS_CONFIG_MAP
from telemetry.spec.changes import DAY_SECONDS, Changes, ReplicationPlace, RetentionPlace

_RETENTION = RetentionPlace(
    (("overrides", "defaults", "compaction", "block_retention"), ("compactor", "compaction", "block_retention")),
    ("compaction", "block_retention"),
    14 * DAY_SECONDS,
)
_RISK = (
    "with 2 of 3 ingesters, measured on Tempo 2.10.5, 106 of 1,500 confirmed traces were gone for good with one lost "
    "ingester, and up to 558 not found by id with none lost; with 3 none (docs/decisions.md)"
)
CHANGES = Changes(
    reloaded=(f"{TEMPO['distributed']}-runtime", TENANTS_CONFIG_MAP),
    retention=dict.fromkeys((*TEMPO.values(), TENANTS_CONFIG_MAP), _RETENTION),
    # Blocks are cut after 30 minutes at the latest.
    replication={TEMPO["distributed"]: ReplicationPlace(("ingester", "config"), "half an hour", _RISK)},
    releases_by_topology={str(topology): release for topology, release in TEMPO.items()},
)
