"""What Thanos needs for a load, as far as its own pages, Prometheus' and one measurement say it.

The load is what is pushed, so it is Receive that takes it; what Prometheus scrapes is the platform's own and not in it.
"""

from collections.abc import Iterator
from math import ceil
from pathlib import Path

from telemetry.backends.thanos.context import ThanosContext
from telemetry.backends.thanos.limits import ThanosLimits
from telemetry.config.load import MetricsLoad
from telemetry.spec.measured import Measurements
from telemetry.spec.sizing import DAY, Growth, Need, Sizing

_STORAGE = "https://prometheus.io/docs/prometheus/latest/storage/#operational-aspects"
_MEMORY = "https://www.robustperception.io/how-much-ram-does-prometheus-2-x-need-for-cardinality-and-ingestion/"
_COMPACT = "https://thanos.io/tip/components/compact.md/#resources"
_STORE = "https://thanos.io/tip/components/store.md/"
_LEVELS = "https://thanos.io/blog/2023-11-20-life-of-a-sample-part-2/"
"""The sources of what follows, in order."""

_SAMPLE = 2
"""Bytes that a sample takes in a block: the larger end of 1 to 2."""
_OF_SERIES = 2 * 2**30 / 1_000_000
_OF_SAMPLES = 3 * 3_600 * 1 * 1.5 * 2
"""Bytes of memory that a series in the head takes, and a sample per second: three hours of them at 1 byte, the smaller
end, half as much again, and twice that for Go's garbage."""
_JOINED = 14 * DAY
"""What the largest block covers."""
_CORE = 1_000
_INDEX_HEADER = 6_000_000
"""Bytes that Store keeps on its disk of each block."""
_SEGMENT = 512 * 2**20
"""The most that a file of a block's chunks holds."""
_INDEX_AND_META = 2
_NOT_SAID = float("inf")
"""The range of a source that does not say all: what is more than it says is never too much."""
MEASURED = Measurements(
    Path(__file__).with_name("measured.json"),
    "ingestors, a router, Query and Store",
    frozenset({"receive-ingestor", "receive-router", "query", "store-gateway"}),
)
"""What `make load` has measured: what takes pushed samples and answers."""


def sizing(context: ThanosContext, load: MetricsLoad, tenants: int) -> Sizing:
    """Return what roles and the bucket take."""
    return Sizing(
        tuple(_needs(context, load, tenants)),
        (_growth(context, load, tenants),),
        unknown="no page says what Query and Receive's routers take of a load; Prometheus and its sidecar, which "
        "scrape the platform, the ruler and Alertmanager do not grow with it",
        limits=_limits(context, load),
        measured=MEASURED.of(load, context.settings.replication_factor),
    )


def _needs(context: ThanosContext, load: MetricsLoad, tenants: int) -> Iterator[Need]:
    settings = context.settings
    copies = settings.replication_factor
    series, samples = load.active_series * copies, load.samples_per_second * copies
    yield Need(
        role="receive-ingestor",
        cpu=0,
        memory=series * _OF_SERIES + samples * _OF_SAMPLES,
        volume=samples * settings.local_retention * _SAMPLE,
        replicas=copies,
        spread=_NOT_SAID,
        reason=f"{load.active_series:,} series and {load.samples_per_second:,} samples/s on {copies} each, in the head "
        "that Prometheus has as well: 2 GiB for a million series, three hours of samples three times; "
        f"{_SAMPLE} bytes of disk a sample for local_retention ({_STORAGE}); CPU is not said",
        source=_MEMORY,
    )
    yield Need(
        role="compact",
        cpu=_CORE,
        memory=0,
        volume=2 * load.samples_per_second * _JOINED * _SAMPLE,
        most=1,
        instead="there is one compactor for a bucket: share tenants out over several stacks",
        spread=_NOT_SAID,
        reason="a core for the one compaction at a time; disk for two weeks of blocks twice, all of one tenant at "
        "worst; memory is not said by load",
        source=_COMPACT,
    )
    stores = settings.roles["store-gateway"].replicas
    blocks = _blocks(context, tenants)
    yield Need(
        role="store-gateway",
        cpu=0,
        memory=0,
        volume=stores * blocks * _INDEX_HEADER,
        replicas=2 if copies > 1 else 1,
        spread=_NOT_SAID,
        reason=f"6 MB of disk for each of {blocks:,} blocks, on {stores} each; CPU and memory are not said",
        source=_STORE,
    )


def _blocks(context: ThanosContext, tenants: int) -> int:
    """Return how many blocks there are: joined ones of two weeks, and of the last two weeks smaller ones of 2 days.

    The newest two days are in blocks of 2 hours at worst, one of each ingestor.
    """
    settings = context.settings
    joined = sum(ceil(kept / _JOINED) for kept in _kept(context))
    smaller = _JOINED // (2 * DAY) + 24 * settings.roles["receive-ingestor"].replicas
    return tenants * (joined + smaller)


def _kept(context: ThanosContext) -> tuple[int, ...]:
    """Return for how many seconds each resolution is kept."""
    settings = context.settings
    return (settings.retention, settings.of_5m, settings.of_1h) if settings.downsampling else (settings.retention,)


def _growth(context: ThanosContext, load: MetricsLoad, tenants: int) -> Growth:
    """Return what the bucket takes: as much again for each resolution beside the samples."""
    kept = _kept(context)
    per_day = float(load.samples_per_second * DAY * _SAMPLE * len(kept))
    joined_a_day = tenants * len(kept) * DAY / _JOINED
    return Growth(
        bucket="blocks",
        bytes_per_day=per_day,
        kept_seconds=max(kept),
        objects_per_day=joined_a_day * _INDEX_AND_META + ceil(per_day / _SEGMENT),
        reason=f"{load.samples_per_second:,} samples/s of {_SAMPLE} bytes, and as much for each of {len(kept) - 1} "
        "coarser resolutions; blocks of two weeks, of index, meta.json and chunks of up to 512 MiB",
        source=_LEVELS,
    )


def _limits(context: ThanosContext, load: MetricsLoad) -> dict[str, float]:
    """Return what tenants' limits must come to, each copy of a series counted; nothing where somebody has no limit."""
    granted = [grant.limits for grant in context.tenants.values()] or [context.limits or ThanosLimits()]
    if any(limits.max_series is None for limits in granted):
        return {}
    return {"max_series": load.active_series * context.settings.replication_factor}
