"""Writes docs/stack.schema.json, by which editors complete and check Pulumi.<stack>.yaml.

It is made from the settings' models (`python -m docs.make_stack_schema --help`), and says what stands in a file, which
is not always what a model holds: sizes are text, secrets are encrypted, and what a role leaves out is filled in. It is
a schema of draft 7, which every editor knows.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from docs.page import write
from telemetry.config.credentials import Credentials
from telemetry.config.quantities import bytes_text, cpu_text, duration_text, parse_bytes, parse_cpu, parse_duration
from telemetry.stack import Stack
from telemetry.stack.loading import CREDENTIALS, PROJECT
from telemetry.stack.tenants_file import KEY as TENANTS_FILE

SCHEMA = Path(__file__).with_name("stack.schema.json")
_DRAFT = "http://json-schema.org/draft-07/schema#"
_REFERENCE = "#/definitions/{model}"
_WRITERS: dict[Callable[..., Any], Callable[[int], str]] = {
    parse_cpu: cpu_text,
    parse_bytes: bytes_text,
    parse_duration: duration_text,
}
"""How a default is written, by what reads it."""
_MODE: JsonSchemaMode = "validation"

_SECURE: dict[str, Any] = {
    "type": "object",
    "properties": {"secure": {"type": "string", "description": "The secret, encrypted by Pulumi."}},
    "required": ["secure"],
    "additionalProperties": False,
}
_PULUMIS: dict[str, Any] = {
    "encryptionsalt": {"type": "string", "description": "Salt of the passphrase that secrets are encrypted with."},
    "encryptedkey": {"type": "string", "description": "The key that secrets are encrypted with, itself encrypted."},
    "secretsprovider": {"type": "string", "description": "What encrypts secrets: passphrase, or a key's address."},
    "environment": {"type": ["array", "object"], "description": "Pulumi ESC environments whose settings are added."},
}
"""What Pulumi itself reads of the file (its `workspace.ProjectStack`)."""


class _AsWritten(GenerateJsonSchema):
    """A schema of what is written: with defaults as one would write them, and a mapping's names offered one by one."""

    def field_title_should_be_set(self, _: Any) -> bool:
        return False  # it would be the key, in capitals

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        made, default = super().default_schema(schema), schema.get("default")
        if isinstance(default, BaseModel):
            del made["default"]  # each of its keys has its own
        elif default is not None and (write := _writer(schema["schema"])):
            made["default"] = write(default)
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        made = super().dict_schema(schema)
        names = made.pop("propertyNames", {}).get("enum")
        if names is None:
            return made
        of_each = made["additionalProperties"]
        return {**made, "properties": dict.fromkeys(names, of_each), "additionalProperties": False}


def _writer(of_field: Any) -> Callable[[int], str] | None:
    """Return how a value of a field is written, if that is other than it is kept."""
    while "schema" in of_field:
        if of_field["type"] == "function-before":
            return _WRITERS.get(of_field["function"]["function"])
        of_field = of_field["schema"]
    return None


def schema() -> dict[str, Any]:
    """Return the JSON schema of a stack's whole file."""
    _, of_stack = models_json_schema([(Stack, _MODE)], schema_generator=_AsWritten, ref_template=_REFERENCE)
    _, of_secrets = models_json_schema([(Credentials, _MODE)], schema_generator=_AsWritten, ref_template=_REFERENCE)
    secrets = {name: _encrypted(each) for name, each in of_secrets["$defs"].items()}
    del secrets[Credentials.__name__]["required"]  # any of them may be in a Secret that exists already
    definitions = {**of_stack["$defs"], **secrets, "Secure": _SECURE}
    stack = definitions.pop(Stack.__name__)
    stack["properties"] = {key: _by_backend(each, definitions) for key, each in stack["properties"].items()}
    return {
        "$schema": _DRAFT,
        "title": "The settings of a stack",
        "type": "object",
        "properties": {"config": _config(stack), **_PULUMIS},
        "required": ["config"],
        "additionalProperties": False,
        "definitions": definitions,
    }


def _by_backend(field: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a section as that backend has it which the section names; the first is the default."""
    models = [each["$ref"] for each in field.get("anyOf", ()) if "$ref" in each]
    sections = [definitions[model.rpartition("/")[2]]["properties"] for model in models]
    if len(models) < 2 or not all("backend" in each for each in sections):
        return field
    chosen: dict[str, Any] = {"$ref": models[0]}
    for model, section in zip(models[1:], sections[1:], strict=True):
        named = {"required": ["backend"], "properties": {"backend": {"const": section["backend"]["const"]}}}
        chosen = {"if": named, "then": {"$ref": model}, "else": chosen}
    return {**chosen, **{key: each for key, each in field.items() if key != "anyOf"}}


def _config(stack: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of `config`: the program's keys, and whatever there is for others."""
    of_program = {
        **stack["properties"],
        TENANTS_FILE: {
            "type": "string",
            "description": "A file with the list of tenants, its path from the project on, in place of tenants.",
        },
        CREDENTIALS: {
            "anyOf": [{"$ref": _REFERENCE.format(model=Credentials.__name__)}, _secure()],
            "description": f"All secrets, set with: pulumi config set --secret --path {PROJECT}:{CREDENTIALS}.…",
        },
    }
    return {
        "type": "object",
        "description": "What the program (telemetry:), the engine (pulumi:) and the providers are told.",
        "properties": {f"{PROJECT}:{key}": each for key, each in of_program.items()},
        "required": [f"{PROJECT}:{key}" for key in stack["required"]],
        "patternProperties": {f"^(?!{PROJECT}:)[^:]+:.+$": {}},
        "additionalProperties": False,
    }


def _encrypted(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model of secrets as the file has it: a secret is encrypted, and what is set beside it may be."""
    return {**model, "properties": {key: _leaf(each) for key, each in model["properties"].items()}}


def _leaf(field: dict[str, Any]) -> dict[str, Any]:
    words = {key: field[key] for key in ("description",) if key in field}
    if field.get("writeOnly"):
        return {**_secure(), **words}
    return {"anyOf": [{key: each for key, each in field.items() if key not in words}, _secure()], **words}


def _secure() -> dict[str, Any]:
    return {"$ref": _REFERENCE.format(model="Secure")}


def document() -> str:
    """Return the file's content."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the file, or with `--check` say whether it is up to date (exit code 1 if not)."""
    return write("docs.make_stack_schema", __doc__, SCHEMA, document)


if __name__ == "__main__":
    sys.exit(main())
