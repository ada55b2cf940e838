"""What Loki needs for a load, by its own page on sizing.

That has sizes for up to 3 TB a day, for 3 to 30 and for 30, in the roles of microservices, which are added up to the
roles that there are here. Between these, what is received decides: our reading, for the page has no more.
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
_APART = "set telemetry:logs.topology: distributed (docs/optional-backends.md, 'Loki')"
_TB = 10**12
_CHUNK = 1_572_864
"""Bytes that a chunk is to have, compressed: `chunk_target_size`."""
_IDLE = 30 * 60
"""Seconds after which a chunk is written as it is: `chunk_idle_period`."""
_ON_DISK = 2 * 3_600
"""Seconds of lines that a writer's log has at most: `max_chunk_age`."""


class _Tier(NamedTuple):
    """Cores and GiB of memory, all replicas together, for so many TB a day."""

    up_to: float
    cores: float
    memory: float


class _Part(NamedTuple):
    """What a role here is made of."""

    what: str
    tiers: tuple[_Tier, _Tier]
    """At most 3 and at most 30 TB a day."""
    more: _Tier
    """30 TB a day and more, in proportion."""
    largest: tuple[float, float]

    def of(self, per_day: float) -> _Tier:
        """Return what so many TB a day take: on the straight line between the tiers that they lie between."""
        below = _Tier(0, 0, 0)
        for tier in self.tiers:
            if per_day <= tier.up_to:
                part = (per_day - below.up_to) / (tier.up_to - below.up_to)
                return _Tier(
                    per_day,
                    below.cores + part * (tier.cores - below.cores),
                    below.memory + part * (tier.memory - below.memory),
                )
            below = tier
        times = per_day / self.more.up_to
        return _Tier(per_day, self.more.cores * times, self.more.memory * times)


_PARTS = {
    "write": _Part(
        "distributors and ingesters",
        (_Tier(3, 8 + 12, 2 + 24), _Tier(30, 80 + 180, 40 + 540)),
        _Tier(30, 200 + 600, 100 + 1_200),
        (2_000, 6 * 2**30),
    ),
    "read": _Part(
        "queriers and query-frontends",
        (_Tier(3, 10 + 2, 10 + 4), _Tier(30, 150 + 8, 200 + 16)),
        _Tier(30, 375 + 16, 750 + 64),
        (2_000, 4 * 2**30),
    ),
    "backend": _Part(
        "index gateways, query-schedulers and compactor",
        (_Tier(3, 2 + 2 + 2, 8 + 1 + 10), _Tier(30, 5 + 2 + 6, 40 + 1 + 20)),
        _Tier(30, 20 + 4 + 6, 80 + 1 + 40),
        (2_000, 10 * 2**30),
    ),
}


def sizing(context: LokiContext, load: LogsLoad, _: int) -> Sizing:
    """Return what roles and the bucket take; the page counts on a replication factor of 3, Loki's default."""
    needs = tuple(_needs(context, load))
    if context.settings.topology == "monolithic":
        needs = (together(needs, SINGLE, _APART),)
    return Sizing(needs, (_growth(context, load),), limits={"ingestion_rate": load.bytes_per_second})


def _needs(context: LokiContext, load: LogsLoad) -> Iterator[Need]:
    factor = context.settings.replication_factor
    per_day = load.bytes_per_second * DAY / _TB
    for role, part in _PARTS.items():
        writes, takes, (first, second) = role == "write", part.of(per_day), part.tiers
        yield Need(
            role=role,
            cpu=takes.cores * 1_000,
            memory=takes.memory * 2**30,
            volume=load.bytes_per_second * factor * _ON_DISK if writes else 0,
            replicas=max(factor, 1) if writes else 2 if factor > 1 else 1,
            largest=part.largest,
            reason=f"{load.bytes_per_second * DAY / GB:,.3g} GB a day; {first.cores:g} cores and {first.memory:g} GiB "
            f"of {part.what} for 3 TB, {second.cores:g} and {second.memory:g} for 30"
            + ("; two hours of lines on disk" if writes else ""),
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
