"""`policies`: checks a stack against the policies (docs/policies.md)."""

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from telemetry.cli.errors import error_boundary
from telemetry.cli.json_output import AsJson, JsonFile, for_people, give
from telemetry.cli.options import ConfigFile, StackName
from telemetry.clients.cli_tools import Pulumi, ToolError, helm_of
from telemetry.config.tables import table
from telemetry.operations.report import rendering
from telemetry.operations.report.model import Exit, Policies
from telemetry.operations.report.policies import judged
from telemetry.policies.rules import RULES
from telemetry.stack import ConfigError
from telemetry.stack import file as stack_file


def policies(
    stack: StackName,
    as_json: AsJson = False,
    output: JsonFile = None,
    config_file: ConfigFile = None,
) -> None:
    """Hold what `up` would leave behind against the policies: all resources, and all objects of all releases.

    Ends with 0 if every mandatory one is kept, 4 if one is not, 1 if there is an error. A preview that the program
    itself has stopped because of a policy is an error, which names every violation. Needs no cluster.
    """
    with error_boundary(ConfigError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        seen = rendering.preview(Pulumi(stack, config_file))
        helm = helm_of(settings.kubernetes, settings.namespace.name)
        found = judged(settings, seen, rendering.objects_of_releases(seen, helm))
        for_people(console, as_json=as_json).print(_shown(stack, found))
        give(found.model_dump_json(indent=2) + "\n", output, as_json=as_json)
    if not found.kept:
        raise typer.Exit(Exit.VIOLATION)


def _shown(stack: str, found: Policies) -> RenderableType:
    shown = table("Policy", "About", "Severity", "Violations", title=f"Policies of {stack}")
    for rule in RULES:
        count = sum(each.rule == rule.name for each in found.violations)
        style = "green" if not count else "bold red" if rule.severity == "mandatory" else "yellow"
        shown.add_row(rule.name, rule.about, rule.severity, Text(str(count), style=style))
    lines = [Text.assemble((each.rule, "bold"), f": {each.text}") for each in found.violations]
    return Group(shown, *lines)
