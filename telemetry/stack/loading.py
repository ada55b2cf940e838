"""From a stack's Pulumi config to validated settings: the only place that reads config.

Everything is checked here, before any resource exists. What is wrong is reported all at once, one line a finding:
the key's full path, the value, what is allowed and how to mend it.
"""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from telemetry.config import json_text
from telemetry.config.base import SettingError, did_you_mean
from telemetry.config.credentials import Credentials
from telemetry.config.targets import pulumi_config
from telemetry.spec.alertmanager import made_here
from telemetry.spec.context import Environment
from telemetry.stack import environments, tenants_file
from telemetry.stack.backends import SIGNALS
from telemetry.stack.existing_credentials import named_in, of_program, setting, unset
from telemetry.stack.model import Stack
from telemetry.stack.sections import backend_of
from telemetry.stack.tenancy import derives_secrets
from telemetry.stack.tenants import BackendLimits

PROJECT = "telemetry"
CREDENTIALS = "credentials"

_SHOWABLE = re.compile(r"[^@?\n]{0,80}")
"""Text that a message may repeat: what holds @ or ? may be an address with credentials in it."""

_Model = TypeVar("_Model", bound=BaseModel)


class ConfigError(Exception):
    """The stack's config cannot be used; the message is for the user and lists every finding."""

    def __init__(self, findings: Iterable[str]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(self.findings))


def load(
    config: Mapping[str, str],
    secret_keys: Iterable[str],
    stack_name: str,
    environment: Mapping[str, str] = os.environ,
) -> tuple[Stack, Credentials]:
    """Return the settings and secrets of a stack.

    Args:
        config: Pulumi's config, `project:key` to text; objects are JSON.
        secret_keys: the keys that are encrypted in the stack's file.
        stack_name: the name of the stack that is being deployed.
        environment: where Pulumi's providers look for secrets that are in no config.

    Raises:
        ConfigError: with every finding.
    """
    values = _of_project(config)
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
            f"them with: {pulumi_config('set', stack_name)} --secret --path {PROJECT}:{CREDENTIALS}.…"
        )
    if not findings:
        raw = {key: parsed(key, text) for key, text in values.items()}
        stack = _stack(raw, stack_name, findings)
        given = {name: of_program(name, environment) for name in named_in(raw)}
        credentials = _credentials(parsed(CREDENTIALS, credentials_text or "{}"), given, stack_name, findings)
        if stack is not None and credentials is not None:
            findings += [*unset(stack, environment), *_key_findings(stack, credentials)]
            if not findings:
                return stack, credentials
    raise ConfigError(findings)


def load_credentials(text: str, given: Mapping[str, Any], stack_name: str) -> Credentials:
    """Return the secrets of a stack for what is no engine's program.

    Args:
        text: what `telemetry:credentials` holds, decrypted, as JSON.
        given: what of it is in Secrets that exist already.
        stack_name: whose they are.

    Raises:
        ConfigError: with every finding.
    """
    findings: list[str] = []
    credentials = _credentials(parsed(CREDENTIALS, text), given, stack_name, findings)
    if credentials is None or findings:
        raise ConfigError(findings)
    return credentials


def load_settings(config: Mapping[str, str], stack_name: str) -> Stack:
    """Return the settings of a stack without its secrets, for what needs no engine (see `load`)."""
    findings: list[str] = []
    raw = {key: parsed(key, text) for key, text in _of_project(config).items() if key != CREDENTIALS}
    stack = _stack(raw, stack_name, findings)
    if stack is None or findings:
        raise ConfigError(findings)
    return stack


def _of_project(config: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(f"{PROJECT}:"): text for key, text in config.items() if key.startswith(f"{PROJECT}:")}


def _stack(raw: dict[str, Any], stack_name: str, findings: list[str]) -> Stack | None:
    findings += _tenants_findings(raw)
    if findings:
        return None  # without its tenants, all else would be judged as another stack
    findings += _environment_findings(raw.get("environment"), stack_name)
    stack = _validate(Stack, raw, "", stack_name, findings)
    findings += environments.check(stack) if stack is not None else []
    return stack


