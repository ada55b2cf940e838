"""Warns of another replication factor: it affects data that is not in a bucket yet."""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.backends import BACKENDS
from telemetry.engine.preview import Preview
from telemetry.operations.report.model import Warn
from telemetry.spec.changes import ReplicationPlace

_PLACES: Mapping[str, ReplicationPlace] = {
    name: place for backend in BACKENDS for name, place in backend.changes.replication.items()
}
"""By release."""


def warnings(preview: Preview) -> Iterator[Warn]:
    """Yield a warning for each release whose ingesters get another replication factor."""
    for step in preview.releases:
        name = str(step.inputs.get("name"))
        before, after = (_factor(name, inputs) for inputs in (step.old, step.new))
        if before is None or after is None or before == after:
            continue
        about = f"release {name}"
        if after < before:
            text = f"{_copies(after)} in place of {before}: {_PLACES[name].risk}"
            yield Warn(level="destructive", about=about, text=text)
        else:
            yield Warn(level="disruptive", about=about, text=_raised(name, before, after))


def _raised(name: str, before: int, after: int) -> str:
    until = _PLACES[name].until
    text = (
        f"{_copies(after)} in place of {before}; what came before has no more copies than it had, until it is in the "
        f"bucket after {until}: lose no ingester until then. Each ingester takes up to {after / before:.1f} "
        "times as much"
    )
    return f"{text}, where there are as many as before (docs/operations.md, 'More copies')"


def _copies(factor: int) -> str:
    return f"{factor} {'copy' if factor == 1 else 'copies'} of what is in ingesters"


def _factor(name: str, inputs: Mapping[str, Any]) -> int | None:
    if name not in _PLACES:
        return None
    values = inputs.get("values")
    for key in (*_PLACES[name].path, "replication_factor"):
        values = values.get(key) if isinstance(values, dict) else None
    return values if isinstance(values, int) else None
