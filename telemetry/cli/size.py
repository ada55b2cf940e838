"""`python -m telemetry size`: the sizes that a stack's load asks for, against those that it has."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from telemetry.cli.errors import error_boundary
from telemetry.cli.json_output import AsJson, JsonFile, for_people, give
from telemetry.cli.options import ConfigFile, StackName
from telemetry.config import yaml_file
from telemetry.config.load import Load
from telemetry.config.project import PROJECT
from telemetry.sizing import tables
from telemetry.sizing.judgement import State
from telemetry.sizing.proposal import Proposal, propose
from telemetry.stack import ConfigError, load_settings
from telemetry.stack import file as stack_file
from telemetry.stack.edit import changed

_SHORT, _BEYOND = 2, 3
_LOAD = "telemetry:load"


def size(
    stack: StackName,
    load: Annotated[
        Path | None, typer.Option(help="A YAML file with what telemetry:load is to say, in its place.", dir_okay=False)
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write the proposed sizes into the stack's file; its comments stay.")
    ] = False,
    markdown: Annotated[Path | None, typer.Option(help="Write all of it as Markdown.", dir_okay=False)] = None,
    as_json: AsJson = False,
    output: JsonFile = None,
    config_file: ConfigFile = None,
) -> None:
    """Propose replicas, requests and volumes of each role for the stack's load, and how its buckets grow.

    Ends with 0 if no role has too little for the load, or the sizes were written, 2 if one has too little, or limits or
    the object store would not take all of it, 3 if no sizes that the settings take would do for a role, 1 if there is
    an error, such as no load. Too much is said, and is no failure.
    """
    with error_boundary(ConfigError, OSError) as terminal:
        console = for_people(terminal, as_json=as_json)
        config = _under(stack_file.config(stack, config_file), load)
        proposal = propose(config, stack)
        found, given = proposal.report, proposal.stack.load
        if given is None:
            raise ConfigError([f"{_LOAD}: is not set, so there is nothing to size {stack} by (docs/sizing.md)"])
        for table in (tables.load(given), tables.roles(found), tables.buckets(found)):
            console.print(table.rich())
        if found.comparisons:
            console.print(tables.measured(found).rich())
        for line in (*tables.reasons(found), *tables.measured_lines(found), "", *tables.verdict_lines(found)):
            console.print(line, soft_wrap=True)
        for line in proposal.shortfalls:
            console.print(f"with these sizes: {line}", soft_wrap=True)
        if markdown is not None:
            markdown.write_text(tables.markdown(proposal, given), encoding="utf-8")
            console.print(f"wrote {markdown}", soft_wrap=True)
        give(json.dumps(tables.document(proposal), indent=2) + "\n", output, as_json=as_json)
        if write:
            _write(console, config_file or PROJECT / f"Pulumi.{stack}.yaml", proposal)
    if found.having(State.BEYOND):
        raise typer.Exit(_BEYOND)
    if found.limits or (found.having(State.SHORT) and not write):
        raise typer.Exit(_SHORT)


def _under(config: Mapping[str, Any], load: Path | None) -> Mapping[str, Any]:
    """Return config with the load of a file in place of its own (ConfigError)."""
    if load is None:
        return config
    try:
        given = yaml_file.read(load.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError([f"{load}: cannot be read ({error.strerror}); examples/load-prod.yaml is one"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{load}: is no text in UTF-8; correct the file"]) from error
    except ValueError as error:
        raise ConfigError([f"{load}: {error}; correct the file"]) from error
    if not isinstance(given, dict) or not given.keys() & Load.model_fields.keys():
        known = ", ".join(Load.model_fields)
        raise ConfigError([f"{load}: has no load; write one or more of {known}, without {_LOAD} above them"])
    return {**config, _LOAD: given}


def _write(console: Console, file: Path, proposal: Proposal) -> None:
    """Write the proposed sizes into a stack's file (ConfigError)."""
    values = {("config", *way): value for way, value in proposal.report.settings.items()}
    if not values:
        console.print("nothing to write")
        return
    text = changed(file.read_text(encoding="utf-8"), values)
    load_settings(stack_file.as_given(yaml_file.read(text)["config"]), proposal.stack.environment)
    file.write_text(text, encoding="utf-8")
    console.print(f"wrote {len(values)} sizes to {file}", soft_wrap=True)
