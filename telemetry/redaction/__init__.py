"""Keeps secrets out of what is shown: reports, drift, logs, messages.

A secret is known by its value (forms.py), by what it is called, or by how it looks (patterns.py). `Redactor` looks
for all three in texts and trees, `Lines` in a stream. The values of a stack's secrets: telemetry/known_secrets.py.
"""

from telemetry.redaction.lines import Lines
from telemetry.redaction.patterns import HIDDEN
from telemetry.redaction.redactor import Redactor, field_name, hidden

__all__ = ["HIDDEN", "Lines", "Redactor", "field_name", "hidden"]
