"""Cases for the burn-rate alerts: both windows must be over the rate, for each of the four pairs."""

from collections.abc import Callable

from tests.sandbox.alerts.case import Case, fires, of, silent

_HOUR, _DAY = 60, 1_440
_SERIES = "per_user_series_limit"


def _requests(metric: str, route: str, le: str | None) -> Callable[[str], dict[str, str]]:
    """Return what makes a thousand requests a minute, some of which go wrong as told."""

    def made(bad: str) -> dict[str, str]:
        minutes = "0+1000x5000"
        ok, failed = ({"route": route, "status_code": code} for code in ("200", "500"))
        bucket = {of(f"{metric}_bucket", le=le, **ok): minutes} if le else {}
        return {of(f"{metric}_count", **ok): minutes, of(f"{metric}_count", **failed): bad, **bucket}

    return made


def _spans(bad: str) -> dict[str, str]:
    return {of("tempo_receiver_accepted_spans"): "0+1000x5000", of("tempo_receiver_refused_spans"): bad}


_CORTEX, _TEMPO = "cortex_request_duration_seconds", "tempo_request_duration_seconds"
_LOKI, _PYROSCOPE = "loki_request_duration_seconds", "pyroscope_request_duration_seconds"
_SLOS: dict[str, tuple[Callable[[str], dict[str, str]], float]] = {
    "MetricsIngest": (_requests(_CORTEX, "api_v1_push", "1"), 0.001),
    "MetricsQuery": (_requests(_CORTEX, "prometheus_api_v1_query_range", "2.5"), 0.01),
    "TracesIngest": (_spans, 0.001),
    "TracesQuery": (_requests(_TEMPO, "api_v2_traces_traceid", "5.0"), 0.01),
    "LogsIngest": (_requests(_LOKI, "loki_api_v1_push", "1"), 0.001),
    "LogsQuery": (_requests(_LOKI, "loki_api_v1_query_range", "5"), 0.01),
    "ProfilesIngest": (_requests(_PYROSCOPE, "push_v1_pusherservice_push", "1"), 0.001),
    "ProfilesQuery": (_requests(_PYROSCOPE, "querier_v1_querierservice_selectmergeprofile", "10"), 0.01),
}
"""What makes the requests of each objective, and its error budget."""


def _minutes(*phases: tuple[float, int]) -> str:
    """Return a counter that grows by so many a minute, for so many minutes, phase by phase."""
    parts, value = [], 0.0
    for growth, minutes in phases:
        parts.append(f"{value:g}+{growth:g}x{minutes - 1}")
        value += growth * minutes
    return " ".join(parts)


