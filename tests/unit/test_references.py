"""What the repository refers to can be opened: no document that is elsewhere, no number that is not given."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import pytest

from tests.support import REPO

ELSEWHERE = re.compile(
    r"\bseeds?[ _]00\d|the[ _]seeds?\b|\bseed's\b|\bfacts[/]\w|\bissue \d\b|(?<!\w)[/]work[/]"
    r"|\b(?:anchors|charts|design|node|providers|real-provider|thanos|toolchain)\.md\b",
    re.IGNORECASE,
)
"""Papers that were there when this was written, and are in no checkout."""
READ = {".md", ".py", ".sh", ".template", ".toml", ".txt", ".yaml", ".yml", ".json", ".ambr", ".alloy", ".tpl", ""}
REQUIREMENTS, SOURCES = REPO / "docs" / "requirements.md", REPO / "docs" / "sources.md"
ROW = re.compile(r"^\| (R\d+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
FILES = {".md", ".py", ".txt", ".yaml", ".yml"}
"""What a name in backticks ends in, if it is a file at the top."""
TO_REQUIREMENT = re.compile(r"\bR(\d+)\b")
TO_SOURCE = re.compile(r"sources\.md, ([A-Z][A-Za-z ]*?) (\d+)(?: and (\d+))?\b|sources\.md#([a-z-]+)\), (\d+)")
"""`sources.md, Mimir 3`, or a link to a section and then the number."""


def tracked() -> Iterator[tuple[str, str]]:
    """Yield name and text of every file that Git knows, or would know if it were added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPO, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in listed.split("\0"):
        path = REPO / name
        if name and path.is_file() and path.suffix in READ:
            yield name, path.read_text()


@pytest.fixture(scope="module")
def texts() -> Mapping[str, str]:
    """All files but this one, which has to name what must not be named."""
    return {name: text for name, text in tracked() if name != "tests/unit/test_references.py"}


def elsewhere(text: str) -> list[str]:
    """Return the references in a text to what is not in the repository."""
    return [match[0] for match in ELSEWHERE.finditer(text)]


def requirements() -> dict[str, tuple[str, str]]:
    """Return by number where a requirement is met and where it is tested."""
    return {number: (met, tested) for number, _, met, tested in ROW.findall(REQUIREMENTS.read_text())}


def anchor(title: str) -> str:
    """Return what a link to a title ends in."""
    return title.lower().replace(" ", "-")


def sources() -> set[tuple[str, str]]:
    """Return every entry as its section's anchor and its number."""
    found, section = set(), ""
    for line in SOURCES.read_text().splitlines():
        if line.startswith("## "):
            section = anchor(line.removeprefix("## "))
        elif entry := re.match(r"(\d+)\. ", line):
            found.add((section, entry[1]))
    return found


def unknown_sources(text: str) -> list[str]:
    """Return the references in a text to entries that docs/sources.md does not have."""
    known, missing = sources(), []
    for match in TO_SOURCE.finditer(" ".join(text.split())):
        title, first, second, linked, number = match.groups()
        wanted = [(linked, number)] if linked else [(anchor(title), each) for each in (first, second) if each]
        missing += [match[0] for each in wanted if each not in known]
    return missing


def is_path(name: str) -> bool:
    """Whether a name in backticks is that of a file or folder."""
    return "/" in name or Path(name).suffix in FILES


def test_nothing_refers_to_what_is_not_here(texts: Mapping[str, str]) -> None:
    assert {name: found for name, text in texts.items() if (found := elsewhere(text))} == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seed " + "003's figures", ["seed " + "003"]),
        ("Seeds " + "001, 002", ["Seeds " + "001"]),
        ("as the see" + "ds say", ["the see" + "ds"]),
        ("(fact" + "s/node.txt)", ["fact" + "s/n"]),
        ("see charts" + ".md 2.6", ["charts" + ".md"]),
        ("docs/charts/values.yaml, ./charts/tempo, --seed 7, sources.md", []),
    ],
)
def test_such_references_are_seen_and_others_are_not(text: str, found: list[str]) -> None:
    assert elsewhere(text) == found


def test_every_requirement_that_is_named_exists(texts: Mapping[str, str]) -> None:
    known = requirements()
    named = {
        name: {each[0] for each in TO_REQUIREMENT.finditer(text)} - known.keys()
        for name, text in texts.items()
        if Path(name).suffix in {".md", ".py", ".yaml", ".yml", ""}
    }
    assert {name: missing for name, missing in named.items() if missing} == {}
    assert [int(number[1:]) for number in known] == list(range(1, len(known) + 1))


def test_every_source_that_is_named_exists(texts: Mapping[str, str]) -> None:
    assert {name: found for name, text in texts.items() if (found := unknown_sources(text))} == {}
    assert unknown_sources("sources.md, Mimir 2 and 999; sources.md, Nobody 1") == [
        "sources.md, Mimir 2 and 999",
        "sources.md, Nobody 1",
    ]


def test_sources_are_numbered_without_a_gap() -> None:
    entries = sorted((section, int(number)) for section, number in sources())
    for section, of in groupby(entries, key=lambda each: each[0]):
        numbers = [number for _, number in of]
        assert numbers == list(range(1, len(numbers) + 1)), section


@pytest.mark.parametrize("number", requirements())
def test_a_requirement_is_met_and_tested_where_it_says(number: str) -> None:
    met, tested = requirements()[number]
    paths = [name for name in CODE.findall(f"{met} {tested}") if is_path(name)]
    assert [path for path in paths if not any(REPO.glob(path.rstrip("/")))] == []
    assert re.search(r"`tests/\w+/test_\w+\.py`", tested), "no test is named"
    assert CODE.search(met) or "](" in met, "nothing is named"


def test_settings_that_meet_a_requirement_exist() -> None:
    pages = (REPO / "docs" / "settings.md").read_text() + (REPO / "docs" / "outputs.md").read_text()
    keys = set(re.findall(r"^\| `(\w+)`", pages, re.MULTILINE))
    named = {name for met, _ in requirements().values() for name in CODE.findall(met) if not is_path(name)}
    assert {name for name in named if name.rpartition(".")[2] not in keys} == set()
