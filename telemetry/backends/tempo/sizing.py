"""What Tempo needs for a load, by its own page on sizing, whose example has sizes of replicas by received traffic.

Of each range there the end that asks for less is taken, so that what is called too little is so by any reading.
"""

from collections.abc import Iterator

from telemetry.backends.tempo.context import TempoContext
from telemetry.config.backend_settings import SINGLE
from telemetry.config.load import TracesLoad
from telemetry.spec.sizing import DAY, GB, Growth, Need, Sizing, together

_PAGE = (
    "https://github.com/grafana/tempo/blob/01cc7ed024d4877de4416f66ce9f0aa39292a01b/docs/sources/tempo/setup/size.md"
)
"""The page of Tempo 2, which has ingesters."""
_STORED_COPIES = "https://github.com/grafana/tempo/discussions/3774"
_APART = (
    "set telemetry:traces.topology: distributed "
    "(docs/operations.md, 'Moving Tempo between single binary and distributed')"
)
_MB = 10**6
_SPREAD = 5
"""4 to 20 GB, which depend on the traces."""
_KEPT_ON_DISK = 45 * 60
"""Seconds; Tempo's defaults: a block is cut after 30 minutes, and stays for 15 after it was written to the bucket."""


def sizing(context: TempoContext, load: TracesLoad, _: int) -> Sizing:
    """Return what roles and the bucket take; replication is counted as the settings have it."""
    traces = context.settings
    needs = tuple(_needs(context, load))
    if traces.topology == "monolithic":
        needs = (together(needs, SINGLE, _APART),)
    else:
        needs = tuple(need for need in needs if need.role in traces.roles)
    return Sizing(
        needs,
        (_growth(context, load),),
        unknown="no rule is documented for the metrics-generator, and none for a query-frontend's CPU",
        limits={"ingestion_rate": load.bytes_per_second},
    )


def _needs(context: TempoContext, load: TracesLoad) -> Iterator[Need]:
    factor = context.settings.replication_factor
    fewest, traffic = 2 if factor > 1 else 1, load.bytes_per_second / _MB
    received = f"{traffic:.3g} MB/s"
    yield Need(
        role="distributor",
        cpu=traffic / 10 * 2_000,
        memory=traffic / 10 * 2 * GB,
        replicas=fewest,
        largest=(2_000, 2 * GB),
        reason=f"{received}; 2 cores and 2 GB for each 10 MB/s",
        source=_PAGE,
    )
    yield Need(
        role="ingester",
        cpu=traffic * factor / 3 / 5 * 2_500,
        memory=traffic * factor / 3 / 5 * 4 * GB,
        volume=load.bytes_per_second * factor * _KEPT_ON_DISK,
        replicas=max(factor, 1),
        largest=(2_500, 6 * 2**30),
        spread=_SPREAD,
        reason=f"{received}, on {factor} each; 2.5 cores and 4 GB for each 5 MB/s with three copies (our reading: "
        "the page does not say how many); 45 minutes of it on disk",
        source=_PAGE,
    )
    yield Need(
        role="querier",
        cpu=traffic / 2 * 500,
        memory=traffic / 2 * 4 * GB,
        replicas=fewest,
        largest=(2_000, 4 * GB),
        spread=_SPREAD,
        reason=f"{received}; 4 GB for each 2 MB/s, and half a core (our choice: the page leaves CPU to queries)",
        source=_PAGE,
    )
    yield Need(
        role="compactor",
        cpu=traffic / 5 * 1_000,
        memory=traffic / 5 * 4 * GB,
        largest=(1_000, 4 * GB),
        spread=_SPREAD,
        reason=f"{received}; 1 core and 4 GB for each 5 MB/s",
        source=_PAGE,
    )


def _growth(context: TempoContext, load: TracesLoad) -> Growth:
    grants = (grant.retention or 0 for grant in context.tenants.values())
    return Growth(
        bucket="blocks",
        bytes_per_day=load.bytes_per_second * load.stored_ratio * DAY,
        kept_seconds=max(context.settings.retention, *grants, 0),
        objects_per_day=None,
        reason=f"{load.stored_ratio:g} times what is received; until a block is compacted its copies count "
        "too, and compaction does not find all of them",
        source=_STORED_COPIES,
    )
