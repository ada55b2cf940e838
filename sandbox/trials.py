"""The commands that try the program out: how fast it is, and what goes wrong where parts fail."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.mimir_blocks import MINUTES
from sandbox.session import Sandbox, console, opened, told
from sandbox.toolchain import Toolchain
from telemetry.cli.json_output import AsJson, JsonFile, for_people, give

if TYPE_CHECKING:
    from sandbox.continuity.site import Site


def bench(
    cold: Annotated[bool, typer.Option(help="Also time `make up` in a fresh clone, cold and warm.")] = True,
    tenants: Annotated[bool, typer.Option(help="Also measure stacks of up to 1,000 tenants.")] = True,
    stacks: Annotated[bool, typer.Option(help="Also measure up to 10 stacks beside each other.")] = True,
) -> None:
    """Measure the speed goals on the dev stack, print the ratios and write docs/performance.md."""
    from sandbox import bench as benchmark
    from sandbox.scale import stacks as of_stacks
    from sandbox.scale import tenants as of_tenants

    with opened("dev") as sandbox:
        sandbox.engine.run("up", "dev", "--yes", "--skip-preview")
        lines = benchmark.measure(sandbox.engine, "dev", _program_config(sandbox))
    by_tenants = of_tenants.measure(console) if tenants else []
    by_stacks = of_stacks.measure(console) if stacks else []
    set_up = benchmark.cold_and_warm(console) if cold else []
    benchmark.report(console, lines, set_up, by_tenants, by_stacks)


def faults(
    only: Annotated[list[str] | None, typer.Option(help="Only faults whose names begin so; repeatable.")] = None,
    seed: Annotated[int | None, typer.Option(help="Draw the same moments as a run that printed this.")] = None,
    minutes: Annotated[float, typer.Option(help="Bound on the whole run; what is not tried by then has failed.")] = 45,
) -> None:
    """Inject every fault in worlds of their own, and write docs/reliability.md.

    Exit code 1 if anything was lost, did not come back, or was not tried for lack of time.
    """
    from sandbox.faults import page
    from sandbox.faults.catalogue import UnknownFaultError, catalogue, chosen
    from sandbox.faults.fault import Outcome
    from sandbox.faults.matrix import Matrix

    drawn = secrets.randbelow(1_000_000) if seed is None else seed
    with told(UnknownFaultError):
        selected = chosen(only or [])
        Toolchain(console=console).ensure()
        console.print(f"{sum(fault.tries for fault in selected)} tries, seed {drawn}", highlight=False)
        run, outcomes = page.Run.now(), {fault.name: Outcome(fault) for fault in selected}
        matrix = Matrix(
            drawn, minutes * 60, lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)
        )
        try:
            for outcome in matrix.run(selected):
                outcomes[outcome.fault.name] = outcome
                page.write([page.row(outcome, run)], catalogue())
        finally:
            page.show(console, list(outcomes.values()))
    if not all(outcome.passed for outcome in outcomes.values()):
        raise typer.Exit(1)


def continuity(
    stack: Annotated[str, typer.Argument(help="A stack that is deployed on real nodes.")] = "prod",
    only: Annotated[list[str] | None, typer.Option(help="Only events whose names begin so; repeatable.")] = None,
) -> None:
    """Write steadily to a stack on real nodes while it changes and is hurt, and write docs/reliability.md.

    Exit code 1 if anything that was acknowledged is not found, or was refused where it should not be.
    """
    from sandbox.continuity import page, run
    from sandbox.continuity.events import EVENTS
    from sandbox.faults.page import Run

    events, begun, outcomes = [e for e in EVENTS if not only or e.name.startswith(tuple(only))], Run.now(), []
    with _site(stack) as site:
        try:
            for outcome in run.run(site, events, lambda line: console.print(line, highlight=False, soft_wrap=True)):
                outcomes.append(outcome)
                page.write_events([outcome], begun)
        finally:
            page.show_events(console, outcomes)
    if not all(outcome.passed for outcome in outcomes):
        raise typer.Exit(1)


def soak(
    stack: Annotated[str, typer.Argument(help="A stack that is deployed on real nodes.")] = "prod",
    minutes: Annotated[float, typer.Option(min=1, max=24 * 60, help="No event begins later.")] = 30,
    seed: Annotated[
        int | None, typer.Option(help="The same events in the same order as a run that printed this.")
    ] = None,
    block_range: Annotated[
        int, typer.Option(min=1, max=MINUTES, help="Minutes that a block of metrics spans, in place of two hours.")
    ] = 2,
    page: Annotated[bool, typer.Option(help="Write docs/reliability.md, and the picture beside it.")] = True,
) -> None:
    """Write steadily to a stack on real nodes under faults at random, and see whether any role's memory grows.

    Exit code 1 if anything that was acknowledged is not found, was refused where it should not be, or memory grows.
    """
    from sandbox.faults.page import Run
    from sandbox.soak import page as results
    from sandbox.soak.run import Soak, run

    begun = Run.now()
    seen = Soak(stack, secrets.randbelow(1_000_000) if seed is None else seed, minutes * 60, block_range)
    console.print(f"{minutes:g} minutes, blocks of {block_range}, seed {seen.seed}", highlight=False)
    with _site(stack) as site:
        try:
            for outcome in run(site, seen, lambda line: console.print(line, highlight=False, soft_wrap=True)):
                console.print(results.line(outcome), highlight=False, soft_wrap=True)
        finally:
            results.show(console, seen)
    if page:
        results.write(seen, begun)
    if not seen.passed:
        raise typer.Exit(1)


def usage(stack: Annotated[str, typer.Argument(help="A stack that is deployed on real nodes.")] = "prod") -> None:
    """Measure what each role of a stack on real nodes uses, idle and written to, and write docs/capacity.md.

    Exit code 1 if a role asks for less memory than it uses when idle.
    """
    from sandbox.continuity import page
    from sandbox.continuity import usage as measuring
    from sandbox.faults.page import Run

    begun = Run.now()
    with _site(stack) as site:
        roles = measuring.measured(site)
    page.show_usage(console, roles)
    page.write_usage(stack, roles, begun)
    if any(role.is_too_little for role in roles):
        raise typer.Exit(1)


def load(
    rate: Annotated[int, typer.Option(min=1, help="Samples a second of the first step.")] = 10_000,
    factor: Annotated[float, typer.Option(min=1.05, help="How many times as much each step has.")] = 2.0,
    steps: Annotated[int, typer.Option(min=1, max=30, help="The most steps.")] = 12,
    seconds: Annotated[float, typer.Option(min=1, max=300, help="How long a step is.")] = 20,
    tenants: Annotated[int, typer.Option(min=1, max=100, help="Tenants that send.")] = 2,
    series: Annotated[int, typer.Option(min=1, help="Series of all tenants together.")] = 100_000,
    samples: Annotated[int, typer.Option(min=1, max=10_000, help="Samples in a request.")] = 1_000,
    queries: Annotated[float, typer.Option(min=0, help="Queries a second.")] = 1,
    protocol: Annotated[
        list[str] | None, typer.Option(help="remote-write or otlp; repeatable, both by default.")
    ] = None,
    backend: Annotated[str, typer.Option(help="What stores metrics: mimir or thanos.")] = "mimir",
    replicas: Annotated[
        int, typer.Option(min=1, max=5, help="Replicas that have every series: 1 as dev, 3 as prod.")
    ] = 1,
    requests: Annotated[int, typer.Option(min=0, help="Requests by which each way in is measured; 0: none.")] = 500,
    as_json: AsJson = False,
    output: JsonFile = None,
    page: Annotated[
        bool, typer.Option(help="Write docs/load.md with its picture, and the figures for make size.")
    ] = True,
) -> None:
    """Send more and more through a gateway to a real backend on this machine, until it is no longer carried.

    It takes steps times seconds at most, and a minute besides. Exit code 1 if not even the first step was carried.
    """
    from tempfile import TemporaryDirectory

    from sandbox.faults.page import Run
    from sandbox.load import beside, run
    from sandbox.load import page as results
    from sandbox.load.backends import BACKENDS, backend_of
    from sandbox.load.figures import knee
    from sandbox.load.plan import SHAPES, Plan, PlanError, protocols_of

    with told(PlanError, RuntimeError), TemporaryDirectory(prefix="telemetry-load-") as directory:
        chosen = backend_of(backend)
        if page and replicas not in SHAPES:
            raise PlanError(f"docs/load.md has no table of {replicas} replicas; add --no-page, or have 1 or 3")
        plan = Plan(
            rate=rate, factor=factor, steps=steps, seconds=seconds, tenants=tenants, series=series, samples=samples,
            queries=queries, protocols=protocols_of(protocol or ()), replicas=replicas,
        )  # fmt: skip
        shows = for_people(console, as_json=as_json)
        tools, begun = Toolchain(console=shows), Run.now()
        tools.ensure(["nginx", *chosen.tools])
        say = partial(shows.print, highlight=False)
        outcome = run.run(tools, chosen, plan, Path(directory), requests, say)
        results.show(shows, outcome)
        give(json.dumps(results.document(outcome), indent=2) + "\n", output, as_json=as_json)
        if page:
            results.record(outcome, begun)
            results.write(outcome, begun)
            beside.write(BACKENDS.values(), results.PAGE)
    if knee(outcome.steps) is None:
        raise typer.Exit(1)


@contextmanager
def _site(stack: str) -> Iterator["Site"]:
    """Yield a stack on real nodes."""
    from tenacity import RetryError

    from sandbox.continuity.site import Site

    with told(RetryError), opened(stack) as sandbox:
        if not sandbox.connections.real_nodes:
            console.print(f"[red]no pods run here; first: make up NODES=real STACK={stack}")
            raise typer.Exit(1)
        yield Site(stack, sandbox.engine, sandbox.world, sandbox.connections)


def _program_config(sandbox: Sandbox) -> dict[str, str]:
    """Return the config of dev as the engine hands it to the program, with made-up secrets."""
    identity = {"access_key": "bench", "secret_key": "bench"}
    credentials = {**dict.fromkeys(("provisioner", "traces", "metrics"), identity), "grafana": {"auth": "bench"}}
    config = sandbox.engine.settings("dev") | {"telemetry:credentials": credentials}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return {
        "PULUMI_CONFIG": json.dumps(texts),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(["telemetry:credentials"]),
    }
