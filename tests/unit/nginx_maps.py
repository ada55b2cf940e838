"""What nginx makes of the maps of a configuration: enough of its language to decide, without nginx, who is let in.

The same rules as in ngx_http_map_module: literal keys first, without regard to case; then regular expressions in their
order; then the default. tests/sandbox asks the real nginx.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_WORD = re.compile(
    r'\s+|#[^\n]*|"(?P<quoted>(?:[^"\\]|\\.)*)"|\'(?P<single>[^\']*)\'|(?P<mark>[{};])|(?P<plain>[^\s{};]+)'
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}
_LONGEST_WORD = 4_095


class Map(NamedTuple):
    """A map: what it looks at, and what it makes of it."""

    source: str
    default: str
    literals: dict[str, str]
    patterns: list[tuple[str, str]]


def words(text: str) -> Iterator[str]:
    """Yield the words of a configuration as nginx reads them; `{`, `}` and `;` are words too."""
    position = 0
    while position < len(text):
        match = _WORD.match(text, position)
        assert match is not None, text[position : position + 40]
        position = match.end()
        if match["quoted"] is not None:
            word = _ESCAPE.sub(lambda each: _ESCAPES.get(each[1], each[0]), match["quoted"])
            assert len(word.encode()) <= _LONGEST_WORD
            yield word
        elif (word := match["single"] or match["mark"] or match["plain"]) is not None:
            yield word


def maps(text: str) -> dict[str, Map]:
    """Return the maps of a configuration by variable. Assertions are nginx's own refusals."""
    found: dict[str, Map] = {}
    rest = words(text)
    for word in rest:
        if word != "map":
            continue
        source, variable, brace = next(rest), next(rest), next(rest)
        if brace != "{":
            continue
        assert variable not in found, variable
        found[variable] = _map(source, rest)
    return found


def _map(source: str, rest: Iterator[str]) -> Map:
    result = Map(source, "", {}, [])
    for key in rest:
        if key == "}":
            break
        value = next(rest)
        assert next(rest) == ";"
        if key == "default":
            result = result._replace(default=value)
        elif key == "include":
            continue
        elif key.startswith("~"):
            result.patterns.append((_python(key[1:]), value))
        else:
            key = key.removeprefix("\\").lower()
            assert key not in result.literals, "conflicting parameter"
            result.literals[key] = value
    return result


def _python(pattern: str) -> str:
    """Return a PCRE pattern in Python's spelling."""
    named = re.sub(r"\(\?<(?=\w)", "(?P<", pattern)
    return re.sub(r"\\k<(\w+)>", r"(?P=\1)", named).replace(r"\z", r"\Z")


class Request:
    """A request: variables that nginx sets, and the maps that it asks for others."""

    def __init__(self, known: dict[str, Map], **variables: str) -> None:
        self._known = known
        self._values = variables

    def value(self, name: str) -> str:
        """Return what a variable is for this request; an unknown one is an error, as it is to nginx."""
        if name not in self._values:
            self._values[name] = self._of(self._known[f"${name}"])
        return self._values[name]

    def text(self, word: str) -> str:
        """Return a word with its variables replaced."""
        return re.sub(r"\$(\w+)", lambda each: self.value(each[1]), word)

    def _of(self, which: Map) -> str:
        source = self.text(which.source)
        if (literal := which.literals.get(source.lower())) is not None:
            return self.text(literal)
        for pattern, value in which.patterns:
            if (match := re.search(pattern, source)) is not None:
                self._values.update(match.groupdict(""))
                return self.text(value)
        return self.text(which.default)
