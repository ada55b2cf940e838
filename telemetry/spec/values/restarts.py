"""Annotations by which pods restart when something changes that they read once, and that settings alone do not say."""

from typing import Any

from telemetry.spec.values.common import Values

UNKNOWN = "unknown"
"""What such an annotation says where the values are made of settings alone."""
RULES = "telemetry/rules"
"""The annotation with a digest of the rules that a ruler reads at its start."""
UNKNOWN_RULES: Values = {RULES: UNKNOWN}


def said_by(values: Any, annotation: str) -> str | None:
    """Return what values have as an annotation, wherever it stands; None if they do not have it."""
    if isinstance(values, dict):
        stated = values.get(annotation)
        deeper = (said_by(each, annotation) for each in values.values())
        return stated if isinstance(stated, str) else next(filter(None, deeper), None)
    if isinstance(values, list):
        return next(filter(None, (said_by(each, annotation) for each in values)), None)
    return None


def with_said(values: Any, annotation: str, text: str) -> Any:
    """Return values in which an annotation says something else, wherever it stands."""
    if isinstance(values, dict):
        return {key: text if key == annotation else with_said(each, annotation, text) for key, each in values.items()}
    return [with_said(each, annotation, text) for each in values] if isinstance(values, list) else values
