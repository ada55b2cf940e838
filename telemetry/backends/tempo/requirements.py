"""What Tempo requires of the stack that it is in."""

from telemetry.backends.tempo.context import TempoContext
from telemetry.backends.tempo.limits import TracesLimits
from telemetry.backends.tempo.settings import Traces
from telemetry.config.base import SettingError
from telemetry.config.quantities import bytes_text
from telemetry.spec.tolerance import survives_no_loss


def check(context: TempoContext) -> None:
    """Refuse a promise that nothing measures, and that prod loses traces with a lost ingester."""
    if context.monitoring.objectives.traces_ingest.latency is not None:
        raise SettingError(
            "monitoring.objectives.traces_ingest.latency",
            "cannot be watched: Tempo's receivers have no histogram of durations; remove it",
        )
    traces = context.settings  # the single binary is a choice of its own
    distributed = context.environment == "prod" and traces.topology == "distributed"
    if distributed and not (traces.survives_a_lost_ingester or traces.accept_no_failure_tolerance):
        raise survives_no_loss("traces")


def check_limits(context: TempoContext, limits: TracesLimits, max_body: int | None) -> None:
    """Refuse what no message of the size that is set could carry."""
    traces = context.settings
    if limits.max_trace_size > traces.largest_trace:
        raise SettingError(
            "traces.max_trace_size",
            f"a trace above {bytes_text(traces.largest_trace)} cannot be read, since an answer is one message of at "
            f"most {_largest(traces)}; lower it, or raise that",
        )
    if max_body is not None and max_body > traces.max_message_size:
        raise SettingError("max_body", f"Tempo takes messages of at most {_largest(traces)}; lower it, or raise that")


def _largest(traces: Traces) -> str:
    return f"{bytes_text(traces.max_message_size)} (traces.max_message_size)"
