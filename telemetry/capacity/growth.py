"""How much buckets come to hold, by what limits grant and how long it is kept."""

from telemetry.config.amounts import rounded
from telemetry.stack import Stack
from telemetry.stack.backends import StackBackend

_DAY = 86_400


def growth(stack: Stack) -> str | None:
    """Return what buckets hold at most; None where no limits say it."""
    found = {backend.of.title: _of(backend) for backend in stack.backends}
    parts = [part for part in found.values() if part is not None]
    if not parts:
        return None
    silent = " and ".join(title for title, part in found.items() if part is None)
    return (
        f"Buckets grow and hold at most, if everybody always sends as much as the limits grant: {'; '.join(parts)}. "
        "That is one copy, once it is compacted; spans, lines and profiles before compression."
        + (f" No limit says it of {silent}: `make size` goes by telemetry:load." if silent else "")
    )


def _of(backend: StackBackend) -> str | None:
    context, own = backend.context, backend.settings.retention
    granted = [(grant.limits, grant.retention or own) for grant in context.tenants.values()]
    if context.limits is not None:
        granted.append((context.limits, own))
    if not granted:
        return None
    rates = [(backend.of.stored_bytes(limits), retention) for limits, retention in granted]
    if not any(rate for rate, _ in rates):
        return None
    held = sum(rate * retention for rate, retention in rates)
    a_day = sum(rate for rate, _ in rates) * _DAY
    return f"{backend.of.title} {rounded('storage', a_day)} a day, {rounded('storage', held)} in all"
