"""Hides secrets in a change of the report.

Pulumi masks its own secrets, as `[secret]`; what they are compared with, Helm's record of a release, it does not. So a
value is hidden if its other side is masked, if it is the data of a Secret, or if the redactor knows it for one.
"""

from telemetry.kubernetes.diff import Change, Name, text
from telemetry.operations.report.model import Field
from telemetry.redaction import Redactor, field_name, hidden


def field(redactor: Redactor, change: Change, kind: str = "") -> Field:
    """Return a change as it may be shown; `kind` is that of the object."""
    if kind == "Secret" and change.path and change.path[0] in ("data", "stringData"):
        old, new = hidden(change.old), hidden(change.new)
    else:
        names = [
            step.text if isinstance(step, Name) else str(step) for step in change.path if not isinstance(step, int)
        ]
        old, new = redactor.pair(change.old, change.new, field_name(names))
    return Field(path=text(change.path), op=change.op, old=old, new=new)
