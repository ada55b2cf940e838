"""Helm values for what no setting has."""

from typing import Any

from pydantic import Field

from telemetry.config.base import Settings


class Overlay(Settings):
    """Helm values that are merged last over what the program renders, for what no setting has (docs/values.md)."""

    add: dict[str, Any] = Field(
        default_factory=dict,
        description="Values at paths that the program leaves to the chart, as a values file has them. A path that the "
        "chart does not know is refused, because charts ignore it in silence, and so is one that the program sets.",
    )
    override: dict[str, Any] = Field(
        default_factory=dict,
        description="Values in place of the program's own, each on purpose; a list takes the place of the whole list. "
        "A path that the program does not set (any more) is refused.",
    )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is laid over anything."""
        return not (self.add or self.override)
