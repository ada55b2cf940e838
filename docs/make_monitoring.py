"""Writes the counts of docs/monitoring.md, from the rules and dashboards of the stack files."""

import sys
from collections import Counter
from pathlib import Path

from docs.page import write
from telemetry.config.markdown import table
from telemetry.grafana.dashboards.dashboards import dashboards_of
from telemetry.monitoring.rules import families_of
from telemetry.spec.alerts import Alert
from telemetry.stack import Stack
from telemetry.stack.file import load

PAGE = Path(__file__).with_name("monitoring.md")
_BEGIN, _END = "<!-- made by docs.make_monitoring -->\n", "<!-- end -->\n"
_STACKS = ("dev", "test", "prod")


def counts() -> str:
    """Return the table: how many alerts each family has in each stack, and what else there is."""
    stacks = [load(name) for name in _STACKS]
    alerts = [_alerts(stack) for stack in stacks]
    families = dict.fromkeys(name for found in alerts for name in found)
    rows = [(f"`{name}`", *(str(found[name] or "-") for found in alerts)) for name in families]
    return table(
        ("alerts by family", *_STACKS),
        [
            *rows,
            ("**alerts**", *(f"**{found.total()}**" for found in alerts)),
            ("recorded rules", *(str(_recorded(stack)) for stack in stacks)),
            ("dashboards", *(str(len(list(dashboards_of(stack)))) if stack.dashboards else "-" for stack in stacks)),
        ],
        numbers=True,
    )


def _alerts(stack: Stack) -> Counter[str]:
    found = {family.name: sum(isinstance(rule, Alert) for rule in family.rules) for family in families_of(stack)}
    return Counter({name: count for name, count in found.items() if count})


def _recorded(stack: Stack) -> int:
    return sum(not isinstance(rule, Alert) for family in families_of(stack) for rule in family.rules)


def document() -> str:
    """Return the whole page with the table of today."""
    before, begin, rest = PAGE.read_text().partition(_BEGIN)
    _, end, after = rest.partition(_END)
    return f"{before}{begin}\n{counts()}\n\n{end}{after}"


def main() -> int:
    """Write the page, or with `--check` say whether it is up to date (exit code 1 if not)."""
    return write("docs.make_monitoring", __doc__, PAGE, document)


if __name__ == "__main__":
    sys.exit(main())
