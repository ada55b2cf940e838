"""Changes single values in a stack's file, and leaves every other character as it is: comments, order, secrets.

PyYAML knows where in a text each value begins and ends, so that only these few characters are replaced.
"""

from collections.abc import Mapping

import yaml

from telemetry.stack.loading import ConfigError

_INDENT = 2


def changed(text: str, values: Mapping[tuple[str, ...], str | int]) -> str:
    """Return a file's text with other values.

    Args:
        text: the file's.
        values: by the keys on the way to each; mappings that are not there yet are made.

    Raises:
        ConfigError: a value stands where a mapping would have to, or in one that another place shares (an anchor).
    """
    for path, value in values.items():
        text = _with(text, path, str(value))
    return text


def _with(text: str, path: tuple[str, ...], value: str) -> str:
    node: yaml.Node = yaml.compose(text, yaml.SafeLoader) or yaml.ScalarNode("", "")
    for depth, key in enumerate(path):
        if not isinstance(node, yaml.MappingNode):
            raise ConfigError([f"{'.'.join(path[:depth])}: is no mapping, so {key} cannot be written below it"])
        found = next((below for name, below in node.value if name.value == key), None)
        if found is None:
            return _added(text, node, path[depth:], value)
        node = found
        if text[node.start_mark.index] == "&":  # an alias is the node that it stands for
            raise ConfigError(
                [f"{'.'.join(path[: depth + 1])}: is shared by an anchor; write {'.'.join(path)} by hand"]
            )
    return text[: node.start_mark.index] + value + text[node.end_mark.index :]


def _added(text: str, node: yaml.MappingNode, keys: tuple[str, ...], value: str) -> str:
    """Return the text with a key at the end of a mapping, in the mapping's own style."""
    if node.flow_style:
        inner = f"{keys[-1]}: {value}"
        for key in reversed(keys[:-1]):
            inner = f"{key}: {{ {inner} }}"
        if not node.value:
            at = node.start_mark.index + len("{")
            return f"{text[:at]} {inner} {text[at:].lstrip(' ')}"
        at = node.value[-1][1].end_mark.index  # and not before the bracket: a comment may stand there
        return f"{text[:at]}, {inner}{text[at:]}"
    first, last = node.value[0][0], _last(node.value[-1][1])
    end = last.end_mark.index
    if isinstance(last, yaml.ScalarNode) and last.style in ("|", ">"):
        end = len(text[:end].rstrip())  # such text ends, for PyYAML, where the next thing begins
    column, at = first.start_mark.column, _end_of_line(text, end)
    lines = (f"{' ' * (column + depth * _INDENT)}{key}:" for depth, key in enumerate(keys))
    return f"{text[:at]}\n{chr(10).join(lines)} {value}{text[at:]}"


def _last(node: yaml.Node) -> yaml.Node:
    """Return the last scalar or flow collection of a block: a block ends, for PyYAML, where the next thing begins."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        below = node.value[-1]
        node = below[1] if isinstance(below, tuple) else below
    return node


def _end_of_line(text: str, index: int) -> int:
    end = text.find("\n", index)
    return len(text) if end < 0 else end
