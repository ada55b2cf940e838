"""Alloy's configuration syntax, as far as we write it: blocks of arguments and blocks, laid out as `alloy fmt` does.

Source: https://grafana.com/docs/alloy/latest/get-started/configuration-syntax/. The tests parse and format what is
written here with Alloy's own parser and printer.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field


class Expression(str):
    """Text that stands in the configuration as it is: a reference to another component, or a call."""

    __slots__ = ()


Value = Expression | str | bool | int | float | Sequence["Value"] | Mapping[str, "Value"]
"""What an argument is set to."""


@dataclass(frozen=True)
class Block:
    """A component such as `prometheus.scrape "platform"`, or a block within one."""

    name: str
    label: str = ""
    arguments: Mapping[str, Value] = field(default_factory=dict)
    blocks: tuple["Block", ...] = ()
    comment: str = ""
    """Says what it is for, in the line above it."""

    def refer(self, export: str) -> Expression:
        """Return a reference to something that the component exports."""
        return Expression(f"{self.name}.{self.label}.{export}")


def text(blocks: Iterable[Block]) -> str:
    """Return a whole configuration; the same blocks always make the same text."""
    return "\n\n".join("\n".join(_block(each, "")) for each in blocks) + "\n"


def _block(block: Block, indent: str) -> Iterator[str]:
    head = f'{block.name} "{block.label}"' if block.label else block.name
    if block.comment:
        yield f"{indent}// {block.comment}"
    if not block.arguments and not block.blocks:
        yield f"{indent}{head} {{ }}"
        return
    yield f"{indent}{head} {{"
    inner = f"{indent}\t"
    width = max(map(len, block.arguments), default=0)
    yield from (f"{inner}{name:<{width}} = {_value(value)}" for name, value in block.arguments.items())
    for number, each in enumerate(block.blocks):
        if number or block.arguments:
            yield ""
        yield from _block(each, inner)
    yield f"{indent}}}"


def _value(value: Value) -> str:
    match value:
        case Expression():
            return str(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return f"{value:g}"
        case Mapping():
            return "{" + ", ".join(f"{json.dumps(key)} = {_value(inner)}" for key, inner in value.items()) + "}"
        case _:
            return "[" + ", ".join(map(_value, value)) + "]"
