"""YAML that people write, read as JSON has it: each key once, and dates as the text that stands there."""

from typing import Any

import yaml


class _KeyTwice(Exception):  # noqa: N818 - never leaves this file
    pass


class _Loader(yaml.SafeLoader):
    """A loader that makes nothing but mappings, lists, text, numbers, booleans and null."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a mapping, of which YAML 1.2 wants every key to be there once; PyYAML takes the last one."""
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and (key.tag, key.value) in seen:
                raise _KeyTwice(f"line {key.start_mark.line + 1}: {key.value} is given twice")
            seen.add((key.tag, str(key.value)))
        return super().construct_mapping(node, deep=deep)


_JSON = ("null", "bool", "int", "float", "str", "seq", "map")
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_Loader.yaml_constructors = {
    tag: make
    for tag, make in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in _JSON
}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag != _TIMESTAMP]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str) -> Any:
    """Return what a file holds.

    Raises:
        ValueError: it is no YAML, or a key is in it twice; the line and what is wrong, without how to mend it.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else loader.construct_object(node, deep=True)  # so an alias is not within itself
    except _KeyTwice as error:
        raise ValueError(str(error)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise ValueError(f"is no YAML (line {mark.line + 1}: {error.problem})" if mark else "is no YAML") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError("is no YAML") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
