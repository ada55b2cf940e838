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
