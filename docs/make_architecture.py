"""Writes the table of docs/architecture.md, from the contract of imports in pyproject.toml and from docstrings."""

import ast
import re
import sys
import tomllib
from pathlib import Path

from docs.page import write

PAGE = Path(__file__).with_name("architecture.md")
_PROJECT = Path(__file__).parents[1]
_BEGIN, _END = "<!-- made by docs.make_architecture -->\n", "<!-- end -->\n"
_ABOVE = ("components", "sandbox")


def layers() -> list[list[str]]:
    """Return the packages of `telemetry/`, the lowest layer first, as import-linter holds them."""
    settings = tomllib.loads((_PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = (each for each in settings["contracts"] if each["id"] == "layers")
    return [re.split(r"\s*[:|]\s*", layer) for layer in reversed(contract["layers"])]


def table() -> str:
    """Return the table: the packages by layer, and what each holds."""
    rows = [(number, f"telemetry/{name}") for number, layer in enumerate(layers(), 1) for name in layer]
    rows += [(number, name) for number, name in enumerate(_ABOVE, len(layers()) + 1)]
    lines = ("| layer | package | what it holds |", "| ---: | --- | --- |", *(_row(*row) for row in rows))
    return "\n".join((*lines, ""))


def _row(number: int, name: str) -> str:
    package = _PROJECT / name
    source = package / "__init__.py" if package.is_dir() else package.with_suffix(".py")
    summary = (ast.get_docstring(ast.parse(source.read_text())) or "").partition("\n\n")[0].replace("\n", " ")
    return f"| {number} | `{name}{'/' if package.is_dir() else '.py'}` | {summary.removesuffix('.')} |"


def document() -> str:
    """Return the whole page with the table of today."""
    before, begin, rest = PAGE.read_text().partition(_BEGIN)
    _, end, after = rest.partition(_END)
    return f"{before}{begin}{table()}{end}{after}"


def main() -> int:
    """Write the page, or with `--check` say whether it is up to date (exit code 1 if not)."""
    return write("docs.make_architecture", __doc__, PAGE, document)


if __name__ == "__main__":
    sys.exit(main())
