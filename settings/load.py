"""From a stack's Pulumi config to validated settings: the only place that reads config.

Everything is checked here, before any resource exists. What is wrong is reported all at once, one line a finding:
the key's full path, the value, what is allowed and how to mend it.
"""

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.credentials import Credentials
from settings.stack import Environment, Stack

PROJECT = "telemetry"
CREDENTIALS = "credentials"

_Model = TypeVar("_Model", bound=BaseModel)


class ConfigError(Exception):
    """The stack's config cannot be used; the message is for the user and lists every finding."""

    def __init__(self, findings: Iterable[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(self.findings))


def load(config: Mapping[str, str], secret_keys: Iterable[str], stack_name: str) -> tuple[Stack, Credentials]:
    """Return the settings and secrets of a stack.

    Args:
        config: Pulumi's config, `project:key` to text; objects are JSON.
        secret_keys: the keys that are encrypted in the stack's file.
        stack_name: the name of the stack that is being deployed.

    Raises:
        ConfigError: with every finding.
    """
    values = {key.removeprefix(f"{PROJECT}:"): text for key, text in config.items() if key.startswith(f"{PROJECT}:")}
    encrypted = {key.removeprefix(f"{PROJECT}:") for key in secret_keys}
    credentials_text = values.pop(CREDENTIALS, None)
    findings = [
        f"{PROJECT}:{key}: is encrypted, but only {PROJECT}:{CREDENTIALS} may hold secrets; move the secret there "
        f"and write {key} in plain text"
        for key in sorted(encrypted & values.keys())
    ]
    if credentials_text is not None and CREDENTIALS not in encrypted:
        findings.append(
            f"{PROJECT}:{CREDENTIALS}: stands in the stack's file in plain text; replace these secrets, then set "
            f"them with: pulumi config set --secret --path {PROJECT}:{CREDENTIALS}.…"
        )
    if not findings:
        raw = {key: _parse(text) for key, text in values.items()}
        stack = _validate(Stack, raw, "", findings)
        credentials = _validate(Credentials, _parse(credentials_text or "{}"), f"{CREDENTIALS}.", findings)
        if stack is not None:
            findings += _stack_findings(stack, stack_name)
        if stack is not None and credentials is not None and not findings:
            return stack, credentials
    raise ConfigError(findings)


def _parse(text: str) -> Any:
    """Return an object or list as such, and everything else as the text that it is."""
    if text.lstrip().startswith(("{", "[")):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def _stack_findings(stack: Stack, stack_name: str) -> list[str]:
    if stack.environment == stack_name:
        return []
    return [
        f"{PROJECT}:environment: is {stack.environment!r}, but the stack is named {stack_name!r}; select the stack "
        f"{stack.environment} or correct Pulumi.{stack_name}.yaml ({', '.join(get_args(Environment))} exist)"
    ]


def _validate(model: type[_Model], raw: Any, prefix: str, findings: list[str]) -> _Model | None:
    try:
        return model.model_validate_json(json.dumps(raw))
    except ValidationError as error:
        findings += [_finding(model, raw, prefix, detail) for detail in error.errors(include_url=False)]
        return None


def _finding(model: type[BaseModel], raw: Any, prefix: str, detail: ErrorDetails) -> str:
    """Return one line: path, value, what is allowed, mend."""
    location = [part for part in detail["loc"] if part != "[key]"]
    path = f"{PROJECT}:{prefix}{'.'.join(map(str, location))}".rstrip(".")
    value = "" if model is Credentials else _shown(raw, location)
    match detail["type"]:
        case "missing":
            return f"{path}: is not set; {_how_to_set(model, path)}"
        case "extra_forbidden":
            return f"{path}: unknown key; {_known_keys(model, location)}"
        case "value_error":
            return f"{path}: {value}{detail['ctx']['error']}"
        case "string_pattern_mismatch":
            return f"{path}: {value}has characters or a length that are not allowed; it must match {_pattern(detail)}"
        case kind if kind.endswith("_type") or kind == "json_invalid":
            return f"{path}: {value}{_lower(detail['msg'])}; give it the right type (docs/settings.md lists them)"
        case _:
            return f"{path}: {value}{_lower(detail['msg'])}; correct it"


def _how_to_set(model: type[BaseModel], path: str) -> str:
    secret = "--secret " if model is Credentials else ""
    return f"set it with: pulumi config set {secret}--path '{path}'"


def _known_keys(model: type[BaseModel], location: list[Any]) -> str:
    known = list(_model_at(model, location[:-1]).model_fields)
    near = get_close_matches(str(location[-1]), known, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{hint}Known here: {', '.join(known)}; correct or remove it"


def _model_at(model: type[BaseModel], location: Iterable[Any]) -> type[BaseModel]:
    """Return the model that holds the key at a location, looking through dicts and optional types."""
    for part in location:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = _model_within(field.annotation) or model
    return model


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_within(inner))), None)


def _shown(raw: Any, location: Iterable[Any]) -> str:
    """Return `'value' ` for a scalar that stands at the location, and nothing otherwise."""
    for part in location:
        if not isinstance(raw, dict) or part not in raw:
            return ""
        raw = raw[part]
    return "" if isinstance(raw, dict | list) else f"{raw!r}: "


def _pattern(detail: ErrorDetails) -> str:
    return str(detail["ctx"]["pattern"])


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
