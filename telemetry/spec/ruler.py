"""A ruler, as a backend offers one: it evaluates rules that are put into it."""

from typing import Any, Protocol

Group = dict[str, Any]
"""A group of rules, as Prometheus' rule files have it."""


class RulerError(Exception):
    """The ruler does not do as it is asked; the message says what it said, and is meant for the user."""


class Ruler(Protocol):
    """The groups of a stack in the ruler of a backend. Each method raises RulerError."""

    def groups(self) -> dict[str, Group]:
        """Return the groups that the ruler has, by name."""

    def put(self, group: Group) -> None:
        """Add a group, or change the one of its name."""

    def remove(self, name: str) -> None:
        """Remove a group."""
