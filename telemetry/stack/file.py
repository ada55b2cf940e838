"""Reads a stack's file, Pulumi.<stack>.yaml, as the program would be given it, without its secrets."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from telemetry.config import yaml_file
from telemetry.config.project import PROJECT
from telemetry.stack import ConfigError, Stack, load_settings

_NO_CONFIG = "{}: has no config; write its settings below config:"


def load(stack: str, file: Path | None = None) -> Stack:
    """Return the settings of a stack, from its own file or from another one.

    Raises:
        ConfigError: the file is not there or cannot be used, with every finding.
    """
    return load_settings(as_given(config(stack, file)), stack)


def config(stack: str, file: Path | None = None) -> dict[str, Any]:
    """Return what a stack's file has below `config`, as it stands there: secrets are encrypted.

    Raises:
        ConfigError: the file is not there or is no such file.
    """
    path = file or PROJECT / f"Pulumi.{stack}.yaml"
    found = content(path).get("config")
    if not isinstance(found, dict):
        raise ConfigError([_NO_CONFIG.format(path.name)])
    if strange := [key for key in found if not isinstance(key, str)]:
        raise ConfigError([f"{path.name}: config.{strange[0]}: is no key; keys are text, such as telemetry:namespace"])
    return found


def content(path: Path) -> dict[str, Any]:
    """Return all that a stack's file has, the engine's own keys as well; an empty file has nothing.

    Raises:
        ConfigError: it is not there or is no such file.
    """
    try:
        found = yaml_file.read(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        there = ", ".join(sorted(each.name for each in PROJECT.glob("Pulumi.*.yaml")))
        raise ConfigError([f"{path.name}: cannot be read ({error.strerror}); there are {there}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path.name}: is no text in UTF-8; correct the file"]) from error
    except ValueError as error:
        raise ConfigError([f"{path.name}: {error}; correct the file"]) from error
    if not isinstance(found, dict):
        raise ConfigError([_NO_CONFIG.format(path.name)])
    return found


def as_given(config: Mapping[str, Any]) -> dict[str, str]:
    """Return config as the engine hands it to a program: text as it is, everything else as JSON."""
    return {key: each if isinstance(each, str) else json.dumps(each, default=str) for key, each in config.items()}
