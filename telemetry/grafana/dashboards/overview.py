"""The overview: service levels, alerts that fire, versions, and pods that are missing."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.config.monitoring import DAY
from telemetry.grafana.dashboards.service_levels import RECORDED, budget, failed
from telemetry.monitoring import certificates, slo
from telemetry.network.peers import workloads_of
from telemetry.spec.panel_queries import part
from telemetry.spec.panels import Dashboard, Panel, Query, Row, panel
from telemetry.spec.promql import Scope, one_of
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first


def dashboard(stack: Stack) -> Dashboard:
    """Return the overview."""
    here = Scope.namespace(stack.namespace.name)
    rows = [
        Row("Service levels", tuple(_levels(stack))),
        Row("Trouble", tuple(_trouble(stack, here))),
    ]
    if left := certificates.seconds_left(stack):
        rows.append(Row("Servers of others", (_certificates(stack, left),)))
    return Dashboard("overview", "Telemetry overview", "What is promised, what fires, and what runs.", tuple(rows))


def _levels(stack: Stack) -> Iterator[Panel]:
    promised = slo.every_indicator(stack)
    yield Panel(
        "Error budget left, 30 days",
        f"1: nothing failed; 0: as much failed as may; below 0 the promise is broken. {RECORDED}",
        "percentunit",
        tuple(Query(f"1 - {failed(each)} / {budget(each.objective)}", each.what) for each in promised),
        kind="stat",
        width=12,
        bad_below=0,
    )
    yield Panel(
        "Answered well, 30 days",
        f"The part of requests, or spans, that were answered without our error and in time. {RECORDED}",
        "percentunit",
        tuple(Query(f"1 - {failed(each)}", f"{each.what} ({each.objective.target:g} % promised)") for each in promised),
        kind="stat",
        width=12,
    )
    burns = panel(
        "Burn rate, one hour",
        "short",
        f"How fast the error budget goes: at 1 it lasts 30 days, at 14.4 two, which pages. {RECORDED}",
        *((f"{each.here(slo.ratio('1h'), slo=each.slo)} / {budget(each.objective)}", each.what) for each in promised),
    )
    yield replace(burns, bad_above=14.4)
    yield panel(
        "Answered badly",
        "percentunit",
        "The part of requests, or spans, of the last five minutes that failed by our fault or took too long.",
        *((part(f"({each.bad})", f"({each.total})"), each.what) for each in promised),
    )
    yield panel(
        "Traffic",
        "reqps",
        "Requests per second; for taking spans, spans per second.",
        *((each.total, each.what) for each in promised),
    )


def _trouble(stack: Stack, here: Scope) -> Iterator[Panel]:
    firing = here("ALERTS", alertstate="firing")
    yield panel(
        "Alerts that fire",
        "short",
        "Each has a runbook (docs/runbooks.md). Empty also where no rules are loaded.",
        (f"sum by (alertname, severity) ({firing})", "{{alertname}} ({{severity}})"),
    )
    yield panel(
        "Versions",
        "short",
        "Containers by version; more than one of a backend while it is rolled out.",
        *(
            (f"count by (version) ({here(backend.of.build_info)})", f"{backend.of.title} {{{{version}}}}")
            for backend in metrics_first(stack.backends)
            if backend.of.build_info is not None
        ),
    )
    if "kube-state-metrics" in stack.monitoring.exporters:
        names = [pods.name for pods in workloads_of(stack)]
        missing = panel(
            "Pods missing",
            "short",
            "How many pods a workload has less than it should; some during an update, none otherwise.",
            (_missing(here, "deployment", "spec_replicas", "status_replicas_available", names), "{{deployment}}"),
            (_missing(here, "statefulset", "replicas", "status_replicas_ready", names), "{{statefulset}}"),
        )
        yield replace(missing, bad_above=1)


def _certificates(stack: Stack, left: list[str]) -> Panel:
    about = "How long those of the object store and of Grafana are valid, as cert-manager has it or a probe sees it."
    until = panel("Certificates", "s", about, (" or ".join(left), "{{server}}"))
    return replace(until, kind="stat", width=24, bad_below=stack.monitoring.certificate_days * DAY)


def _missing(here: Scope, kind: str, expected: str, present: str, names: list[str]) -> str:
    whole, there = (
        f"max by ({kind}) ({here(f'kube_{kind}_{metric}', one_of(kind, names))})" for metric in (expected, present)
    )
    return f"{whole} - {there}"
