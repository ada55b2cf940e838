"""The commands that try the program out: how fast it is, and what goes wrong where parts fail."""

import json
import secrets
from typing import Annotated

import typer

from sandbox.session import Sandbox, console, opened, told
from sandbox.toolchain import Toolchain


def bench(
    cold: Annotated[bool, typer.Option(help="Also time `make up` in a fresh clone, cold and warm.")] = True,
    tenants: Annotated[bool, typer.Option(help="Also measure stacks of up to 1,000 tenants.")] = True,
) -> None:
    """Measure the speed goals on the dev stack, print the ratios and write docs/performance.md."""
    from sandbox import bench as benchmark
    from sandbox import tenant_scale

    with opened("dev") as sandbox:
        sandbox.engine.run("up", "dev", "--yes", "--skip-preview")
        lines = benchmark.measure(sandbox.engine, "dev", _program_config(sandbox))
    costs = tenant_scale.measure(console) if tenants else []
    benchmark.report(console, [*lines, *(benchmark.cold_and_warm(console) if cold else [])], costs)


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


def _program_config(sandbox: Sandbox) -> dict[str, str]:
    """Return the config of dev as the engine hands it to the program, with made-up secrets."""
    identity = {"access_key": "bench", "secret_key": "bench"}
    credentials = {**dict.fromkeys(("provisioner", "traces", "metrics"), identity), "grafana": {"auth": "bench"}}
    config = sandbox.settings("dev") | {"telemetry:credentials": credentials}
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
    return {
        "PULUMI_CONFIG": json.dumps(texts),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(["telemetry:credentials"]),
    }
