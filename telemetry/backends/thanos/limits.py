"""What Thanos grants a tenant: limits of Receive, which it reads again while it runs.

The forms are of https://thanos.io/tip/components/receive.md/#limits--gates-experimental. Thanos has no limit of samples
per second, and none of queries by tenant.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from telemetry.config.base import Settings
from telemetry.config.quantities import Bytes
from telemetry.spec.context import Grant
from telemetry.spec.values.common import Values, named

_WITHOUT = 0
"""How Thanos writes that there is no limit."""


class ThanosLimits(Settings):
    """What Thanos grants a tenant; it has no limit by itself."""

    max_series: int | None = Field(
        default=None,
        ge=1,
        description="Series in memory at a time, of all ingestors together and each replica of one counted; none is no "
        "limit. What is over it is refused as a whole request, with 429.",
    )
    request_size: Bytes | None = Field(
        default=None, description="Largest remote-write request, uncompressed; none is no limit. Larger ones: 413."
    )
    request_series: int | None = Field(
        default=None, ge=1, description="Series that one request may bring; none is no limit. More: 413."
    )
    request_samples: int | None = Field(
        default=None, ge=1, description="Samples that one request may bring; none is no limit. More: 413."
    )


def limited(tenants: Mapping[str, Grant[ThanosLimits]], shared: ThanosLimits | None) -> bool:
    """Whether there is any limit that Receive has to keep."""
    granted = [grant.limits for grant in tenants.values()]
    return any(limits != ThanosLimits() for limits in (*granted, shared or ThanosLimits()))


def limits_file(tenants: Mapping[str, Grant[ThanosLimits]], shared: ThanosLimits | None, query: str) -> Values:
    """Return Receive's file of limits.

    Args:
        tenants: what each is granted.
        shared: what all may use, where there are no tenants.
        query: where Receive asks how many series a tenant has.
    """
    by_id = {tenant: _of(grant.limits) for tenant, grant in tenants.items()}
    everybody = shared or ThanosLimits()
    counts = any(limits.max_series for limits in (everybody, *(grant.limits for grant in tenants.values())))
    return {
        "write": {
            **named("global", {"meta_monitoring_url": query} if counts else {}),
            "default": _of(everybody),
            **named("tenants", by_id),
        }
    }


def _of(limits: ThanosLimits) -> dict[str, Any]:
    return {
        "head_series_limit": limits.max_series or _WITHOUT,
        "request": {
            "size_bytes_limit": limits.request_size or _WITHOUT,
            "series_limit": limits.request_series or _WITHOUT,
            "samples_limit": limits.request_samples or _WITHOUT,
        },
    }


def stored_bytes(_: ThanosLimits) -> int:
    """Return what a bucket comes to hold of each second: no limit says, because there is none of samples per second."""
    return 0
