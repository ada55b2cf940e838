"""`pulumi preview --json --show-sames` as one step per resource, and what of it needs no rendering."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from helm.releases import RELEASE_TYPE
from policies.model import UNKNOWN
from redaction import HIDDEN, Redactor
from report.diff import Change, diff
from report.manifests import fields, item
from report.model import Action, Field, Item
from report.normal import normal
from report.rollout import restart
from report.secrets import field

ACTIONS = ("create", "update", "replace", "delete", "same")

_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"  # the engine's word for what only `up` will know
_ACTION_OF_OP = {
    "create": "create", "import": "create", "update": "update", "delete": "delete", "same": "same",
    "replace": "replace", "create-replacement": "replace", "delete-replaced": "replace",
    "import-replacement": "replace",
}  # fmt: skip
_ITEM_ACTION: Mapping[str, Action] = {
    "create": "create",
    "update": "change",
    "replace": "replace",
    "delete": "delete",
}
_OPS: Mapping[str, Literal["add", "remove", "change"]] = {"add": "add", "delete": "remove"}
_ENCODED = ("Encoded", "Json")
"""How the names of inputs end that are JSON as text: a datasource's `jsonDataEncoded`, a dashboard's `configJson`."""


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


def items(step: Step) -> Iterator[Item]:
    """Yield what a step other than a release's does to a Kubernetes object, a bucket, a datasource or a provider."""
    if step.action == "same" or step.type == RELEASE_TYPE:
        return
    action: Action = "forget" if step.action == "delete" and step.retained else _ITEM_ACTION[step.action]
    provider, _, kind = step.type.partition(":")
    if step.type.startswith("pulumi:providers:"):
        yield Item(system="pulumi", kind="Provider", name=step.name, action=action, fields=tuple(_hidden(step)))
    elif provider == "kubernetes":
        old, new = normal(dict(step.old), ""), normal(dict(step.new), "")
        both = action in ("change", "replace")
        changes = fields(old, new) if both else []
        yield item(
            new if step.new else old,
            owner="",
            action=action,
            fields=_fields(step, changes, str(new.get("kind", ""))),
            restart=restart(step.new, new, changes) if action == "change" else None,
            protected=step.was_protected,
        )
    elif provider in ("aws", "grafana"):
        changes = diff(_readable(step.old), _readable(step.new)) if action in ("change", "replace") else []
        yield Item(
            system="s3" if provider == "aws" else "grafana",
            kind=kind.rpartition(":")[2],
            name=str(step.inputs.get("bucket") or step.inputs.get("uid") or step.name),
            action=action,
            fields=_fields(step, changes, ""),
            protected=step.was_protected,
        )


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


def _readable(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return inputs with encoded JSON as what it says."""
    return {_called(key): _decoded(key, value) for key, value in inputs.items()}


def _decoded(key: str, value: Any) -> Any:
    if not key.endswith(_ENCODED) or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _fields(step: Step, changes: list[Change], kind: str) -> tuple[Field, ...]:
    """Return what changes; of values that are masked on both sides, what the provider says of them."""
    hidden = {_called(key) for key in {*step.old, *step.new} if HIDDEN in (step.old.get(key), step.new.get(key))}
    shown = [field(Redactor(), change, kind) for change in changes if change.path[:1] not in {(key,) for key in hidden}]
    return (*shown, *(each for each in _hidden(step) if _first(each.path) in hidden))


def _hidden(step: Step) -> Iterator[Field]:
    """Yield the paths that differ, without values, as they are called where they end up."""
    for path, kind in step.detail.items():
        op = _OPS.get(kind.removesuffix("-replace"), "change")
        old, new = (None if op == "add" else HIDDEN), (None if op == "remove" else HIDDEN)
        first = _first(path)
        yield Field(path=_called(first) + path.removeprefix(first), op=op, old=old, new=new)


def _first(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _called(key: str) -> str:
    """Return what an input is called where it ends up."""
    return "data" if key == "stringData" else key.removesuffix("Encoded").removesuffix("Json")
