"""Holds the rules against a world."""

from collections.abc import Iterable, Sequence

from telemetry.policies.model import Rule, Violation, World
from telemetry.policies.rules import RULES


def violations(world: World, rules: Iterable[Rule] = RULES) -> tuple[Violation, ...]:
    """Return every violation, mandatory ones first, in the order of the rules."""
    found = [
        Violation(
            rule.name,
            rule.severity,
            breach.object,
            breach.path,
            breach.found,
            breach.allowed or rule.allowed,
            rule.mend,
        )
        for rule in rules
        for breach in rule.check(world)
    ]
    return tuple(sorted(found, key=lambda each: each.severity != "mandatory"))


def mandatory(found: Iterable[Violation]) -> list[Violation]:
    """Return those that stop a preview."""
    return [each for each in found if each.severity == "mandatory"]


def refusal(found: Sequence[Violation]) -> str:
    """Return the message about mandatory violations: what, where, and how to mend it, a line each."""
    rules = len({each.rule for each in found})
    head = f"{rules} {'policy is' if rules == 1 else 'policies are'} not kept (docs/policies.md); nothing was changed:"
    return "\n".join([head, *map(str, found)])
