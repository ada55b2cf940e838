"""The types of the checklist."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from telemetry.config.credentials import Credentials
from telemetry.stack import Stack

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from telemetry.operations.validation.target import StackTarget

State = Literal["done", "open", "by hand"]


@dataclass(frozen=True)
class ChecklistFinding:
    """What was seen of one item."""

    state: State
    detail: str
    """What was seen, or why nothing could be. Never a secret."""


@dataclass(frozen=True)
class Given:
    """Everything that items are checked with."""

    stack: Stack
    credentials: Credentials = field(repr=False)
    cluster: "ApiClient"
    target: "StackTarget"
    """The way to the backends, as validation takes it."""
    validation: Mapping[str, Any] | str
    """What `validate --output` wrote; a text says why there is none."""
    today: date


@dataclass(frozen=True)
class Item:
    """One line of the list."""

    text: str
    """In the words of R46's source."""
    look: Callable[[Given], ChecklistFinding]
    how: str
    """How it is done, or looked at, by hand. STACK and NAMESPACE stand for the stack's own."""


@dataclass(frozen=True)
class Ticked:
    """An item with its result."""

    item: str
    state: State
    detail: str
    how: str
