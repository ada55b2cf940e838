"""`pulumi preview --json --show-sames` as one step per resource, and what of it needs no rendering."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.engine.urn import RELEASE_TYPE

ACTIONS = ("create", "update", "replace", "delete", "same")

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # the engine's word for what only `up` will know
_ACTION_OF_OP = {
    "create": "create", "import": "create", "update": "update", "delete": "delete", "same": "same",
    "replace": "replace", "create-replacement": "replace", "delete-replaced": "replace",
    "import-replacement": "replace",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """What happens to one resource."""

    urn: str
    action: str
    """One of `ACTIONS`."""
    old: Mapping[str, Any]
    """Its inputs as they are in the state; secrets are masked."""
    new: Mapping[str, Any]
    detail: Mapping[str, str]
    """Paths that differ, as the provider names them, and how."""
    was_protected: bool = False
    is_protected: bool = False
    retained: bool = False
    """Whether it stays where it is when it leaves the state."""
    is_retained: bool = False
    """Whether it will stay so after `up`."""
    custom: bool = False
    """Whether a provider makes it, or it is one; components are not."""
    provider: str = ""
    """Its provider's name in the program; `default_…` if the engine has chosen one."""

    @property
    def type(self) -> str:
        """Return its type: `kubernetes:helm.sh/v3:Release`."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """Return its name in the program."""
        return self.urn.rpartition("::")[2]

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Return its inputs after `up`, or before it if it goes."""
        return self.new or self.old


@dataclass(frozen=True)
class Preview:
    """All steps, and why the engine ended before it had them all."""

    steps: tuple[Step, ...]
    outputs: Mapping[str, Any]
    """The stack's outputs of the last `up`; none before the first."""
    refused: tuple[str, ...] = ()

    @property
    def releases(self) -> tuple[Step, ...]:
        """Return the Helm releases."""
        return tuple(step for step in self.steps if step.type == RELEASE_TYPE)

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of resources by action."""
        return {action: sum(step.action == action for step in self.steps) for action in ACTIONS}


def read(preview: Mapping[str, Any]) -> Preview:
    """Return the steps of a preview.

    Raises:
        ValueError: it failed for a reason other than the protection of resources.
    """
    by_urn: dict[str, list[Mapping[str, Any]]] = {}
    for step in preview.get("steps") or ():
        if step["op"] in _ACTION_OF_OP:
            by_urn.setdefault(step["urn"], []).append(step)
    steps = tuple(_step(urn, its) for urn, its in by_urn.items())
    return Preview(steps, _outputs(by_urn), tuple(_refusals(preview)))


def _step(urn: str, steps: list[Mapping[str, Any]]) -> Step:
    actions = {_ACTION_OF_OP[step["op"]] for step in steps}
    first, last = ([step[key] for step in steps if step.get(key)] for key in ("oldState", "newState"))
    old: Mapping[str, Any] = first[0] if first else {}
    new: Mapping[str, Any] = last[-1] if last else {}
    action = "replace" if "replace" in actions else next(iter(actions))
    detail = {path: its["kind"] for step in steps for path, its in (step.get("detailedDiff") or {}).items()}
    return Step(
        urn,
        action,
        {} if action == "create" else _known(old.get("inputs") or {}),
        {} if action == "delete" else _known(new.get("inputs") or {}),
        detail,
        was_protected=bool(old.get("protect")),
        is_protected=bool(new.get("protect")),
        retained=bool(old.get("retainOnDelete")),
        is_retained=bool(new.get("retainOnDelete")),
        custom=bool((new or old).get("custom")),
        provider=_provider(str((new or old).get("provider") or "")),
    )


def _provider(reference: str) -> str:
    """Return the name in `urn:pulumi:…::pulumi:providers:aws::s3::id`; none if there is no such reference."""
    parts = reference.split("::")
    return parts[-2] if len(parts) > 2 else ""


def _outputs(by_urn: Mapping[str, list[Mapping[str, Any]]]) -> Mapping[str, Any]:
    found = (its[0] for urn, its in by_urn.items() if "::pulumi:pulumi:Stack::" in urn)
    outputs: Mapping[str, Any] = (next(found, {}).get("oldState") or {}).get("outputs") or {}
    return outputs


def _refusals(preview: Mapping[str, Any]) -> Iterator[str]:
    errors = [each for each in preview.get("diagnostics") or () if each.get("severity") == "error"]
    protected = [each for each in errors if "because it is protected" in " ".join(str(each.get("message")).split())]
    if errors and not protected:
        raise ValueError("\n".join(str(each.get("message", "")).strip() for each in errors))
    for each in protected:
        name = str(each.get("urn", "")).rpartition("::")[2]
        yield f"{name} is protected, so `up` will not delete it (docs/operations.md says how to do it on purpose)"


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _known(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_known(each) for each in value]
    return UNKNOWN if value == _UNKNOWN else value


UNKNOWN = "[known after up]"
"""Stands for a value that nobody knows yet; no rule judges it."""
