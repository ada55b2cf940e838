"""`python -m telemetry validate`: checks a deployed stack for every signal and every tenant."""

import re
from collections.abc import Mapping, Sequence
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
from telemetry.stack.collector import sender

if TYPE_CHECKING:
    from telemetry.clients.reach import Reach
    from telemetry.operations.validation.target import StackTarget
    from telemetry.spec.checks import Lane

_PLACE = re.compile(r".+:\d{1,5}")


def validate(
    stack: StackName,
    address: Annotated[
        list[str] | None,
        typer.Option(help="NAME=URL: ask there in place of what the outputs say, such as traces.query=http://…:3200."),
    ] = None,
    connect_to: Annotated[
        list[str] | None,
        typer.Option(help="HOST:PORT=HOST:PORT: connect there in its place, as to a port that kubectl forwards."),
    ] = None,
    tenant: Annotated[list[str] | None, typer.Option(help="Only these tenants; all otherwise.")] = None,
    skip: Annotated[list[str] | None, typer.Option(help="Leave out a signal, such as traces, or collector.")] = None,
    flush: Annotated[bool, typer.Option(help="Let Mimir's ingesters flush each tenant, to find a block.")] = True,
    api_server: Annotated[
        bool, typer.Option(help="Ask services that have no route from here through the API server.")
    ] = True,
    behind_gateway: Annotated[
        bool, typer.Option("--behind-gateway", help="Ask the backends behind the gateway: --address names those.")
    ] = False,
    allow_skipped: Annotated[bool, typer.Option("--allow-skipped", help="A skipped check is no failure.")] = False,
    bound: Annotated[float, typer.Option(min=1, help="Seconds for one check.")] = 60,
    overall: Annotated[float, typer.Option(min=1, help="Seconds for all.")] = 600,
    at_once: Annotated[int, typer.Option(min=1, max=32, help="Tenants that are validated at a time.")] = 4,
    as_json: AsJson = False,
    output: JsonFile = None,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit's XML to a file.", dir_okay=False)] = None,
    config_file: ConfigFile = None,
) -> None:
    """Send samples and spans as each tenant would, find them, and hold limits, ring and datasources against the plan.

    What it sends is called telemetry_validation and goes as old data does: neither Mimir nor Tempo deletes single
    series or traces. Ends with 0 if every check passed, with 1 if one failed or it could not begin, with 2 if it was
    called wrongly, with 3 if none failed but some could not be done from here (--allow-skipped makes that 0).
    """
    # Imported here: OpenTelemetry and gRPC take a second to load, and the other commands do not need them.
    from telemetry.operations.validation import report
    from telemetry.operations.validation.runner import Bounds, run

    moved, forwarded = pairs(address, "--address"), places(connect_to)
    with error_boundary(ClusterError, ConfigError, ToolError, OSError) as console:
        settings = stack_file.load(stack, config_file)
        outputs = outputs_of(Pulumi(stack, config_file))
        reach = _reach(settings, forwarded, api_server=api_server)
        credentials = credentials_of_stack.load(settings, config_file)
        tokens = credentials_of_stack.tokens(settings)
        chosen: dict[str, Any] = {"only": tenant or (), "flush": flush, "behind": behind_gateway}
        target = target_of(settings, outputs, credentials, reach, moved, tokens=tokens, **chosen)
        lanes = _lanes(target, outputs, skip or ())
        shows = for_people(console, as_json=as_json)
        results = run(
            lanes,
            Bounds(bound, overall, at_once),
            lambda result: shows.print(report.line(result), soft_wrap=True),
            redactor_of(settings, credentials, tokens),
        )
        give(report.as_json(stack, results), output, as_json=as_json)
        if junit is not None:
            junit.write_text(report.as_junit(stack, results), encoding="utf-8")
        shows.print(report.summary(results), soft_wrap=True)
    raise typer.Exit(report.exit_code(results, allow_skipped=allow_skipped))


