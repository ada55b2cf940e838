"""The rules as tables of Markdown."""

from collections.abc import Sequence

from telemetry.policies.model import About, Rule
from telemetry.policies.rules import RULES


def rules_table(about: About, rules: Sequence[Rule] = RULES) -> str:
    """Return the rules about one sort of things."""
    rows = [
        f"| `{rule.name}` | {rule.severity} | {_cell(rule.allowed)} | {_cell(rule.why)} |"
        for rule in rules
        if rule.about == about
    ]
    return "\n".join(["| policy | severity | allowed | why |", "| --- | --- | --- | --- |", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
