"""Blocks that span less than two hours: laid over the settings, and such that Mimir takes them, losing nothing."""

from itertools import pairwise
from typing import Any

import pytest

from sandbox.mimir_blocks import MINUTES, shorten, spanning
from telemetry.stack import Stack
from tests.support import WITH_THANOS_IN_PROD, Change, changed_tree, load_tree
from tests.unit.test_overlay import values_of

SPANS = pytest.mark.parametrize("minutes", [1, 2, 7, MINUTES])


def shortened(minutes: int, *changes: Change) -> Stack:
    """Return prod as it is deployed with such blocks."""
    config: dict[str, Any] = {f"telemetry:{key}": value for key, value in changed_tree("prod", *changes).items()}
    shorten(config, minutes)
    return load_tree({key.removeprefix("telemetry:"): value for key, value in config.items()}, "prod")[0]


def seconds(duration: str) -> float:
    return float(duration.removesuffix("s"))


@SPANS
def test_prod_takes_them_beside_what_the_program_sets(minutes: int) -> None:
    config = values_of("mimir", shortened(minutes))["mimir"]["structuredConfig"]
    tsdb = config["blocks_storage"]["tsdb"]
    assert tsdb["block_ranges_period"] == [f"{minutes * 60}s"]
    assert tsdb["flush_blocks_on_shutdown"] is True
    assert seconds(tsdb["head_compaction_interval"]) <= minutes * 60 / 2, "or heads are cut later than they could be"


def test_those_of_another_backend_stay_as_they_are() -> None:
    assert shortened(2, WITH_THANOS_IN_PROD) == load_tree(changed_tree("prod", WITH_THANOS_IN_PROD), "prod")[0]


@SPANS
def test_whatever_no_ingester_is_asked_for_is_in_the_store_gateways(minutes: int) -> None:
    config = spanning(minutes)
    tsdb, store = config["blocks_storage"]["tsdb"], config["blocks_storage"]["bucket_store"]
    within, after = config["limits"]["query_ingesters_within"], config["querier"]["query_store_after"]
    assert seconds(store["ignore_blocks_within"]) < seconds(after) < seconds(within)
    assert seconds(within) <= seconds(tsdb["retention_period"])


@SPANS
def test_mimir_takes_them(minutes: int) -> None:
    """What it refuses to start with: compactor/compactor.go and storage/tsdb/config.go of Mimir, Validate."""
    config = spanning(minutes)
    store, ranges = config["blocks_storage"]["bucket_store"], [*map(seconds, config["compactor"]["block_ranges"])]
    assert all(longer % shorter == 0 for shorter, longer in pairwise(ranges))
    sync, queried, kept = (
        seconds(store[key])
        for key in ("sync_interval", "ignore_deletion_mark_while_querying_delay", "ignore_deletion_mark_delay")
    )
    assert 3 * sync < queried < kept <= seconds(config["compactor"]["deletion_delay"])