def _lanes(target: "StackTarget", outputs: Mapping[str, Any], skip: Sequence[str]) -> "list[Lane]":
    """Return what is checked, without what is to be left out. Raises typer.BadParameter."""
    from telemetry.clients.otlp import COLLECTOR
    from telemetry.operations.validation import plan

    _refuse_unknown("--skip", skip, [*(each.signal for each in target.stack.backends), COLLECTOR])
    datasources = {signal: each["uid"] for signal, each in outputs["datasources"].items()}
    return plan.without(plan.lanes(target, datasources), skip)


def target_of(
    stack: Stack,
    outputs: Mapping[str, Any],
    credentials: Credentials,
    reach: "Reach",
    moved: Mapping[str, str],
    *,
    tokens: Mapping[str, str] | None = None,
    only: Sequence[str] = (),
    flush: bool = True,
    behind: bool = False,
) -> "StackTarget":
    """Return what is validated: the stack as its outputs say, but for addresses that were moved.

    `tokens` are those that the program does not make, by tenant id.

    Raises:
        typer.BadParameter: an address or a tenant is not known.
    """
    from telemetry.clients.target import COLLECTOR_ADDRESS
    from telemetry.operations.validation import addresses
    from telemetry.operations.validation.target import StackTarget, tenants_of

    found = addresses.clients(outputs["endpoints"])
    # There is one gateway: where one of its addresses has no route, none has; unless somebody knows another way to it.
    behind = behind or not (moved or reach.is_direct(found["metrics.query"]))
    if behind and stack.gateway is not None:
        found = addresses.backends(stack)
    known_names = {**found, **addresses.admin(stack), **addresses.collector(stack)}
    _refuse_unknown("--address", moved, {*known_names, *((COLLECTOR_ADDRESS,) if stack.collector else ())})
    asked = {**known_names, **moved}
    uids = {each["id"]: _uids(each["datasources"] or {}) for each in outputs["tenants"]}
    tenants = tenants_of(stack, credentials.gateway_key, uids, tokens)
    _refuse_unknown("--tenant", only, [each.id for each in tenants if each.id])
    return StackTarget(
        stack=stack,
        addresses=asked,
        tenants=[each for each in tenants if not only or each.id in only],
        reach=reach,
        authority=outputs["certificate_authority"] or None,
        behind_gateway=behind and stack.gateway is not None,
        credentials=credentials,
        collects_as=_collects_as(stack) if COLLECTOR_ADDRESS in asked else (),
        flush=flush,
    )


def _collects_as(stack: Stack) -> tuple[str | None, ...]:
    """Return the tenant as whom the collector sends, None where there are no tenants."""
    who = None if stack.collector is None else sender(stack.collector, stack.tenants)
    return (who.id if who else None,)


def _uids(datasources: Mapping[str, Mapping[str, str] | None]) -> dict[str, str]:
    return {signal: each["uid"] for signal, each in datasources.items() if each}


def _reach(stack: Stack, places: Mapping[str, str], *, api_server: bool) -> "Reach":
    from telemetry.clients.reach import Reach

    return Reach(places, connect(stack.kubernetes) if api_server else None)


def pairs(given: Sequence[str] | None, option: str) -> dict[str, str]:
    """Return what options of the form NAME=VALUE say. Raises typer.BadParameter."""
    pairs = {name: value for name, _, value in (each.partition("=") for each in given or ())}
    if wrong := [name for name, value in pairs.items() if not name or not value]:
        raise typer.BadParameter(f"{option}: {wrong[0]!r} needs something on both sides of a =")
    return pairs


def places(connect_to: Sequence[str] | None) -> dict[str, str]:
    """Return where to connect to in place of what, each as `host:port`. Raises typer.BadParameter."""
    found = pairs(connect_to, "--connect-to")
    if wrong := [each for pair in found.items() for each in pair if not _PLACE.fullmatch(each)]:
        raise typer.BadParameter(f"--connect-to: {wrong[0]!r} is no HOST:PORT")
    return found


def _refuse_unknown(option: str, given: Sequence[str] | Mapping[str, str], known_names: Any) -> None:
    if unknown := sorted(set(given) - set(known_names)):
        raise typer.BadParameter(
            f"{option}: {unknown[0]} is not known; there are {', '.join(sorted(known_names)) or 'none'}"
        )
