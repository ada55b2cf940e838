"""Links between pages lead to a page and a heading that exist, and the index names every page."""

import re
from functools import cache
from pathlib import Path

import pytest

from tests.support import REPO

INDEX = REPO / "docs" / "README.md"
PAGES = sorted([*REPO.glob("*.md"), *(REPO / "docs").glob("*.md"), *(REPO / "examples").rglob("*.md")])
CODE = re.compile(r"```.*?```", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(r"docs/([a-z-]+\.md)(?:, '([^']+)')?")
"""A page as the code's messages and docstrings name it, and one of its headings."""


def links(page: Path) -> list[str]:
    """Return what a page links to within the repository."""
    targets = LINK.findall(CODE.sub("", page.read_text()))
    return [each for each in targets if "://" not in each and not each.startswith("mailto:")]


@cache
def anchors(page: Path) -> set[str]:
    """Return what the headings of a page are called in links, as GitHub calls them."""
    titles = re.findall(r"^#+ (.+)$", CODE.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def is_dead(page: Path, target: str) -> bool:
    """Whether a link on a page leads to no file, or to no heading of a page."""
    path, _, heading = target.partition("#")
    to = (page.parent / path).resolve() if path else page
    return not to.exists() or bool(heading and to.suffix == ".md" and heading not in anchors(to))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPO)))
def test_links_to_pages_and_headings_lead_somewhere(page: Path) -> None:
    assert [each for each in links(page) if is_dead(page, each)] == []


def test_dead_links_are_seen() -> None:
    assert is_dead(INDEX, "nowhere.md")
    assert is_dead(INDEX, "README.md#nowhere")
    assert not is_dead(INDEX, "#start")


def test_the_index_names_every_page() -> None:
    named = {target.partition("#")[0] for target in links(INDEX)}
    assert {page.name for page in INDEX.parent.glob("*.md")} - named == {INDEX.name}


def test_pages_and_headings_that_the_code_names_exist() -> None:
    sources = [path for folder in ("components", "sandbox", "telemetry") for path in (REPO / folder).rglob("*.py")]
    named = {found for path in sources for found in NAMED.findall(path.read_text())}
    assert len(named) > 20
    docs = INDEX.parent
    assert {page for page, _ in named if not (docs / page).exists()} == set()
    assert [each for each in named if each[1] and f"# {each[1]}\n" not in (docs / each[0]).read_text()] == []
