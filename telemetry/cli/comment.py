"""`comment` and `issue`: the pipeline's findings as one comment per pull request, and as one issue on drift.

Each stack has a file, such as report-dev.md: with text in it there is something to say, empty there is nothing, and
where it is missing the job that should have written it has failed.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.errors import error_boundary
from telemetry.clients.github import LIMIT, Forge, ForgeError

REPORT_MARKER = "<!-- telemetry: preview report -->"
DRIFT_MARKER = "<!-- telemetry: drift -->"
_RESERVE = 200
"""Characters for the marker and the line ends around the stacks' texts."""

Files = Annotated[list[Path], typer.Argument(help="A Markdown file per stack, such as report-dev.md", dir_okay=False)]


def comment(number: Annotated[int, typer.Argument(help="of the pull request")], files: Files) -> None:
    """Put the stacks' reports into one comment of a pull request, updated in place; nothing if nothing changes."""
    with error_boundary(ForgeError, OSError) as console:
        body = together(files, "No report of it could be made", "No change.")
        done = Forge.from_environment().put_comment(number, REPORT_MARKER, body)
        console.print(done, soft_wrap=True)


def issue(files: Files) -> None:
    """Put the stacks' drift into one issue, opened or updated; close it when there is none."""
    with error_boundary(ForgeError, OSError) as console:
        body = together(files, "It could not be looked at", "No drift.")
        closing = f"No stack drifts any more: {run_url()}."
        done = Forge.from_environment().put_issue(DRIFT_MARKER, "The stacks drift from their settings", body, closing)
        console.print(done, soft_wrap=True)


def together(files: Sequence[Path], missing: str, nothing: str, limit: int = LIMIT - _RESERVE) -> str | None:
    """Return the stacks' texts as one, within a limit; None if none has anything to say.

    What is too long is left out whole, the longest first: Markdown that is cut somewhere shows as nonsense.
    """
    texts: dict[str, str] = {}
    for file in files:
        name = file.stem.rpartition("-")[2]
        is_there = file.exists()
        texts[name] = file.read_text("utf-8", "replace").strip() if is_there else f"{missing}: see {run_url()}."
    if not any(texts.values()):
        return None
    texts = {name: text or nothing for name, text in texts.items()}
    for longest in sorted(texts, key=lambda name: len(texts[name]), reverse=True):
        if len(_sections(texts)) > limit:
            texts[longest] = f"Too long for this place: see the files of {run_url()}."
    return _sections(texts)


def run_url(environment: Mapping[str, str] = os.environ) -> str:
    """Return the address of the pipeline's run, or words for it elsewhere."""
    parts = [environment.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
    server, repository, run = parts
    return f"{server}/{repository}/actions/runs/{run}" if all(parts) else "the run"


def _sections(texts: Mapping[str, str]) -> str:
    return "\n\n".join(f"## {name}\n\n{text}" for name, text in texts.items())
