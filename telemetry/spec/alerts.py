"""What a rule is, before it is written as Prometheus reads it."""

from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["page", "ticket"]
"""A page wakes somebody; a ticket waits for the morning."""


@dataclass(frozen=True)
class Alert:
    """An alert. Its runbook is the heading of its name in docs/runbooks.md."""

    name: str
    expr: str
    severity: Severity
    wait: str
    """How long `expr` must hold before it fires, as a duration of Prometheus."""
    summary: str
    """What is wrong, in one line."""
    description: str
    """The figures, as a template of Prometheus."""
    about: str | None = None
    """The label of its series that says which tenant it is about, where that is not `tenant`."""

    @property
    def is_on_missing_data(self) -> bool:
        """Whether it says that nothing is scraped of what other alerts are about; its name ends accordingly."""
        return self.name.endswith(("NotScraped", "MetricsMissing"))


@dataclass(frozen=True)
class Record:
    """A recorded expression."""

    name: str
    expr: str
    labels: dict[str, str] = field(default_factory=dict)


Rule = Alert | Record


@dataclass(frozen=True)
class Family:
    """Rules that belong together: one group, evaluated in order."""

    name: str
    rules: tuple[Rule, ...]
    namespace: str | None = None
    """The namespace of what they are about; None is the stack's own."""
