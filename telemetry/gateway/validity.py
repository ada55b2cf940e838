"""When credentials of tenants and readers end, by the settings alone, and what to say of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from telemetry.config.access import Rotation
from telemetry.stack import Stack

_WARN_DAYS = 30
_MOST_NAMED = 3
_RENEW = "raise version, move issued_on on, and set previous_until so that both are taken while clients change"


@dataclass(frozen=True)
class End:
    """A credential that ends."""

    key: str
    """Where it is set, below `telemetry:`."""
    title: str
    """What it is, such as `token of payments`."""
    issued_on: date
    until: date
    """The day at whose beginning, in UTC, it ends."""

    def __str__(self) -> str:
        return f"{self.title} on {self.until}"


def ends(stack: Stack) -> list[End]:
    """Return the credentials of a stack with a gateway that end, the first one first."""
    return sorted(_ends(stack), key=lambda each: (each.until, each.key))


def refusals(stack: Stack, today: date) -> Iterator[str]:
    """Yield why credentials are of no use today: their time is over, or is to count from a day to come."""
    for each in ends(stack):
        if each.issued_on > today:
            yield (
                f"telemetry:{each.key}.issued_on: {each.issued_on} is yet to come, and the {each.title} is taken from "
                f"now on; set it to {today} or a day before"
            )
        if each.until <= today:
            yield f"telemetry:{each.key}: the {each.title} ended on {each.until}; {_RENEW}"


def warning(stack: Stack, today: date) -> str | None:
    """Return what to say of credentials that end within 30 days; None where there are none."""
    soon = [each for each in ends(stack) if today < each.until <= today + timedelta(days=_WARN_DAYS)]
    if not soon:
        return None
    return f"telemetry:{soon[0].key}: within {_WARN_DAYS} days end: {listed([str(each) for each in soon])}; {_RENEW}"


def listed(texts: Sequence[str]) -> str:
    """Return the first few texts as one, and how many more there are."""
    rest = len(texts) - _MOST_NAMED
    return ", ".join(texts[:_MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _ends(stack: Stack) -> Iterator[End]:
    if stack.gateway is None:
        return
    for index, tenant in enumerate(stack.tenants):
        for name in ("token", "certificate", "reader"):
            yield from _end(f"tenants.{index}.access.{name}", f"{name} of {tenant.id}", getattr(tenant.access, name))
    if stack.gateway.federation is not None:
        yield from _end("gateway.federation.token", "token that reads all tenants", stack.gateway.federation.token)


def _end(key: str, title: str, rotation: Rotation) -> Iterator[End]:
    if rotation.issued_on is not None and rotation.until is not None:
        yield End(key, title, date.fromisoformat(rotation.issued_on), date.fromisoformat(rotation.until[:10]))
