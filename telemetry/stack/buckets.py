"""What a stack's buckets are called, what keeps them, and when the object store deletes what is in them by itself."""

from collections.abc import Iterator, Mapping
from math import ceil
from typing import TYPE_CHECKING

from telemetry.config.base import SettingError, below
from telemetry.config.buckets import LONGEST_NAME
from telemetry.spec.changes import DAY_SECONDS
from telemetry.stack.backends import SIGNALS, StackBackend

if TYPE_CHECKING:
    from telemetry.stack.model import Stack

DAYS_BEHIND = 7
"""How far an expiry is behind the retention, at least. Compactors delete what they may within hours (Mimir waits for 12
by default); the rest is for one that stands still, of which somebody is told long before."""


def check(stack: "Stack") -> None:
    """Refuse names that are too long, and what would take data away too soon (SettingError)."""
    for backend in stack.backends:
        for use, name in backend.buckets.items():
            if len(name) > LONGEST_NAME:
                raise SettingError(
                    f"{backend.signal}.buckets.{use}",
                    f"makes a bucket name of {len(name)} characters, S3 allows {LONGEST_NAME}; shorten it",
                )
    if stack.environment == "prod" and stack.object_store.protect_buckets is False:
        raise SettingError(
            "object_store.protect_buckets",
            "cannot be off in prod, because SeaweedFS deletes buckets with their data; "
            "remove the key (docs/object-store.md says how to delete one on purpose)",
        )
    with below("object_store.expire_after"):
        _check_expiry(stack)


def expiries(stack: "Stack") -> Mapping[str, int]:
    """Return the days after which objects end by themselves, by bucket; in others they never do."""
    asked = stack.object_store.expire_after
    seconds = {} if asked is None else {_bucket(each): getattr(asked, each.signal) for each in stack.backends}
    return {bucket: each // DAY_SECONDS for bucket, each in seconds.items() if each is not None}


def shortest_expiries(stack: "Stack") -> Mapping[str, int]:
    """Return the fewest days after which objects may end, by bucket; in others they never may."""
    return {_bucket(each): days for each, days in _shortest(stack)}


def _check_expiry(stack: "Stack") -> None:
    asked = stack.object_store.expire_after
    if asked is None:
        return
    for signal in SIGNALS:
        if getattr(asked, signal) is not None and signal not in stack.signals:
            raise SettingError(signal, f"is set, and {signal} is not: nothing here stores them; remove one")
    for backend, days in _shortest(stack):
        seconds = getattr(asked, backend.signal)
        if seconds is not None and seconds < days * DAY_SECONDS:
            raise SettingError(
                backend.signal,
                f"would take what {backend.of.title}'s compactor has not deleted yet: some of it is kept for "
                f"{days - DAYS_BEHIND}d; write at least {days}d, or remove it",
            )


def _shortest(stack: "Stack") -> Iterator[tuple[StackBackend, int]]:
    for backend in stack.backends:
        of_tenants = (getattr(tenant.retention, backend.signal) for tenant in stack.tenants)
        longest = max([backend.settings.retention, *(seconds for seconds in of_tenants if seconds is not None)])
        yield backend, ceil(longest / DAY_SECONDS) + DAYS_BEHIND


def _bucket(backend: StackBackend) -> str:
    return backend.buckets[backend.of.data_bucket]
