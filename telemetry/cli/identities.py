"""`python -m telemetry identities`: the S3 identities of a stack, in SeaweedFS' own format."""

import json
from pathlib import Path
from typing import Annotated

import typer

from telemetry.cli.errors import error_boundary
from telemetry.cli.options import ConfigFile, StackName
from telemetry.cli.private_files import write_new
from telemetry.clients.cli_tools import ToolError
from telemetry.clients.kubernetes import ClusterError
from telemetry.config.credentials import S3Identity
from telemetry.object_store.identities import (
    Identity,
    check_file_keys,
    configuration,
    identities_of,
    placeholder,
    shell_commands,
)
from telemetry.stack import ConfigError, Stack
from telemetry.stack import decrypted as credentials_of_stack
from telemetry.stack import file as stack_file
from telemetry.stack.existing_credentials import setting

_CREDENTIALS = "telemetry:credentials"


def identities(
    stack: StackName,
    shell: Annotated[bool, typer.Option("--shell", help="As commands for `weed shell` instead of s3.json.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="Write to a new file that only this user can read.", dir_okay=False)
    ] = None,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="With the keys, which the engine decrypts; only into --output.")
    ] = False,
    config_file: ConfigFile = None,
) -> None:
    """Print the identities that SeaweedFS is to know for a stack: one that makes its buckets, one per backend.

    Without --with-secrets the keys are ${VAR}. A key that is being changed comes with the one before. Ends with 0 if it
    was printed or written, with 1 if it could not be, with 2 if it was called wrongly (docs/object-store.md).
    """
    if with_secrets and output is None:
        raise typer.BadParameter("keys are not printed; name a file for them with --output")
    with error_boundary(ClusterError, ConfigError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        identities = identities_of(settings)
        find = _keys if with_secrets else _placeholders
        keys = find(identities, settings, config_file)
        try:
            if with_secrets and not shell:
                check_file_keys((each, keys[place]) for place, each in identities.items())
            text = rendered([(each, keys[place]) for place, each in identities.items()], shell=shell)
        except ValueError as error:
            raise ConfigError([str(error)]) from error
        if output is None:
            typer.echo(text, nl=False)
        else:
            write_new(output, text)
            console.print(f"wrote {output}", soft_wrap=True)


def rendered(keyed: list[tuple[Identity, S3Identity]], *, shell: bool) -> str:
    """Return the identities as `s3.json`, or as lines for `weed shell`."""
    if shell:
        return "".join(f"{line}\n" for line in shell_commands(keyed))
    return json.dumps(configuration(keyed), indent=2) + "\n"


def _keys(identities: dict[str, Identity], stack: Stack, config_file: Path | None) -> dict[str, S3Identity]:
    """Return the stack's S3 keys by their place in `telemetry:credentials` (errors: `credentials_of_stack.load`)."""
    found = credentials_of_stack.load(stack, config_file)
    keys = {place: getattr(found, place) for place in identities}
    if unknown := [place for place, key in keys.items() if key is None]:
        raise ConfigError(
            f"telemetry:{setting(place)}: the cluster does not show this key pair, so there is nothing to "
            "write; put it there, log in with the right to read it, or leave out --with-secrets"
            for place in unknown
        )
    return keys


def _placeholders(identities: dict[str, Identity], stack: Stack, config_file: Path | None) -> dict[str, S3Identity]:
    """Return `${VAR}` for keys, two pairs where the stack's file shows that there is a previous one.

    It does where each secret is set by its own path, as the README has it; of one encrypted whole nothing is seen.
    """
    given = stack_file.config(stack.environment, config_file).get(_CREDENTIALS)
    shown = given if isinstance(given, dict) else {}
    changing = {place for place, setting in shown.items() if isinstance(setting, dict) and "previous" in setting}
    return {place: placeholder(each, changing=place in changing) for place, each in identities.items()}
