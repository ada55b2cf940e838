"""Warns of another replication factor: it affects data that is not in a bucket yet."""

from collections.abc import Iterator, Mapping
from typing import Any

from telemetry.backends.loki.values import RELEASE as LOKI
from telemetry.backends.mimir.values import RELEASE as MIMIR
from telemetry.backends.tempo.release import TEMPO
from telemetry.engine.preview import Preview
from telemetry.operations.report.model import Warn

_PATHS: Mapping[str, tuple[str, ...]] = {
    TEMPO["distributed"]: ("ingester", "config"),
    MIMIR: ("mimir", "structuredConfig", "ingester", "ring"),
    LOKI: ("loki", "commonConfig"),
}
"""Where the values of a release have the factor of its ingesters."""
_UNTIL = {TEMPO["distributed"]: "half an hour", MIMIR: "13 hours", LOKI: "two hours"}
"""When what was there before is in the bucket: Tempo cuts blocks after 30 minutes at the latest, Loki chunks after two
hours; of Mimir the last 12 hours are asked of ingesters alone."""


def warnings(preview: Preview) -> Iterator[Warn]:
    """Yield a warning for each release whose ingesters get another replication factor."""
    for step in preview.releases:
        name = str(step.inputs.get("name"))
        before, after = (_factor(name, inputs) for inputs in (step.old, step.new))
        if before is None or after is None or before == after:
            continue
        about = f"release {name}"
        if after < before:
            text = f"{_copies(after)} in place of {before}: {_RISK if name in TEMPO.values() else _OTHER_RISK}"
            yield Warn(level="destructive", about=about, text=text)
        else:
            yield Warn(level="disruptive", about=about, text=_raised(name, before, after))


_RISK = (
    "with 2 of 3 ingesters, measured on Tempo 2.10.5, 106 of 1,500 confirmed traces were gone for good with one lost "
    "ingester, and up to 558 not found by id with none lost; with 3 none (docs/decisions.md)"
)
_OTHER_RISK = "what a lost ingester has not flushed may be on no other (docs/decisions.md)"


def _raised(name: str, before: int, after: int) -> str:
    text = (
        f"{_copies(after)} in place of {before}; what came before has no more copies than it had, until it is in the "
        f"bucket after {_UNTIL[name]}: lose no ingester until then. Each ingester takes up to {after / before:.1f} "
        "times as much"
    )
    return f"{text}, where there are as many as before (docs/operations.md, 'More copies')"


def _copies(factor: int) -> str:
    return f"{factor} {'copy' if factor == 1 else 'copies'} of what is in ingesters"


def _factor(name: str, inputs: Mapping[str, Any]) -> int | None:
    values = inputs.get("values")
    for key in (*_PATHS.get(name, ()), "replication_factor"):
        values = values.get(key) if isinstance(values, dict) else None
    return values if isinstance(values, int) and name in _PATHS else None
