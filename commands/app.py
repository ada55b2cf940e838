"""The commands. Each ends with 0 if all is well and 1 if it failed; what else it may end with, its --help says."""

import typer

from commands import (
    adopt_command,
    bundle_command,
    capacity_command,
    checklist_command,
    collector_command,
    comment_command,
    compare_command,
    credentials_command,
    drift_command,
    explain_command,
    export_state_command,
    identities_command,
    masked_command,
    policies_command,
    repair_command,
    report_command,
    rules_command,
    smoke_command,
    validate_command,
    values_command,
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)

for command in (
    capacity_command.capacity,
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
    bundle_command.bundle,
    bundle_command.bundle_lock,
    bundle_command.verify_bundle,
):
    app.command()(command)
