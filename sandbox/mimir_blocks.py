"""Mimir's blocks in quick motion: all that it does with them as much more often as a block spans less time.

A block spans two hours, and an ingester keeps three in memory before it cuts the first one; it serves what it has cut
for another thirteen, and what is older is the store-gateways'. With blocks of two minutes an hour of this takes one.
"""

from collections.abc import Mapping
from typing import Any

from sandbox.stacks import merged

MINUTES = 120
"""What a block spans, if nobody says otherwise."""
_BY_DEFAULT: Mapping[str, Any] = {
    "blocks_storage": {
        "tsdb": {"block_ranges_period": [MINUTES], "head_compaction_interval": 15, "retention_period": 13 * 60},
        "bucket_store": {
            "sync_interval": 15,
            "ignore_blocks_within": 10 * 60,
            "ignore_deletion_mark_delay": 60,
            "ignore_deletion_mark_while_querying_delay": 50,
        },
    },
    "compactor": {
        "block_ranges": [MINUTES, 12 * 60, 24 * 60],
        "compaction_interval": 30,
        "first_level_compaction_wait_period": 25,
        "cleanup_interval": 15,
        "deletion_delay": 120,
    },
    "querier": {"query_store_after": 12 * 60},
    "limits": {"query_ingesters_within": 13 * 60},
}
"""Minutes, as Mimir 3.1 or its chart has them: when a head is cut, who is asked for what by its age, when blocks are
found, merged and removed. Only together are they right: what no ingester is asked for has to be in the store-gateways.
https://grafana.com/docs/mimir/latest/configure/configuration-parameters/"""


def spanning(minutes: int) -> dict[str, Any]:
    """Return Mimir's configuration for blocks that span so many minutes, with all other times in proportion."""
    scaled: dict[str, Any] = _scaled(_BY_DEFAULT, minutes / MINUTES)
    return scaled


def shorten(config: dict[str, Any], minutes: int) -> None:
    """Have a stack's blocks span so many minutes; those of another backend stay as they are."""
    metrics = config["telemetry:metrics"]
    if metrics.get("backend", "mimir") == "mimir":
        values = {"add": {"mimir": {"structuredConfig": spanning(minutes)}}}
        config["telemetry:metrics"] = merged(metrics, {"values": values})


def _scaled(value: Any, scale: float) -> Any:
    if isinstance(value, Mapping):
        return {key: _scaled(each, scale) for key, each in value.items()}
    if isinstance(value, list):
        return [_scaled(each, scale) for each in value]
    return f"{value * 60 * scale:g}s"