def _credentials(raw: Any, given: Mapping[str, Any], stack_name: str, findings: list[str]) -> Credentials | None:
    """Return the secrets of a stack; what is in a Secret that exists is not to be in the file too."""
    if not isinstance(raw, dict):
        return _validate(Credentials, raw, f"{CREDENTIALS}.", stack_name, findings)
    findings += [
        f"{PROJECT}:{CREDENTIALS}.{name}: {PROJECT}:{setting(name)} names a Secret that has it; remove it "
        f"with: {pulumi_config('rm', stack_name)} --path '{PROJECT}:{CREDENTIALS}.{name}', or remove the other"
        for name in sorted(raw.keys() & given.keys())
    ]
    return _validate(Credentials, {**raw, **given}, f"{CREDENTIALS}.", stack_name, findings)


def _tenants_findings(raw: dict[str, Any]) -> list[str]:
    """Put the tenants of a file in the place of its name, or return why they are not to be had."""
    if tenants_file.KEY not in raw:
        return []
    try:
        raw["tenants"] = tenants_file.read(raw.pop(tenants_file.KEY), listed="tenants" in raw)
    except ValueError as error:
        return [f"{PROJECT}:{tenants_file.KEY}: {error}"]
    return []


def parsed(key: str, text: str) -> Any:
    """Return an object or list as such, and everything else as the text that it is.

    Raises:
        ConfigError: a key is in an object twice: JSON would take the last one.
    """
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json_text.read(text)
    except json_text.KeyTwiceError as error:
        which = "a key" if key == CREDENTIALS else str(error)
        raise ConfigError([f"{PROJECT}:{key}: {which} is given twice in its JSON; remove one of the two"]) from error
    except (ValueError, RecursionError):
        return text


def _environment_findings(environment: object, stack_name: str) -> list[str]:
    """Return whether a valid environment belongs to another stack."""
    names = get_args(Environment)
    if environment not in names or environment == stack_name:
        return []
    return [
        f"{PROJECT}:environment: is {environment!r}, but the stack is named {stack_name!r}; select the stack "
        f"{environment} or correct Pulumi.{stack_name}.yaml ({', '.join(names)} exist)"
    ]


def _key_findings(stack: Stack, credentials: Credentials) -> list[str]:
    """Return what is missing: what the gateway derives tokens and certificates from, and identities of backends."""
    found, to_set = [], pulumi_config("set", stack.environment)
    if stack.gateway is not None and credentials.gateway is None and derives_secrets(stack.gateway, stack.tenants):
        key = f"{PROJECT}:{CREDENTIALS}.gateway.key"
        found.append(
            f"{key}: is not set, and the gateway derives tokens and certificates from it; set it with: "
            f"openssl rand -base64 32 | {to_set} --secret --path '{key}'"
        )
    for name in made_here(stack.alerting) if stack.alerting is not None else ():
        if name not in credentials.alerting:
            key = f"{PROJECT}:{CREDENTIALS}.alerting.{name}"
            found.append(
                f"{key}: is not set, and the receiver {name} needs it; set it with: {to_set} --secret --path "
                f"'{key}', or name a Secret in {PROJECT}:alerting.receivers.….secret"
            )
    found += [
        f"{PROJECT}:{CREDENTIALS}.clusters.{name}: is of no cluster in {PROJECT}:clusters; name that cluster there, or "
        f"remove it with: {pulumi_config('rm', stack.environment)} --path '{PROJECT}:{CREDENTIALS}.clusters.{name}'"
        for name in credentials.clusters.keys() - stack.clusters.keys()
    ]
    ours = (each.signal for each in stack.backends if each.s3_secret.create)
    for signal in (signal for signal in ours if getattr(credentials, signal) is None):
        key = f"{PROJECT}:{CREDENTIALS}.{signal}"
        found.append(
            f"{key}: is not set, and {PROJECT}:{signal} is; set it with: {to_set} --secret --path '{key}.…' "
            "for each of access_key, secret_key (docs/object-store.md)"
        )
    return found


def _validate(model: type[_Model], raw: Any, prefix: str, stack_name: str, findings: list[str]) -> _Model | None:
    try:
        return model.model_validate(raw, context=raw)
    except ValidationError as error:
        findings += [_finding(model, raw, prefix, stack_name, detail) for detail in error.errors(include_url=False)]
        return None


