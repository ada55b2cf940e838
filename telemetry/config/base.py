"""What every settings model has in common."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _check_line(value: str) -> str:
    if value != value.strip() or not value.isprintable():
        raise ValueError("has spaces around it, or a line end or another control character in it; remove them")
    return value


Line = Annotated[str, Field(min_length=1), AfterValidator(_check_line)]
"""Text on one line, without spaces around it and without control characters."""


def did_you_mean(given: str, names: Iterable[str]) -> str:
    """Return ` (did you mean …?)` where a known name is near, and nothing otherwise."""
    near = get_close_matches(given, names, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


class SettingError(ValueError):
    """What a validator that sees several keys raises: names the one to correct, relative to what it validates.

    `hidden`: the value may be a secret, and no message repeats it.
    """

    def __init__(self, key: str, reason: str, *, hidden: bool = False) -> None:
        self.key = key
        self.hidden = hidden
        super().__init__(reason)


@contextmanager
def below(key: str) -> Iterator[None]:
    """Put a key in front of that of a SettingError: what is checked stands below it."""
    try:
        yield
    except SettingError as error:
        raise SettingError(f"{key}.{error.key}", str(error), hidden=error.hidden) from error


class Settings(BaseModel):
    """A frozen group of settings that refuses keys it does not know and values of the wrong type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    @model_validator(mode="after")
    def _lists_have_each_item_once(self) -> Self:
        for name, value in self.__dict__.items():
            if isinstance(value, list):
                _check_each_once(name, value)
        return self


def _check_each_once(name: str, items: list[Any]) -> None:
    """Refuse a text, a number or a mapping of texts that is in a list twice: some consumers do, and none needs it."""
    seen: dict[Any, int] = {}
    for index, item in enumerate(items):
        if isinstance(item, str | int | dict):
            first = seen.setdefault(tuple(sorted(item.items())) if isinstance(item, dict) else item, index)
            if first != index:
                raise SettingError(f"{name}.{index}", f"is in the list already, at {first}; remove one of the two")
