"""YAML inside of values: what a chart takes as a text."""

import json
from functools import cache
from typing import Any

import yaml


def yaml_text(value: Any) -> str:
    """Return what JSON can say as YAML, keys in their order and without anchors."""
    return _written(json.dumps(value))


@cache
def _written(value: str) -> str:
    """Write it once: values are rendered many times in a run, and PyYAML takes a millisecond for ten lines."""
    return yaml.safe_dump(json.loads(value), sort_keys=False)
