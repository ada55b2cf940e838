"""Whether a stack keeps the policies (docs/policies.md)."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from commands import rendering, stack_file
from commands.arguments import ConfigFile, StackName
from commands.told import told
from commands.tools import Pulumi, ToolError, helm_of
from policies.rules import RULES
from report.model import Exit, Policies
from report.policies import judged
from settings import ConfigError


def policies(
    stack: StackName,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write them as JSON.", dir_okay=False)] = None,
    config_file: ConfigFile = None,
) -> None:
    """Hold what `up` would leave behind against the policies: all resources, and all objects of all releases.

    Ends with 0 if every mandatory one is kept, 4 if one is not, 1 if there is an error. A preview that the program
    itself has stopped because of a policy is an error, which names every violation. Needs no cluster.
    """
    with told(ConfigError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        seen = rendering.preview(Pulumi(stack, config_file))
        found = judged(settings, seen, rendering.objects_of_releases(seen, helm_of(settings)))
        console.print(_shown(stack, found))
        if json_file is not None:
            json_file.write_text(found.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if not found.kept:
        raise typer.Exit(Exit.VIOLATION)


def _shown(stack: str, found: Policies) -> RenderableType:
    table = Table("Policy", "About", "Severity", "Violations", title=f"Policies of {stack}", title_justify="left")
    for rule in RULES:
        count = sum(each.rule == rule.name for each in found.violations)
        style = "green" if not count else "bold red" if rule.severity == "mandatory" else "yellow"
        table.add_row(rule.name, rule.about, rule.severity, Text(str(count), style=style))
    lines = [Text.assemble((each.rule, "bold"), f": {each.text}") for each in found.violations]
    return Group(table, *lines)
