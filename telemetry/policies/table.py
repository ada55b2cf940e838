"""The rules as tables of Markdown."""

from collections.abc import Sequence

from telemetry.config.markdown import table
from telemetry.policies.model import About, Rule
from telemetry.policies.rules import RULES


def rules_table(about: About, rules: Sequence[Rule] = RULES) -> str:
    """Return the rules about one sort of things."""
    rows = ((f"`{rule.name}`", rule.severity, rule.allowed, rule.why) for rule in rules if rule.about == about)
    return table(("policy", "severity", "allowed", "why"), rows)
