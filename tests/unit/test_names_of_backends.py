"""No mechanism names a backend: what is known of one is in its folder, and everybody else goes through the registry."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from telemetry.backends import BACKENDS
from tests.support import REPO

PLACES = (
    "capacity",
    "collector",
    "config",
    "gateway",
    "grafana",
    "known_secrets.py",
    "monitoring",
    "network",
    "object_store",
    "operations",
    "policies",
    "redaction",
    "releases.py",
    "sizing",
    "spec",
    "stack",
)
"""Folders and modules of `telemetry` that go through the registry."""
NAME = re.compile(rf"({'|'.join(backend.name for backend in BACKENDS)})(?!rary)", re.IGNORECASE)
QUOTES = ("items.py",)
"""The operational checklist, whose items are the requirements' own words."""
ALLOYS_WORDS = re.compile(r"^loki(\.\w+|_write_\w+)")
"""Components of Alloy's that take logs, and metrics of the one that sends them."""


def documentation(tree: ast.AST) -> set[int]:
    """Return the strings that are documentation: statements of their own, and descriptions of settings."""
    documented = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    keywords = (node for node in ast.walk(tree) if isinstance(node, ast.keyword))
    described = [node.value for node in keywords if node.arg == "description"]
    return {id(value) for value in (*documented, *described) if isinstance(value, ast.Constant)}


def words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield every name and text of a module with its line; comments and documentation are none."""
    explains = documentation(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant):
            if isinstance(node.value, str) and id(node) not in explains:
                yield line, node.value
        else:
            yield from ((line, value) for _, value in ast.iter_fields(node) if isinstance(value, str))


def named(text: str) -> list[str]:
    """Return where a module's code names a backend."""
    found = words(ast.parse(text))
    return [f"{line}: {word}" for line, word in found if NAME.search(word) and not ALLOYS_WORDS.match(word)]


def files(place: str) -> list[Path]:
    """Return the files of a place, but for what Python makes of modules."""
    path = REPO / "telemetry" / place
    listed = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [each for each in listed if each.is_file() and each.suffix != ".pyc"]


def test_load_is_measured_without_knowing_of_what() -> None:
    modules = {each.name: each for each in files("../sandbox/load")}
    for known in ("backends.py", "mimir.py", "thanos.py"):
        del modules[known]
    assert {name: lines for name, each in modules.items() if (lines := named(each.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize("place", PLACES)
def test_no_mechanism_names_a_backend(place: str) -> None:
    modules = {
        each: named(each.read_text(encoding="utf-8"))
        for each in files(place)
        if each.suffix == ".py" and each.name not in QUOTES
    }
    assert modules
    assert {each.name: lines for each, lines in modules.items() if lines} == {}


def test_no_template_or_script_of_a_mechanism_names_a_backend() -> None:
    others = [each for place in PLACES for each in files(place) if each.suffix != ".py"]
    assert others
    assert [each.name for each in others if NAME.search(each.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize(
    "text",
    [
        "from telemetry.backends.loki import values",
        "from telemetry.backends import tempo",
        "MIMIR_HTTP = 8080",
        "port = {'pyroscope': 4040}",
        "label = f'{name} of Tempo'",
        "stack.mimir",
        "def loki() -> None: ...",
        "call(loki=1)",
    ],
)
def test_a_name_is_found_wherever_it_stands(text: str) -> None:
    assert named(text)


def test_explanations_and_alloys_words_may_name_one() -> None:
    assert named('"""As in Tempo."""\nx = 1  # Mimir refuses it\n"""Loki\'s."""\ny = "loki.write"') == []
    assert named('lost = "loki_write_dropped_entries_total"') == []
    assert named('x: int = Field(default=1, description="Mimir\'s.")') == []
