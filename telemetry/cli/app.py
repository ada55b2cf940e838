"""Commands for a stack. Each ends with 0 if all is well and 1 if it failed; other codes are in its --help."""

import io
import sys

import typer

from telemetry.cli import adopt as adopt_command
from telemetry.cli import alerting as alerting_command
from telemetry.cli import bundle as bundle_command
from telemetry.cli import capacity as capacity_command
from telemetry.cli import checklist as checklist_command
from telemetry.cli import collector as collector_command
from telemetry.cli import comment as comment_command
from telemetry.cli import compare as compare_command
from telemetry.cli import credentials as credentials_command
from telemetry.cli import drift as drift_command
from telemetry.cli import explain as explain_command
from telemetry.cli import export_state as export_state_command
from telemetry.cli import identities as identities_command
from telemetry.cli import images as images_command
from telemetry.cli import init as init_command
from telemetry.cli import masked as masked_command
from telemetry.cli import policies as policies_command
from telemetry.cli import repair as repair_command
from telemetry.cli import report as report_command
from telemetry.cli import rules as rules_command
from telemetry.cli import size as size_command
from telemetry.cli import smoke as smoke_command
from telemetry.cli import validate as validate_command
from telemetry.cli import values as values_command

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

for command in (
    init_command.init,
    capacity_command.capacity,
    size_command.size,
    compare_command.compare,
    report_command.report,
    policies_command.policies,
    values_command.values,
    collector_command.collector,
    drift_command.drift,
    explain_command.explain,
    repair_command.repair,
    adopt_command.adopt,
    export_state_command.export_state,
    export_state_command.restore_state,
    smoke_command.smoke,
    validate_command.validate,
    checklist_command.checklist,
    comment_command.comment,
    comment_command.issue,
    credentials_command.credentials,
    identities_command.identities,
    masked_command.masked,
    rules_command.rules,
    alerting_command.alerting,
    images_command.images,
    bundle_command.bundle,
    bundle_command.bundle_lock,
    bundle_command.verify_bundle,
):
    app.command()(command)


def main() -> None:
    """Run the command that was called; a character that the terminal's encoding lacks is shown as a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app(prog_name="python -m telemetry")
