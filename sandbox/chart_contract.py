"""Reads a chart's values.yaml into a contract for telemetry/charts (`python -m sandbox.chart_contract FOLDER`).

What a chart reads without stating it (`undocumented`), and mappings that it renders whole (`verbatim`), are in its
templates: these two lists are written by hand.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_LONGEST_TEXT = 90
_LONGEST_LIST = 3
_NOTE = (
    "Facts about the chart's values.yaml: every leaf path (parts joined by /) and its default. {} and [] are "
    "free-form; <text> and <list of N> stand for longer defaults. From its templates: `undocumented` paths are read "
    "but absent from values.yaml; `verbatim` mappings have defaults but are rendered whole, so they take any key."
)


def contract(chart: Path) -> dict[str, Any]:
    """Return the contract of an unpacked chart. Raises OSError."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    values = yaml.safe_load((chart / "values.yaml").read_text())
    return {
        "chart": about["name"],
        "source": f"values.yaml of chart {about['name']} {about['version']}",
        "note": _NOTE,
        "undocumented": [],
        "verbatim": [],
        "paths": dict(_leaves(values)),
    }


def _leaves(values: Any, *parents: str) -> Iterator[tuple[str, Any]]:
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from _leaves(value, *parents, str(key))
    else:
        yield "/".join(parents), _default(values)


def _default(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return "<text>"
    short = isinstance(value, list) and len(value) <= _LONGEST_LIST and all(isinstance(each, str) for each in value)
    return f"<list of {len(value)}>" if isinstance(value, list) and not short else value


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sandbox.chart_contract FOLDER (an unpacked chart: helm pull … --untar)")
    try:
        sys.stdout.write(json.dumps(contract(Path(sys.argv[1])), indent=1) + "\n")
    except OSError as error:
        sys.exit(f"error: {sys.argv[1]} is no unpacked chart ({error})")
