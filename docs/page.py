"""What the programs that write a page of docs/ have in common: `--check`, and what is said of a stale page."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path


def write(program: str, about: str | None, page: Path, document: Callable[[], str]) -> int:
    """Write a page, or with `--check` say whether it is up to date; return the exit code, 1 if it is stale."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=about)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    if not parser.parse_args().check:
        page.write_text(document())
        return 0
    if page.exists() and page.read_text() == document():
        return 0
    sys.stderr.write(f"docs/{page.name} is stale; write it anew with: python -m {program}\n")
    return 1
