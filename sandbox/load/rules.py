"""What a backend's own rules would ask for a load that was carried here, to be held against what it used."""

from dataclasses import replace

from sandbox.load.backend import Backend
from sandbox.load.figures import Step
from sandbox.load.plan import Plan
from telemetry.config.load import MetricsLoad


def cores(backend: Backend, plan: Plan, step: Step) -> float | None:
    """Return the cores that the roles which ran are to have by the rules of `make size`; None: no rule says it."""
    found = backend.stack(plan.replicas).backend("metrics")
    settings = found.settings.model_copy(update={"replication_factor": plan.replicas})  # type: ignore[attr-defined]
    load = MetricsLoad(
        samples_per_second=max(1, round(step.samples)),
        active_series=plan.batches * plan.samples,
        queries_per_second=max(plan.queries, 0.001),
    )
    sizing = found.of.sizing
    assert sizing is not None  # noqa: S101 - a backend of metrics has rules
    said = sizing(replace(found.context, settings=settings), load, plan.tenants)
    roles = backend.measurements.roles
    return sum(need.cpu for need in said.needs if roles is None or need.role in roles) / 1_000 or None
