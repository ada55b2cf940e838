"""Turns a step of a preview into items of the report."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from telemetry.engine.preview import Step
from telemetry.engine.urn import RELEASE_TYPE
from telemetry.kubernetes.defaults import normal
from telemetry.kubernetes.diff import Change, diff
from telemetry.operations.report.manifests import fields, item
from telemetry.operations.report.model import Action, Field, Item
from telemetry.operations.report.rollout import restart
from telemetry.operations.report.secrets import field
from telemetry.redaction import HIDDEN, Redactor

_ITEM_ACTION: Mapping[str, Action] = {
    "create": "create",
    "update": "change",
    "replace": "replace",
    "delete": "delete",
}


_OPS: Mapping[str, Literal["add", "remove", "change"]] = {"add": "add", "delete": "remove"}


_ENCODED = ("Encoded", "Json")
"""How the names of inputs end that are JSON as text: a datasource's `jsonDataEncoded`, a dashboard's `configJson`."""


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
        yield from _outside(step, action, "s3" if provider == "aws" else "grafana", kind.rpartition(":")[2])


def _outside(step: Step, action: Action, system: Literal["s3", "grafana"], kind: str) -> Iterator[Item]:
    """Yield what is done to a bucket or a thing of Grafana's; replaced under another name, one goes and one comes."""
    was, will = (_known_as(step, inputs) for inputs in (step.old, step.new))
    if action == "replace" and was != will:
        gone: Action = "forget" if step.retained else "delete"
        yield Item(system=system, kind=kind, name=was, action=gone, protected=step.was_protected)
        yield Item(system=system, kind=kind, name=will, action="create")
        return
    changes = diff(_readable(step.old), _readable(step.new)) if action in ("change", "replace") else []
    yield Item(
        system=system,
        kind=kind,
        name=_known_as(step, step.inputs),
        action=action,
        fields=_fields(step, changes, ""),
        protected=step.was_protected,
    )


def _known_as(step: Step, inputs: Mapping[str, Any]) -> str:
    """Return what a bucket or a thing of Grafana's is called where it is."""
    return str(inputs.get("bucket") or inputs.get("uid") or step.name)


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
