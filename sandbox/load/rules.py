"""What Mimir's own rules would ask for a load that was carried here, to be held against what it used."""

from dataclasses import replace

from sandbox.load.figures import Step
from sandbox.load.plan import Plan
from telemetry.config.load import MetricsLoad
from telemetry.stack import file as stack_file

_STACK = "dev"


def cores(plan: Plan, step: Step) -> float:
    """Return the cores that all of its roles are to have by the rules of `make size`, for what a step took."""
    backend = stack_file.load(_STACK).backend("metrics")
    settings = backend.settings.model_copy(update={"replication_factor": plan.mimirs})  # type: ignore[attr-defined]
    load = MetricsLoad(
        samples_per_second=max(1, round(step.samples)),
        active_series=plan.batches * plan.samples,
        queries_per_second=max(plan.queries, 0.001),
    )
    sizing = backend.of.sizing
    assert sizing is not None  # noqa: S101 - Mimir has rules
    said = sizing(replace(backend.context, settings=settings), load, plan.tenants)
    return sum(need.cpu for need in said.needs) / 1_000
