"""The paths of a chart's values: charts ignore what is at any other path, without a word.

Each `NAME-VERSION.json` beside this file is read from the chart of that version (`python -m sandbox.chart_contract`);
its `note` says how. Paths are as they stand there, their parts joined by `/`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class ChartPaths:
    """The paths of one chart's values."""

    defaults: Mapping[str, Any]
    """Every leaf of its values.yaml with its default: `{}` and `[]` take anything, long texts and lists are marks."""
    undocumented: frozenset[str]
    """What its templates read although values.yaml does not have it."""
    verbatim: frozenset[str]
    """Mappings that have defaults but are rendered whole, so that they take any key."""

    def knows(self, path: str, value: object) -> bool:
        """Whether the chart has this path: a leaf, a place below what takes any key, or a part that None takes away."""
        if path in self.defaults or path in self.undocumented:
            return True
        if value is None and self.is_part(path):
            return True
        return any(parent in self.verbatim or self.defaults.get(parent) in ({}, []) for parent in _above(path))

    def is_part(self, path: str) -> bool:
        """Whether there are paths below this one."""
        return any(known.startswith(f"{path}/") for known in self.defaults)

    def nearest(self, path: str) -> str | None:
        """Return the known path that a mistyped one is most like; None if none is near."""
        known = {*self.defaults, *self.undocumented, *self.verbatim}
        near = get_close_matches(path, known | {parent for each in known for parent in _above(each)}, n=1)
        return near[0] if near else None


@cache
def paths_of(chart: str, version: str) -> ChartPaths | None:
    """Return the paths of a chart; None of a version that was not read."""
    file = _FOLDER / f"{chart}-{version}.json"
    if not file.is_file():
        return None
    facts = json.loads(file.read_text(encoding="utf-8"))
    return ChartPaths(facts["paths"], frozenset(facts["undocumented"]), frozenset(facts["verbatim"]))


def _above(path: str) -> Sequence[str]:
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
