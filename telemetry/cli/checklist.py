"""`python -m telemetry checklist`: the operational checklist of a deployed stack, with what can be seen ticked off."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from telemetry.cli.errors import error_boundary
from telemetry.cli.json_output import AsJson, JsonFile, for_people, give
from telemetry.cli.options import ConfigFile, StackName
from telemetry.cli.outputs import outputs_of
from telemetry.clients.cli_tools import Pulumi, ToolError
from telemetry.clients.kubernetes import ClusterError, connect
from telemetry.config.credentials import Credentials
from telemetry.known_secrets import redactor_of
from telemetry.stack import ConfigError, Stack
from telemetry.stack import decrypted as credentials_of_stack
from telemetry.stack import file as stack_file

if TYPE_CHECKING:
    from telemetry.operations.checklist.model import Given

_FRESH_SECONDS = 86_400


def checklist(
    stack: StackName,
    validation: Annotated[
        Path | None, typer.Option(help="What `validate --output` wrote of this stack within a day.", dir_okay=False)
    ] = None,
    connect_to: Annotated[
        list[str] | None,
        typer.Option(help="HOST:PORT=HOST:PORT: connect there in its place, as to a port that kubectl forwards."),
    ] = None,
    allow_manual: Annotated[
        bool, typer.Option("--allow-manual", help="What only a person can see is no failure.")
    ] = False,
    as_json: AsJson = False,
    output: JsonFile = None,
    config_file: ConfigFile = None,
) -> None:
    """Tick what can be seen of a deployed stack, and say of the rest how it is done by hand.

    It changes nothing and sends nothing. It looks at the stack's Secrets and rules in the cluster, at the platform's
    own metrics in Mimir, and at what `validate` saw. Ends with 0 if every item is done, with 1 if one is open, is left
    to be done by hand (--allow-manual makes that no failure), or it could not begin; with 2 if it was called wrongly.
    """
    # Imported here: OpenTelemetry and the cluster's client take a second to load, and --help has no use for them.
    from telemetry.cli.validate import places
    from telemetry.operations.checklist import items, report

    forwarded = places(connect_to)
    with error_boundary(ClusterError, ConfigError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        outputs = outputs_of(Pulumi(stack, config_file))
        credentials = credentials_of_stack.load(settings, config_file)
        tokens = credentials_of_stack.tokens(settings)
        hides = redactor_of(settings, credentials, tokens)
        given = _given(settings, outputs, credentials, tokens, forwarded, _seen(validation, stack))
        found = [replace(each, detail=hides.message(each.detail)) for each in items.ticked(given)]
        shows = for_people(console, as_json=as_json)
        shows.print(report.table(stack, found))
        shows.print(report.summary(found))
        give(report.as_json(stack, found), output, as_json=as_json)
    raise typer.Exit(report.exit_code(found, allow_manual=allow_manual))


def _given(
    settings: Stack,
    outputs: Mapping[str, Any],
    credentials: Credentials,
    tokens: Mapping[str, str],
    forwarded: Mapping[str, str],
    validation: Mapping[str, Any] | str,
) -> "Given":
    """Return what items are checked with. Raises ClusterError."""
    from telemetry.cli.validate import target_of
    from telemetry.clients.reach import Reach
    from telemetry.operations.checklist.model import Given

    api = connect(settings.kubernetes)
    target = target_of(settings, outputs, credentials, Reach(forwarded, api), {}, tokens=tokens)
    return Given(settings, credentials, api, target, validation, datetime.now(UTC).date())


def _seen(file: Path | None, stack: str) -> Mapping[str, Any] | str:
    """Return what validation saw, or why that is of no use."""
    if file is None:
        return "nothing was validated (--validation)"
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        of, _ = content["stack"], [(each["lane"], each["signal"], each["name"]) for each in content["checks"]]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError([f"--validation: {file} is not what `validate --output` writes ({error})"]) from None
    if of != stack:
        raise ConfigError([f"--validation: {file} is of {of}, not of {stack}"])
    if (age := time.time() - file.stat().st_mtime) > _FRESH_SECONDS:
        return f"the validation is {age / 3600:.0f} hours old"
    found: dict[str, Any] = content
    return found
