"""What each tenant may use, as the backends' runtime overrides, which they read again while they run.

Without tenants, what all may use together, as the backends' own limits.
"""

from telemetry.backends.tempo.values_common import processors
from telemetry.config.quantities import duration_text
from telemetry.spec.values.common import Values
from telemetry.stack import Stack
from telemetry.stack.tenants import BackendLimits

_TAG_VALUES_BYTES = 5_000_000
"""Tempo's own limit of an answer to a tag-values query: a tenant's overrides take nothing over from the defaults."""
_SEARCH_DURATION = 168 * 3_600
"""Seconds; Tempo's own longest range of a search."""
_MIB = 2**20
"""Bytes of what Loki and Pyroscope call a MB."""


def mimir_overrides(stack: Stack) -> Values:
    """Return Mimir's `overrides`, tenant by tenant; what is not stated stays as Mimir's `limits` have it."""
    return {
        tenant.id: _with(_in_mimir(tenant.limits), "compactor_blocks_retention_period", tenant.retention.metrics)
        for tenant in stack.tenants
    }


def mimir_limits(stack: Stack) -> Values:
    """Return what Mimir grants where there are no tenants; nothing where that is left to it."""
    return {} if stack.limits is None else _in_mimir(stack.limits)


def tempo_overrides(stack: Stack, *, generates: bool) -> Values:
    """Return Tempo's `overrides`, tenant by tenant; `generates` where there is a metrics-generator.

    Every value is stated: in Tempo a tenant with overrides of its own has none of the defaults left.
    """
    made, retention = processors(stack) if generates else {}, stack.traces.retention
    return {
        tenant.id: {
            **_in_tempo(tenant.limits),
            "compaction": {"block_retention": duration_text(tenant.retention.traces or retention)},
            **made,
        }
        for tenant in stack.tenants
    }


def tempo_limits(stack: Stack) -> Values:
    """Return what Tempo grants where there are no tenants, for its defaults; nothing where that is left to it."""
    return {} if stack.limits is None else _in_tempo(stack.limits)


def loki_overrides(stack: Stack) -> Values:
    """Return Loki's `overrides`, tenant by tenant; what is not stated stays as its `limits_config` has it."""
    return {
        tenant.id: _with(_in_loki(tenant.limits), "retention_period", tenant.retention.logs) for tenant in stack.tenants
    }


def loki_limits(stack: Stack) -> Values:
    """Return what Loki grants where there are no tenants; nothing where that is left to it."""
    return {} if stack.limits is None else _in_loki(stack.limits)


def pyroscope_overrides(stack: Stack) -> Values:
    """Return Pyroscope's `overrides`, tenant by tenant; what is not stated stays as its `limits` have it."""
    return {
        tenant.id: _with(_in_pyroscope(tenant.limits), "retention_period", tenant.retention.profiles)
        for tenant in stack.tenants
    }


def pyroscope_limits(stack: Stack) -> Values:
    """Return what Pyroscope grants where there are no tenants; nothing where that is left to it."""
    return {} if stack.limits is None else _in_pyroscope(stack.limits)


def _in_mimir(granted: BackendLimits) -> Values:
    limits = granted.metrics
    chosen: Values = {
        "ingestion_rate": limits.ingestion_rate,
        "ingestion_burst_size": limits.burst,
        "max_global_series_per_user": limits.max_series,
        "max_total_query_length": _text(limits.max_query_length),
        "max_query_parallelism": limits.max_query_parallelism,
    }
    return {key: value for key, value in chosen.items() if value is not None}


def _in_tempo(granted: BackendLimits) -> Values:
    limits = granted.traces
    return {
        "ingestion": {
            "rate_limit_bytes": limits.ingestion_rate,
            "burst_size_bytes": limits.burst,
            # Of the whole ring; `max_traces_per_user` would count each ingester by itself.
            "max_global_traces_per_user": limits.max_traces,
        },
        "global": {"max_bytes_per_trace": limits.max_trace_size},
        "read": {
            "max_bytes_per_tag_values_query": _TAG_VALUES_BYTES,
            "max_search_duration": duration_text(limits.max_search_duration or _SEARCH_DURATION),
        },
    }


def _in_loki(granted: BackendLimits) -> Values:
    limits = granted.logs
    chosen: Values = {
        "ingestion_rate_mb": limits.ingestion_rate / _MIB,
        "ingestion_burst_size_mb": limits.burst / _MIB,
        "max_global_streams_per_user": limits.max_streams,
        "max_query_length": _text(limits.max_query_length),
    }
    return {key: value for key, value in chosen.items() if value is not None}


def _in_pyroscope(granted: BackendLimits) -> Values:
    limits = granted.profiles
    return {
        "ingestion_rate_mb": limits.ingestion_rate / _MIB,
        "ingestion_burst_size_mb": limits.burst / _MIB,
    }


def _with(limits: Values, key: str, seconds: int | None) -> Values:
    return limits if seconds is None else {**limits, key: duration_text(seconds)}


def _text(seconds: int | None) -> str | None:
    return None if seconds is None else duration_text(seconds)