def _finding(model: type[BaseModel], raw: Any, prefix: str, stack_name: str, detail: ErrorDetails) -> str:
    """Return one line: path, value, what is allowed, mend."""
    reason = detail.get("ctx", {}).get("error")
    of_a_key = detail["loc"][-1:] == ("[key]",)  # pydantic's word for a mapping's key, where it is what is wrong
    stands_at = detail["loc"][:-1] if of_a_key else detail["loc"]
    location = [*map(str, stands_at), *(reason.key.split(".") if isinstance(reason, SettingError) else ())]
    path = f"{PROJECT}:{prefix}{'.'.join(location)}".rstrip(".")
    hidden = of_a_key or model is Credentials or (isinstance(reason, SettingError) and reason.hidden)
    value = "" if hidden else _shown(raw, location)
    match detail["type"]:
        case "missing":
            return f"{path}: is not set; {_how_to_set(model, raw, location, path, stack_name)}"
        case "too_short" | "string_too_short":
            return f"{path}: is empty; {_how_to_set(model, raw, location, path, stack_name)}"
        case "extra_forbidden":
            return f"{path}: unknown key{_known_keys(model, raw, location)}; correct or remove it"
        case "value_error":
            return f"{path}: {value}{reason}"
        case "string_pattern_mismatch":
            return f"{path}: {value}not allowed; it must match {detail['ctx']['pattern']}"
        case "model_type" | "dict_type":
            return f"{path}: {value}must be a mapping; write its keys below it (docs/settings.md lists them)"
        case "bool_type":
            return f"{path}: {value}must be true or false; write it without quotes"
        case "int_type" | "int_from_float":
            return f"{path}: {value}must be a whole number; write it in digits, without quotes"
        case "string_type":
            return f"{path}: {value}must be text; write it in quotes"
        case _:
            return f"{path}: {value}{detail['msg'].replace('Input should be', 'must be')}; correct it"


def _how_to_set(model: type[BaseModel], raw: Any, location: list[str], path: str, stack_name: str) -> str:
    secret = "--secret " if model is Credentials else ""
    field = _model_at(model, raw, location[:-1]).model_fields.get(location[-1])
    section = _model_within(field.annotation) if field else None  # none of a key, or a value, that the user chose
    keys = [key for key, each in section.model_fields.items() if each.is_required()] if section else []
    below = f".…' for each of {', '.join(keys)}" if keys else "'"
    return f"set it with: {pulumi_config('set', stack_name)} {secret}--path '{path}{below}"


def _known_keys(model: type[BaseModel], raw: Any, location: list[str]) -> str:
    names = list(_model_at(model, raw, location[:-1]).model_fields)
    if location[:-1] == [] and model is Stack:
        names += [tenants_file.KEY, CREDENTIALS]
    return f"{did_you_mean(location[-1], names)}; known here: {', '.join(names)}"


def _model_at(model: type[BaseModel], raw: Any, location: Sequence[str]) -> type[BaseModel]:
    """Return the model that holds the key at a location, looking through dicts and optional types."""
    for signal in SIGNALS:
        if model is Stack and location[:1] == [signal]:
            return _model_at(backend_of(signal, raw.get(signal)).settings, raw, location[1:])
        if issubclass(model, BackendLimits) and location[:1] == [signal]:
            return backend_of(signal, raw.get(signal)).limits
    for index, part in enumerate(location):
        if issubclass(model, BackendLimits):
            return _model_at(model, raw, location[index:])
        field = model.model_fields.get(part)
        if field is not None:
            model = _model_within(field.annotation) or model
    return model


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_within(inner))), None)


def _shown(raw: Any, location: Iterable[str]) -> str:
    """Return `value: ` for a short scalar that stands at the location, and nothing otherwise."""
    for part in location:
        if isinstance(raw, list) and part.isdigit() and int(part) < len(raw):
            raw = raw[int(part)]
        elif isinstance(raw, dict) and part in raw:
            raw = raw[part]
        else:
            return ""
    if isinstance(raw, str):
        return f"{raw!r}: " if _SHOWABLE.fullmatch(raw) else ""
    return "" if isinstance(raw, dict | list) else f"{json.dumps(raw)}: "
