"""Makes a change fit to be shown in a report.

Pulumi masks its own secrets, as `[secret]`; what they are compared with, Helm's record of a release, it does not. So a
value is hidden if its other side is masked, if it is the data of a Secret, or if the redactor knows it for one.
"""

import base64
from typing import Any

from telemetry.kubernetes.diff import Change, Name, text
from telemetry.operations.report.model import Field
from telemetry.redaction import HIDDEN, Redactor

_MASKS = (HIDDEN, base64.b64encode(HIDDEN.encode()).decode())


def field(redactor: Redactor, change: Change, kind: str = "") -> Field:
    """Return a change as it may be shown; `kind` is that of the object."""
    old, new = change.old, change.new
    if kind == "Secret" and change.path and change.path[0] in ("data", "stringData"):
        old, new = _hidden(old), _hidden(new)
    elif change.op == "change" and (_masked(old) or _masked(new)):
        old, new = HIDDEN, HIDDEN
    name = _name_of(change.path)
    return Field(path=text(change.path), op=change.op, old=redactor.shown(old, name), new=redactor.shown(new, name))


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hidden(each) for key, each in value.items()}
    return None if value is None else HIDDEN


def _masked(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_masked(each) for each in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and any(mask in value for mask in _MASKS)


def _name_of(path: tuple[Any, ...]) -> str:
    """Return what a field is called; the `value` of an environment variable is called what the variable is."""
    for step in reversed(path):
        if isinstance(step, Name):
            return step.text
        if isinstance(step, str) and step != "value":
            return step
    return ""
