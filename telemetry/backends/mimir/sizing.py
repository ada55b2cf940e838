"""What Mimir needs for a load, by its own page on planning capacity.

Its figures are minimum requirements; peaks take half as much memory and disk again, which is added here.
"""

from collections.abc import Iterator
from math import ceil, inf
from pathlib import Path

from telemetry.backends.mimir.context import MimirContext
from telemetry.backends.mimir.limits import SAMPLE_BYTES
from telemetry.config.load import MetricsLoad
from telemetry.spec.measured import Measurements
from telemetry.spec.sizing import DAY, GB, Growth, Need, Sizing

_PAGE = "https://grafana.com/docs/mimir/latest/manage/run-production-environment/planning-capacity/"
_PEAKS = 1.5
_CORE = 1_000
_QUERIES = {
    "querier": (10, GB, "1 GB"),
    "query-frontend": (250, GB, "1 GB"),
    "query-scheduler": (500, GB / 10, "100 MB"),
}
"""By role, for how many queries a second there is a core, and so much memory."""
_INDEX_HEADER = 0.001
"""Of a block's size; store-gateways keep these on disk."""
_SEGMENT = 512 * 2**20
"""The most that a file of a block's chunks holds (https://prometheus.io/docs/prometheus/latest/storage/)."""
_INDEX_AND_META = 2
MEASURED = Measurements(Path(__file__).with_name("measured.json"), "processes of all roles")
"""What `make load` has measured."""


def sizing(context: MimirContext, load: MetricsLoad, tenants: int) -> Sizing:
    """Return what roles and buckets take; replication is counted as the settings have it."""
    running = context.settings.runs
    return Sizing(
        tuple(need for need in _needs(context, load) if need.role in running),
        (_growth(context, load, tenants),),
        unknown="rules and alerts, which ruler and alertmanager are sized by, are not in the load; the "
        "overrides-exporter does not grow with it",
        limits={"ingestion_rate": load.samples_per_second, "max_series": load.active_series},
        measured=MEASURED.of(load, context.settings.replication_factor),
    )


def _needs(context: MimirContext, load: MetricsLoad) -> Iterator[Need]:
    factor = context.settings.replication_factor
    fewest = 2 if factor > 1 else 1
    samples, queries = load.samples_per_second / 25_000, load.queries_per_second
    in_memory = load.active_series * factor
    yield _need(
        "distributor",
        (samples * _CORE, samples * GB),
        fewest,
        f"{load.samples_per_second:,} samples/s; 1 core and 1 GB for each 25,000",
    )
    yield _need(
        "ingester",
        (in_memory / 300_000 * _CORE, in_memory / 300_000 * 2.5 * GB),
        max(factor, 1),
        f"{load.active_series:,} series on {factor} each; 1 core, 2.5 GB and 5 GB of disk for each 300,000",
        volume=in_memory / 300_000 * 5 * GB,
        largest=(4_000, 6 * 2**30),
    )
    said = "queries_per_second" in load.model_fields_set
    asked = f"{queries:g} queries/s" + ("" if said else " (assumed: the load does not say it)")
    spread = 1 if said else inf  # what nobody has said makes nothing too much
    for role, (per_core, memory, words) in _QUERIES.items():
        share = queries / per_core
        takes = (share * _CORE, share * memory)
        yield _need(role, takes, fewest, f"{asked}; 1 core and {words} for each {per_core}", spread=spread)
    kept = load.samples_per_second * _kept(context) * SAMPLE_BYTES
    yield _need(
        "store-gateway",
        (queries / 10 * _CORE, queries / 10 * GB),
        fewest,
        f"{asked}; 1 core and 1 GB for each 10, index headers of 0.1 % of the blocks on {factor} each",
        volume=kept * _INDEX_HEADER * factor,
        spread=spread,
        largest=(2_000, 3 * 2**30),
    )
    compactors = load.active_series / 20_000_000
    yield _need(
        "compactor",
        (compactors * _CORE, compactors * 4 * GB),
        max(1, ceil(compactors)),
        f"{load.active_series:,} series; 1 core, 4 GB and 300 GB of disk for each 20 million",
        volume=compactors * 300 * GB,
    )


def _need(
    role: str,
    compute: tuple[float, float],
    replicas: int,
    reason: str,
    *,
    volume: float = 0,
    largest: tuple[float, float] = (2_000, 8 * GB),
    spread: float = 1,
) -> Need:
    cpu, memory = compute
    return Need(
        role=role,
        cpu=cpu,
        memory=memory * _PEAKS,
        volume=volume * _PEAKS,
        replicas=replicas,
        largest=largest,
        spread=spread,
        reason=f"{reason}; half as much memory and disk again for peaks",
        source=_PAGE,
    )


def _growth(context: MimirContext, load: MetricsLoad, tenants: int) -> Growth:
    """Return what compacted blocks take: one a day and tenant. Until then there are as many as copies."""
    per_day = float(load.samples_per_second * DAY * SAMPLE_BYTES)
    return Growth(
        bucket="blocks",
        bytes_per_day=per_day,
        kept_seconds=_kept(context),
        objects_per_day=tenants * (_INDEX_AND_META + ceil(per_day / tenants / _SEGMENT)),
        reason=f"{load.samples_per_second:,} samples/s of {SAMPLE_BYTES} bytes in compacted blocks; a block a day "
        "and tenant, of index, meta.json and chunks of up to 512 MiB",
        source=_PAGE,
    )


def _kept(context: MimirContext) -> int:
    """Return the longest retention of any tenant: the load does not say whose it is."""
    return max(context.settings.retention, *(grant.retention or 0 for grant in context.tenants.values()), 0)
