"""Prometheus rule files of the user's own, such as a compiled mixin, which are deployed beside the program's rules."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator

from telemetry.config import yaml_file
from telemetry.config.base import SettingError, Settings, did_you_mean
from telemetry.config.project_files import texts_of

Group = dict[str, Any]
"""A group of a rule file, as it stands there."""
_ENDINGS = (".yaml", ".yml")
_Span = Annotated[str, Field(pattern=r"^([0-9]+(ms|[smhdwy]))+$|^0$")]
"""A duration as Prometheus writes it, such as 1h30m."""
_STRING = re.compile(r"""("(\\.|[^"\\])*"|'(\\.|[^'\\])*'|`[^`]*`)""")
_PAIR = re.compile(r"\(\)|\[\]|\{\}")


class _Rule(Settings):
    """A rule as Prometheus and rulers take it (https://prometheus.io/docs/prometheus/latest/configuration/)."""

    record: Annotated[str, Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")] | None = None
    alert: Annotated[str, Field(min_length=1)] | None = None
    expr: str = Field(min_length=1)
    for_: _Span | None = Field(default=None, alias="for")
    keep_firing_for: _Span | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.record is None) == (self.alert is None):
            raise ValueError("needs one of record and alert, and not both")
        if self.record is not None and (self.for_ or self.keep_firing_for or self.annotations):
            raise ValueError("records, so it has no for, keep_firing_for and annotations")
        if not _is_closed(self.expr):
            raise ValueError("has an expr whose brackets or quotes do not close")
        return self


class _Group(Settings):
    """A group, with what only Mimir's ruler knows as well."""

    name: str = Field(min_length=1)
    interval: _Span | None = None
    query_offset: _Span | None = None
    evaluation_delay: _Span | None = None
    limit: int | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    source_tenants: list[str] = Field(default_factory=list)
    align_evaluation_time_on_interval: bool = False
    rules: list[_Rule]


class _File(Settings):
    groups: list[_Group]


class RulePack(Settings):
    """Rule files of one origin."""

    path: str = Field(
        min_length=1,
        description="A rule file, or a folder with such files (`*.yaml`, `*.yml`), from the project on. Prometheus' "
        "format: `groups:`, as mixins are compiled to.",
    )
    without: list[str] = Field(
        default_factory=list,
        description="Alerts and recorded series of them that are left out, by name: those that the program has too, or "
        "that are about what a stack does not have.",
    )

    @model_validator(mode="after")
    def _is_read(self) -> Self:
        try:
            names = {_name(rule) for _, group in self._every for rule in group["rules"]}
        except ValueError as error:
            raise SettingError("path", str(error)) from error
        for index, name in enumerate(self.without):
            if name not in names:
                raise SettingError(
                    f"without.{index}", f"is no rule of these files{did_you_mean(name, names)}; correct or remove it"
                )
        return self

    @property
    def groups(self) -> list[tuple[str, Group]]:
        """The files' paths, each with a group that has rules left."""
        return [(path, group) for path, whole in self._every if (group := self._kept(whole))["rules"]]

    @property
    def _every(self) -> Iterator[tuple[str, Group]]:
        for path, text in texts_of(self.path, *_ENDINGS).items():
            try:
                yield from ((path, group) for group in _groups(text))
            except ValueError as error:
                raise ValueError(f"{path}: {error}; correct the file") from error

    def _kept(self, group: Group) -> Group:
        rules = [{**rule, "expr": rule["expr"].strip()} for rule in group["rules"] if _name(rule) not in self.without]
        return {**group, "rules": rules}


@cache
def _groups(text: str) -> Sequence[Group]:
    """Return the groups of a rule file. Raises ValueError, with the place in the file and what is wrong."""
    content = yaml_file.read(text)
    try:
        _File.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place, reason = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        raise ValueError(f"{place or 'the file'}: {reason}") from error
    groups: Sequence[Group] = content["groups"]
    return groups


def _name(rule: Group) -> str:
    name: str = rule.get("alert") or rule["record"]
    return name


def _is_closed(expr: str) -> bool:
    """Whether all brackets and quotes of an expression close; all else is left to who evaluates it."""
    lines = (line.partition("#")[0] for line in _STRING.sub("", expr).splitlines())
    rest = re.sub(r"""[^][(){}"'`]""", "", "".join(lines))
    while rest != (shorter := _PAIR.sub("", rest)):
        rest = shorter
    return not rest