def _of(title: str) -> list[Case]:
    made, budget = _SLOS[title]
    fast, slow = f"{title}BurnsFast", f"{title}BurnsSlow"
    each = 1000 * budget / (1 - budget)
    """Failures per minute that are just the budget: a burn rate of 1."""
    return [
        fires(fast, "16 times the budget, for two hours", made(_minutes((0, _HOUR), (16 * each, 2 * _HOUR))), at="3h"),
        fires(fast, "7 times, for seven hours", made(_minutes((7 * each, 8 * _HOUR))), at="7h"),
        silent(fast, "16 times, but it is over", made(_minutes((16 * each, 2 * _HOUR), (0, _HOUR))), at="2h30m"),
        silent(fast, "30 times, for five minutes", made(_minutes((0, 3 * _HOUR), (30 * each, 5))), at="3h5m"),
        silent(fast, "all is well", made("0x200"), at="3h"),
        fires(slow, "4 times, for a day", made(_minutes((4 * each, _DAY + _HOUR))), at="24h"),
        fires(slow, "1.5 times, for three days", made(_minutes((1.5 * each, 3 * _DAY + _HOUR))), at="72h"),
        silent(
            slow, "4 times for half a day, but it is over", made(_minutes((4 * each, _DAY // 2), (0, _DAY))), at="24h"
        ),
        silent(slow, "half the budget, for a day", made(_minutes((each / 2, _DAY + _HOUR))), at="24h"),
    ]


def _slow_answers(title: str, metric: str, route: str, le: str) -> list[Case]:
    """Return cases in which every answer is right, and too late or just in time."""
    count = of(f"{metric}_count", route=route, status_code="200")
    bucket = of(f"{metric}_bucket", route=route, status_code="200", le=le)
    alert = f"{title}BurnsFast"
    return [
        fires(alert, "half of the answers are late", {count: "0+1000x200", bucket: "0+500x200"}, at="2h"),
        silent(alert, "all are in time", {count: "0+1000x200", bucket: "0+1000x200"}, at="2h"),
    ]


def _tenant(lost: str, reason: str = "rate_limited", tenant: str = "platform") -> dict[str, str]:
    """Return a tenant that sends a thousand samples a minute, of which some are lost."""
    return {
        of("cortex_distributor_samples_in_total", user=tenant): "0+1000x5000",
        of("cortex_discarded_samples_total", user=tenant, reason=reason, pod="a"): lost,
    }


def _tenant_queries(failed: int) -> dict[str, str]:
    """Return a tenant whose queries of traces are answered, but for some."""
    labels = {"tenant": "platform", "op": "search", "result": "completed"}
    return {
        of("tempo_query_frontend_queries_total", **labels): "0+1000x5000",
        of("tempo_query_frontend_queries_within_slo_total", **labels): f"0+{1000 - failed}x5000",
    }


_OF_TENANT = "TenantBudgetBurnsSlow"
_TENANTS: tuple[Case, ...] = (
    fires(_OF_TENANT, "4 times, for a day", _tenant("0+4x1500"), 'tenant="platform", slo="metrics-ingest"', at="24h"),
    fires(_OF_TENANT, "1.5 times, for three days", _tenant("0+1.5x4400"), at="72h"),
    silent(_OF_TENANT, "half the budget, for a day", _tenant("0+0.5x1500"), at="24h"),
    silent(_OF_TENANT, "2.5 times, each sample counted by three ingesters", _tenant("0+2.5x1500", _SERIES), at="24h"),
    fires(_OF_TENANT, "4.5 times, each counted by three", _tenant("0+13.5x1500", _SERIES), at="24h"),
    silent(_OF_TENANT, "somebody who is no tenant of the settings", _tenant("0+4x1500", tenant="other"), at="24h"),
    fires(
        _OF_TENANT,
        "all spans are over the rate, so none was received",
        {of("tempo_discarded_spans_total", tenant="platform", reason="rate_limited"): "0+5x1500"},
        'slo="traces-ingest"',
        at="24h",
    ),
    fires(_OF_TENANT, "4 in a hundred queries fail", _tenant_queries(40), 'slo="traces-query"', at="24h"),
    silent(_OF_TENANT, "one in a thousand queries fails", _tenant_queries(1), at="24h"),
    fires(
        _OF_TENANT,
        "one in a hundred lines is dropped",
        {
            of("loki_distributor_lines_received_total", tenant="platform"): "0+1000x1500",
            of("loki_discarded_samples_total", tenant="platform", reason="line_too_long"): "0+10x1500",
        },
        'slo="logs-ingest"',
        at="24h",
    ),
)

CASES: tuple[Case, ...] = (
    *_TENANTS,
    *(case for title in _SLOS for case in _of(title)),
    *_slow_answers("MetricsIngest", _CORTEX, "otlp_v1_metrics", "1.0"),
    *_slow_answers("MetricsQuery", _CORTEX, "prometheus_api_v1_query", "2.5"),
    *_slow_answers("TracesQuery", _TEMPO, "api_search", "5"),
    *_slow_answers("LogsIngest", _LOKI, "otlp_v1_logs", "1.0"),
    *_slow_answers("LogsQuery", _LOKI, "loki_api_v1_labels", "5"),
    silent("LogsQueryBurnsFast", "what nobody asks for fails", _requests(_LOKI, "config", None)("0+900x200")),
    silent(
        "TracesIngestBurnsFast",
        "a tenant is over its rate, which is no failure of ours",
        {**_spans("0+500x200"), of("tempo_discarded_spans_total", reason="rate_limited", tenant="a"): "0+500x200"},
        at="2h",
    ),
)
