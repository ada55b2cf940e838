"""What Loki needs for a load, by its own page on sizing.

That has sizes for up to 3 TB a day, in the roles of microservices; they are taken as a share of it by what is received,
and added up to the roles that there are here. Loki grows no more than linearly below that, as far as the page says.
"""

from collections.abc import Iterator
from math import ceil
from typing import NamedTuple

from telemetry.backends.loki.context import LokiContext
from telemetry.config.backend_settings import SINGLE
from telemetry.config.load import LogsLoad
from telemetry.spec.sizing import DAY, GB, Growth, Need, Sizing, together

_PAGE = "https://grafana.com/docs/loki/latest/setup/size/"
_CHUNKS = "https://grafana.com/docs/loki/latest/configure/#ingester"
_APART = "set telemetry:logs.topology: distributed (docs/operations.md, 'Loki')"
_TIER = 3 * 10**12
"""Bytes a day of the smallest tier."""
_CHUNK = 1_572_864
"""Bytes that a chunk is to have, compressed: `chunk_target_size`."""
_IDLE = 30 * 60
"""Seconds after which a chunk is written as it is: `chunk_idle_period`."""
_ON_DISK = 2 * 3_600
"""Seconds of lines that a writer's log has at most: `max_chunk_age`."""


class _Part(NamedTuple):
    """Cores and GiB of memory for a whole tier, all replicas together, of what a role here is made of."""

    what: str
    cores: float
    memory: float
    largest: tuple[float, float]


_PARTS = {
    "write": _Part("distributors and ingesters", 8 + 12, 2 + 24, (2_000, 6 * 2**30)),
    "read": _Part("queriers and query-frontends", 10 + 2, 10 + 4, (2_000, 4 * 2**30)),
    "backend": _Part("index gateways, query-schedulers and compactor", 2 + 2 + 2, 8 + 1 + 10, (2_000, 10 * 2**30)),
}


def sizing(context: LokiContext, load: LogsLoad, _: int) -> Sizing:
    """Return what roles and the bucket take; the page counts on a replication factor of 3, Loki's default."""
    needs = tuple(_needs(context, load))
    if context.settings.topology == "monolithic":
        needs = (together(needs, SINGLE, _APART),)
    return Sizing(needs, (_growth(context, load),), limits={"ingestion_rate": load.bytes_per_second})


def _needs(context: LokiContext, load: LogsLoad) -> Iterator[Need]:
    factor = context.settings.replication_factor
    share = load.bytes_per_second * DAY / _TIER
    for role, part in _PARTS.items():
        writes = role == "write"
        yield Need(
            role=role,
            cpu=part.cores * 1_000 * share,
            memory=part.memory * 2**30 * share,
            volume=load.bytes_per_second * factor * _ON_DISK if writes else 0,
            replicas=max(factor, 1) if writes else 2 if factor > 1 else 1,
            largest=part.largest,
            reason=f"{load.bytes_per_second * DAY / GB:,.3g} GB a day; {part.cores:g} cores and {part.memory:g} GiB "
            f"of {part.what} for each 3 TB" + ("; two hours of lines on disk" if writes else ""),
            source=_PAGE,
        )


def _growth(context: LokiContext, load: LogsLoad) -> Growth:
    per_day = load.bytes_per_second * load.stored_ratio * DAY
    grants = (grant.retention or 0 for grant in context.tenants.values())
    return Growth(
        bucket="chunks",
        bytes_per_day=per_day,
        kept_seconds=max(context.settings.retention, *grants, 0),
        objects_per_day=ceil(per_day / _CHUNK),
        reason=f"{load.stored_ratio:g} times what is received; chunks of 1.5 MiB at best, more of them where "
        f"streams are quiet for {_IDLE // 60} minutes",
        source=_CHUNKS,
    )
