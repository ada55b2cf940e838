"""The report as data, and as the JSON that docs/report.md describes."""

from enum import IntEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from telemetry.kubernetes.diff import Op
from telemetry.policies.model import Violation

SCHEMA_VERSION = 3
"""Raised whenever the shape of the JSON changes."""

Action = Literal["create", "change", "replace", "delete", "forget"]
"""`replace`: what changes cannot change in place. `forget`: no longer managed, but it stays where it is."""
System = Literal["kubernetes", "s3", "grafana", "pulumi"]


class Exit(IntEnum):
    """Exit codes."""

    SAME = 0
    FAILED = 1
    CHANGES = 2
    DESTRUCTIVE = 3
    VIOLATION = 4


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Field(_Model):
    """A field that changes; of an order (`op: order`) `old` and `new` are names. Secrets are `[secret]`."""

    path: str
    op: Op
    old: Any = None
    new: Any = None


class Restart(_Model):
    """What becomes of a workload's pods."""

    pods: int | None
    """How many are replaced; None where an autoscaler or the number of nodes decides."""
    how: str


class Item(_Model):
    """A Kubernetes object, a bucket, a datasource, or a part of one that is a resource of its own."""

    system: System
    kind: str
    name: str
    namespace: str = ""
    api_version: str = ""
    owner: str = ""
    """The Helm release that it belongs to; empty for what the program makes itself."""
    action: Action
    fields: tuple[Field, ...] = ()
    fails: str = ""
    """Why the API server will refuse the change; empty if it will not."""
    restart: Restart | None = None
    reloaded: bool = False
    """Whether its pods read the change by themselves, without a restart."""
    protected: bool = False

    @property
    def title(self) -> str:
        """Return what people call it: `StatefulSet tempo`."""
        return f"{self.kind} {self.name}"

    def field(self, path: str) -> Field | None:
        """Return the change of a field, if it changes."""
        return next((each for each in self.fields if each.path == path), None)


class ReleaseChange(_Model):
    """A Helm release that is touched, or that is not as it should be."""

    name: str
    namespace: str
    action: Action | Literal["same"]
    chart: str
    version: str
    old_version: str | None = None
    status: str | None = None
    """Helm's word for it as it is now; None if it is not there, or no cluster could be asked."""


class Warn(_Model):
    """Something to know before `up`."""

    level: Literal["destructive", "fails", "disruptive", "notice"]
    """Most severe first. The first two need `--allow`."""
    about: str
    text: str


class Policies(_Model):
    """Whether the policies are kept (docs/policies.md), by everything there will be and not only by what changes."""

    rules: tuple[str, ...]
    """Names of those that were looked at."""
    violations: tuple[Violation, ...] = ()
    """Mandatory ones first."""

    @property
    def kept(self) -> bool:
        """Whether no mandatory one is violated."""
        return all(each.severity != "mandatory" for each in self.violations)


class Capacity(_Model):
    """What the stack asks for (`capacity` of docs/outputs.md); before is None where there is no earlier output."""

    before: dict[str, Any] | None
    after: dict[str, Any]


class ChangeReport(_Model):
    """What `up` would do to one stack."""

    model_config = ConfigDict(title="Report")  # the JSON's schema is agreed on, with its title
    schema_version: int = SCHEMA_VERSION
    stack: str
    compared_with: str
    """Where the old objects are from: the cluster, or a commit."""
    resources: dict[str, int]
    """Number of Pulumi resources by action: create, update, replace, delete, same."""
    warnings: tuple[Warn, ...]
    policies: Policies
    capacity: Capacity
    releases: tuple[ReleaseChange, ...]
    items: tuple[Item, ...]
    refused: tuple[str, ...] = ()
    """Why the preview itself failed: what is protected is to be deleted. The rest may then be incomplete."""

    @property
    def changes(self) -> bool:
        """Whether `up` would change anything."""
        return any(count for action, count in self.resources.items() if action != "same")

    def exit_code(self, *, allow: bool) -> Exit:
        """Return how the command ends; `allow`: somebody has agreed to what is destructive."""
        if self.refused:
            return Exit.FAILED
        if not self.policies.kept:
            return Exit.VIOLATION
        if not self.changes:
            return Exit.SAME
        grave = any(warning.level in ("destructive", "fails") for warning in self.warnings)
        return Exit.DESTRUCTIVE if grave and not allow else Exit.CHANGES
