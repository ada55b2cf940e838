"""Reads `pulumi preview --json` as one step per resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.engine.marks import UNKNOWN_MARK
from telemetry.engine.urn import RELEASE_TYPE, STACK_TYPE, kind_of, name_of, provider_urn, type_of

ACTIONS = ("create", "update", "replace", "delete", "same")

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
    reasons: tuple[str, ...] = ()
    """Properties that differ, where the provider tells no paths."""
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
        return type_of(self.urn)

    @property
    def name(self) -> str:
        """Return its name in the program."""
        return name_of(self.urn)

    @property
    def title(self) -> str:
        """Return what people call it: `Release mimir`."""
        return title(self.urn)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Return its inputs after `up`, or before it if it goes."""
        return self.new or self.old


@dataclass(frozen=True)
class Diagnostic:
    """An error that stopped a preview."""

    message: str
    urn: str = ""
    """The resource that it is about, if it is about one."""


@dataclass(frozen=True)
class Preview:
    """All steps of a preview, and why it stopped early."""

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
        ValueError: it failed for a reason other than the protection of resources, or is no preview.
    """
    if not isinstance(preview, Mapping):
        raise ValueError("a preview is a mapping")  # noqa: TRY004 - it is text that somebody printed
    return Preview(steps(preview), _outputs(preview), tuple(_refusals(preview)))


def steps(preview: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return the steps of a preview, whether or not it failed; what the engine only reads is none."""
    by_urn: dict[str, list[Mapping[str, Any]]] = {}
    for step in preview.get("steps") or ():
        if step["op"] in _ACTION_OF_OP:
            by_urn.setdefault(step["urn"], []).append(step)
    return tuple(_step(urn, parts) for urn, parts in by_urn.items())


def errors(preview: Mapping[str, Any]) -> tuple[Diagnostic, ...]:
    """Return why a preview failed; nothing if it did not."""
    found = (each for each in preview.get("diagnostics") or () if each.get("severity") == "error")
    return tuple(Diagnostic(str(each.get("message", "")).strip(), str(each.get("urn", ""))) for each in found)


def title(urn: str) -> str:
    """Return what people call a resource: `Release mimir`."""
    return f"{kind_of(urn)} {name_of(urn)}"


def _step(urn: str, parts: list[Mapping[str, Any]]) -> Step:
    actions = {_ACTION_OF_OP[step["op"]] for step in parts}
    first, last = ([step[key] for step in parts if step.get(key)] for key in ("oldState", "newState"))
    old: Mapping[str, Any] = first[0] if first else {}
    new: Mapping[str, Any] = last[-1] if last else {}
    action = "replace" if "replace" in actions else next(iter(actions))
    detail = {path: how.get("kind", "") for step in parts for path, how in (step.get("detailedDiff") or {}).items()}
    reasons = dict.fromkeys(reason for step in parts for reason in step.get("diffReasons") or ())
    return Step(
        urn,
        action,
        {} if action == "create" else _without_marks(old.get("inputs") or {}),
        {} if action == "delete" else _without_marks(new.get("inputs") or {}),
        detail,
        tuple(reasons),
        was_protected=bool(old.get("protect")),
        is_protected=bool(new.get("protect")),
        retained=bool(old.get("retainOnDelete")),
        is_retained=bool(new.get("retainOnDelete")),
        custom=bool((new or old).get("custom")),
        provider=_provider(str((new or old).get("provider") or "")),
    )


def _provider(reference: str) -> str:
    """Return the name of the provider in a reference; none if there is no such reference."""
    return name_of(provider_urn(reference))


def _outputs(preview: Mapping[str, Any]) -> Mapping[str, Any]:
    for step in preview.get("steps") or ():
        if step["op"] in _ACTION_OF_OP and type_of(step["urn"]) == STACK_TYPE:
            return dict((step.get("oldState") or {}).get("outputs") or {})
    return {}


def _refusals(preview: Mapping[str, Any]) -> Iterator[str]:
    found = errors(preview)
    protected = [each for each in found if "because it is protected" in " ".join(each.message.split())]
    if found and not protected:
        raise ValueError("\n".join(each.message for each in found))
    for each in protected:
        name = name_of(each.urn)
        yield f"{name} is protected, so `up` will not delete it (docs/operations.md says how to do it on purpose)"


def _without_marks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_marks(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_marks(each) for each in value]
    return UNKNOWN if value == UNKNOWN_MARK else value


UNKNOWN = "[known after up]"
"""Stands for a value that nobody knows yet; no rule judges it."""
