"""Copies of a stack's state: what they are called, which are kept, and whether one can be used."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from telemetry.engine.urn import is_of
from telemetry.operations.adopt.errors import AdoptError
from telemetry.operations.backup.storage import Place

Export = dict[str, Any]
"""What `pulumi stack export` writes and `pulumi stack import` reads."""
PROJECT = "telemetry"


def name_of(stack: str, at: datetime) -> str:
    """Return what a copy is called: names of one stack are in the order of time."""
    return f"{_prefix(stack)}{at.astimezone(UTC):%Y%m%dT%H%M%S.%f}Z.json"


def of_stack(stack: str, names: Iterable[str]) -> list[str]:
    """Return the copies of one stack among files, the newest first."""
    return sorted((name for name in names if _is_of(stack, name)), reverse=True)


def write(place: Place, stack: str, text: str, *, at: datetime, keep: int) -> str | None:
    """Write a copy, see that it can be read again, remove the oldest, and return its name.

    A state without resources is not written (None): a state that was lost would drive out the good copies.

    Args:
        place: where to.
        stack: of which stack.
        text: what `pulumi stack export` printed.
        at: when.
        keep: how many copies of the stack are kept, this one included.

    Raises:
        AdoptError: it cannot be written, or is not what was written when it is read again.
    """
    if not resources(parsed(text, stack)):
        return None
    name = name_of(stack, at)
    place.write(name, text)
    if place.read(name) != text:
        raise AdoptError(f"{place}: {name} reads otherwise than it was written; nothing was removed")
    for old in of_stack(stack, place.names())[keep:]:
        place.remove(old)
    return name


def parsed(text: str, stack: str) -> Export:
    """Return a copy as `pulumi stack import` takes it: an export, or a file of the backend's (`.pulumi/backups`).

    Raises:
        AdoptError: it is cut off, is something else, or is of another stack.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise AdoptError(f"is not whole ({error}); take an older copy") from error
    if not isinstance(content, dict):
        raise AdoptError("is no copy of a state")
    if isinstance(content.get("checkpoint"), dict):
        content = {"version": content.get("version", 3), "deployment": content["checkpoint"].get("latest") or {}}
    deployment = content.get("deployment")
    if not isinstance(deployment, dict) or not _are_resources(deployment.get("resources") or []):
        raise AdoptError("is no copy of a state")
    urns = (str(each.get("urn")) for each in resources(content))
    others = [urn for urn in urns if not is_of(urn, stack, PROJECT)]
    if others:
        raise AdoptError(f"is the state of another stack ({others[0]})")
    return content


def resources(export: Export) -> list[dict[str, Any]]:
    """Return the resources in a copy."""
    return list(export["deployment"].get("resources") or ())


def made(export: Export) -> str:
    """Return when the state in a copy was written, as the engine says it: RFC 3339."""
    return str((export["deployment"].get("manifest") or {}).get("time", "?"))


def _are_resources(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(each, dict) for each in found)


def _prefix(stack: str) -> str:
    return f"{PROJECT}-{stack}-"


def _is_of(stack: str, name: str) -> bool:
    return name.startswith(_prefix(stack)) and name.endswith("Z.json")
