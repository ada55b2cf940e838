"""Writes docs/outputs.schema.json from the types in outputs.py (`python -m docs.make_schema --help`).

docs/outputs.versions.json keeps the digest of every version's shape, so that a shape cannot change without its version.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from components.outputs import SCHEMA_VERSION, Outputs

SCHEMA = Path(__file__).with_name("outputs.schema.json")
VERSIONS = Path(__file__).with_name("outputs.versions.json")
_WORDS = frozenset({"title", "description"})
"""Parts of a schema that say nothing about a shape."""


class VersionError(Exception):
    """The shape has changed without its version; the message is for the developer."""


class _Closed(GenerateJsonSchema):
    """A schema whose objects have no properties but their own: a new one is a change that readers should learn of."""

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> JsonSchemaValue:
        return {**super().typed_dict_schema(schema), "additionalProperties": False}


def schema() -> dict[str, Any]:
    """Return the JSON schema of what `pulumi stack output --json` prints."""
    made = TypeAdapter(Outputs).json_schema(schema_generator=_Closed)
    return {"$schema": GenerateJsonSchema.schema_dialect, **made, "title": "Outputs of telemetry"}


def document() -> str:
    """Return the file's content."""
    return json.dumps(schema(), indent=2) + "\n"


def digest(of: dict[str, Any]) -> str:
    """Return the SHA-256 of a schema's shape; words for people, names of types and the order of things do not count."""
    shape = _shape({key: each for key, each in of.items() if key != "$defs"}, of.get("$defs", {}))
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()


def _shape(value: Any, types: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return sorted((_shape(each, types) for each in value), key=json.dumps)
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _shape(types[value["$ref"].rpartition("/")[2]], types)
    named = {key: _shape(each, types) for key, each in value.get("properties", {}).items()}
    others = {key: _shape(each, types) for key, each in value.items() if key not in (*_WORDS, "properties")}
    return {**others, "properties": named} if named else others


def versions() -> dict[str, str]:
    """Return the digests by version, with the current one's.

    Raises:
        VersionError: the current version has been published with another shape.
    """
    known: dict[str, str] = json.loads(VERSIONS.read_text()) if VERSIONS.exists() else {}
    current, made = str(SCHEMA_VERSION), digest(schema())
    if known.get(current, made) != made:
        raise VersionError(
            f"the outputs' shape is no longer that of schema_version {current}: raise SCHEMA_VERSION in outputs.py, "
            "and say in docs/outputs.md and CHANGELOG.md what has changed"
        )
    return {**known, current: made}


def main() -> int:
    """Write the files, or with `--check` say whether they are up to date (exit code 1 if not)."""
    parser = argparse.ArgumentParser(prog="python -m docs.make_schema", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is stale")
    checks = parser.parse_args().check
    try:
        contents = {SCHEMA: document(), VERSIONS: json.dumps(versions(), indent=2) + "\n"}
    except VersionError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    stale = [path.name for path, content in contents.items() if not path.exists() or path.read_text() != content]
    if checks and stale:
        sys.stderr.write(f"docs: stale: {', '.join(stale)}; write anew with: python -m docs.make_schema\n")
    if not checks:
        for path, content in contents.items():
            path.write_text(content)
    return 1 if checks and stale else 0


if __name__ == "__main__":
    sys.exit(main())
