"""Not a stand-in itself: property values as the stand-in plugins see them, plain Python plus secrets and unknowns.

The wire format (a protobuf Struct in which secrets are marked objects and unknowns a marked string) is Pulumi's:
sdk/proto/provider.proto and sdk/python/lib/pulumi/runtime/rpc.py.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Final

from google.protobuf import struct_pb2  # type: ignore[import-untyped]

Properties = dict[str, Any]

_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the marker's name, not a secret
_UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@dataclasses.dataclass(frozen=True, repr=False)
class Secret:
    """A value that the engine keeps as ciphertext. Its repr does not show it."""

    value: Any


class Unknown:
    """What a preview cannot know yet."""


UNKNOWN: Final = Unknown()


def decode(struct: struct_pb2.Struct) -> Properties:
    """The properties of a message."""
    return {key: _decode(value) for key, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if value.string_value == _UNKNOWN else value.string_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            fields = decode(value.struct_value)
            return Secret(fields.get("value")) if fields.get(_SIGNATURE) == _SECRET else fields
        case _:
            return None


def encode(properties: Properties) -> struct_pb2.Struct:
    """A message of the properties."""
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in properties.items()})


def _encode(value: Any) -> struct_pb2.Value:
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case Unknown():
            return struct_pb2.Value(string_value=_UNKNOWN)
        case Secret():
            return _encode({_SIGNATURE: _SECRET, "value": value.value})
        case dict():
            return struct_pb2.Value(struct_value=encode(value))
        case list() | tuple():
            items = [_encode(item) for item in value]
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=items))
    raise TypeError(f"a {type(value).__name__} is not a property value")


def reveal(value: Any) -> Any:
    """The value with every secret in it taken out of its wrapping."""
    return _walk(value, lambda leaf: reveal(leaf.value) if isinstance(leaf, Secret) else leaf)


def has_unknown(value: Any) -> bool:
    """Whether anything in the value is unknown."""
    if isinstance(value, dict):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return has_unknown(value.value) if isinstance(value, Secret) else isinstance(value, Unknown)


def conceal(value: Any, like: Any) -> Any:
    """`value`, secret wherever `like` is: what comes back from a server has lost the marks of what was sent to it."""
    if isinstance(like, Secret):
        return Secret(reveal(value))
    if isinstance(value, dict) and isinstance(like, dict):
        return {key: conceal(item, like.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(like, list):
        padding = [None] * (len(value) - len(like))
        return [conceal(item, mark) for item, mark in zip(value, like + padding, strict=False)]
    return value


def _walk(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _walk(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item, change) for item in value]
    return change(value)
