"""Sizes that the program takes: what is proposed is read as a stack's settings are, before it is shown."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from telemetry.capacity.fit import check
from telemetry.sizing.report import Report, report
from telemetry.stack import ConfigError, Stack, load_settings
from telemetry.stack import file as stack_file
from telemetry.stack.loading import parsed

_ROUNDS = 20


@dataclass(frozen=True)
class Proposal:
    """Sizes for a stack under its load."""

    report: Report
    """What is said of the stack as it is. What its roles need is counted with the sizes that are proposed."""
    stack: Stack
    """The stack with the sizes that are proposed."""

    @property
    def shortfalls(self) -> tuple[str, ...]:
        """What quota and nodes have too little of for these sizes, a line each; nothing where none are proposed."""
        return check(self.stack).refusals if self.report.settings else ()


def propose(config: Mapping[str, Any], name: str) -> Proposal:
    """Return the sizes for a stack's load, as far as its settings take them.

    What one role needs may depend on the size of another: a proposal is asked for again with what was proposed, until
    it stays as it is.

    Args:
        config: what the stack's file has below `config`.
        name: the stack's.

    Raises:
        ConfigError: the settings cannot be used as they are.
    """
    given = sized = load_settings(stack_file.as_given(config), name)
    refused, tried = dict[str, tuple[str, ...]](), dict[tuple[str, ...], str | int]()
    for _ in range(_ROUNDS):
        found = _without(report(given, sized), refused)
        if found.most == tried:
            return Proposal(found, load_settings(stack_file.as_given(_changed(config, found.settings)), name))
        try:
            sized = load_settings(stack_file.as_given(_changed(config, found.most)), name)
            tried = found.most
        except ConfigError as error:
            refused |= _blamed(found, error.findings)
    raise ConfigError([f"{name}: no sizes were found that stay the same when they are set; size its roles by hand"])


def _without(found: Report, refused: Mapping[str, tuple[str, ...]]) -> Report:
    """Return a report without what was proposed for roles of which the settings do not take it, but why."""
    roles = {each.key: each for each in found.roles}
    roles |= {key: replace(roles[key], changes={}, refusals=lines) for key, lines in refused.items()}
    return replace(found, roles=tuple(roles.values()))


def _blamed(found: Report, findings: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return findings by the role whose sizes they are of, or by every role of the section, or of the stack."""
    changing = [each.key for each in found.roles if each.most]
    blamed = dict[str, tuple[str, ...]]()
    for finding in findings:
        path = finding.partition(": ")[0]
        of_role = [key for key in changing if f"{path}.".startswith(f"{key}.")]
        of_section = [key for key in changing if key.split(".")[0] == path.split(".")[0]]
        for key in of_role or of_section or changing:
            blamed[key] = (*blamed.get(key, ()), f"refused: {finding}")
    return blamed


def _changed(config: Mapping[str, Any], values: Mapping[tuple[str, ...], str | int]) -> dict[str, Any]:
    """Return config with other values; what stands there as JSON is read."""
    sections = {way[0] for way in values}
    made = {
        key: parsed(key, each) if isinstance(each, str) and key in sections else deepcopy(each)
        for key, each in config.items()
    }
    for (*way, last), value in values.items():
        place: dict[str, Any] = made
        for key in way:
            place = place.setdefault(key, {})
        place[last] = value
    return made
