"""The gateway, which lets tenants in, and what each of them sends, asks and loses."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.gateway.addresses import SERVICE
from telemetry.monitoring.gateway import seconds_left
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, Variable, panel
from telemetry.spec.promql import Scope
from telemetry.stack import Stack

_MIMIR = 'user=~"$tenant"'
_TEMPO = _LOKI = 'tenant=~"$tenant"'
"""Matchers for the chosen tenants: the backends call them differently."""
_PODS = f'pod=~"{SERVICE}-[0-9a-z]+-[0-9a-z]+"'


def dashboard(stack: Stack) -> Dashboard | None:
    """Return the dashboard of gateway and tenants; None where there is neither."""
    if not stack.tenants:  # and a gateway has some
        return None
    here = Scope.namespace(stack.namespace.name)
    panels = tuple(_gateway(stack, here)) if stack.gateway else ()
    rows = [Row("Gateway", panels)] if panels else []
    rows += [Row("Metrics", tuple(_metrics(stack, here))), Row("Traces", tuple(_traces(here)))]
    rows += [Row("Logs", tuple(_logs(here)))] if stack.logs else []
    chosen = Variable("tenant", "Tenant", tuple(tenant.id for tenant in stack.tenants), several=True)
    about = "How the gateway fares, and what each tenant sends, asks and loses."
    return Dashboard("tenants", "Gateway and tenants", about, tuple(rows), (chosen,))


def _gateway(stack: Stack, here: Scope) -> Iterator[Panel]:
    """Yield what others know of nginx, which exports nothing itself, in panels that fill a line."""
    found = list(_of_gateway(stack, here))
    yield from (replace(each, width=24 // len(found)) for each in found)


def _of_gateway(stack: Stack, here: Scope) -> Iterator[Panel]:
    exporters = stack.monitoring.exporters
    if stack.gateway is not None and "kube-state-metrics" in exporters:
        ready = here("kube_deployment_status_replicas_available", deployment=SERVICE)
        about = f"Of {stack.gateway.replicas}. With none, nothing gets in or out."
        yield replace(panel("Pods available", "short", about, (f"sum({ready})", "available")), bad_below=1)
    if "cadvisor" in exporters:
        cpu = here.rate("container_cpu_usage_seconds_total", WINDOW, _PODS, 'container!=""', by="pod")
        yield panel("Gateway: CPU", "short", "Cores in use, by pod.", (cpu, "{{pod}}"))
        memory = here("container_memory_working_set_bytes", _PODS, 'container!=""')
        yield panel("Gateway: memory", "bytes", "Working set, by pod.", (f"sum by (pod) ({memory})", "{{pod}}"))
    left = seconds_left(stack, here)
    if left:
        about = (
            "How long certificates are valid. Clients are refused when they end; docs/runbooks.md says how to renew."
        )
        until = panel("Certificates", "s", about, (" or ".join(left), "{{certificate}}"))
        yield replace(until, kind="stat", bad_below=stack.monitoring.certificate_days * 86_400)


def _metrics(stack: Stack, here: Scope) -> Iterator[Panel]:
    yield panel(
        "Samples by tenant",
        "cps",
        "Samples per second that Mimir takes.",
        (here.rate("cortex_distributor_received_samples_total", WINDOW, _MIMIR, by="user"), "{{user}}"),
    )
    yield panel(
        "Samples dropped by tenant",
        "cps",
        "With the reason: a limit, or samples that are wrong in themselves.",
        (here.rate("cortex_discarded_samples_total", WINDOW, _MIMIR, by="user, reason"), "{{user}}: {{reason}}"),
    )
    yield _series(stack, here)
    yield replace(
        panel(
            "Time spent on queries by tenant",
            "short",
            "Seconds of queriers' time per second: how many queriers each tenant keeps busy.",
            (here.rate("cortex_query_seconds_total", WINDOW, _MIMIR, by="user"), "{{user}}"),
        ),
        width=24,
    )


def _series(stack: Stack, here: Scope) -> Panel:
    """Return the series of tenants, measured by their limit where somebody exports it."""
    made, gone = (here(f"cortex_ingester_memory_series_{each}_total", _MIMIR) for each in ("created", "removed"))
    series = f"(sum by (user) ({made}) - sum by (user) ({gone})) / {stack.metrics.replication_factor}"
    if "overrides-exporter" not in stack.metrics.runs:
        return panel("Series by tenant", "short", "Series in memory; replicas count once.", (series, "{{user}}"))
    limit = here("cortex_limits_overrides", _MIMIR, limit_name="max_global_series_per_user")
    used = panel(
        "Series by tenant, of their limit",
        "percentunit",
        "At 1, new series are dropped; alerts above 0.9.",
        (f"{series} / (max by (user) ({limit}) > 0)", "{{user}}"),
    )
    return replace(used, bad_above=0.9)


def _traces(here: Scope) -> Iterator[Panel]:
    yield panel(
        "Spans by tenant",
        "cps",
        "Spans per second that Tempo gets.",
        (here.rate("tempo_distributor_spans_received_total", WINDOW, _TEMPO, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Bytes of spans by tenant",
        "Bps",
        "After limits; a tenant's limit is in these bytes.",
        (here.rate("tempo_distributor_bytes_received_total", WINDOW, _TEMPO, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Spans dropped by tenant",
        "cps",
        "With the reason.",
        (here.rate("tempo_discarded_spans_total", WINDOW, _TEMPO, by="tenant, reason"), "{{tenant}}: {{reason}}"),
    )


def _logs(here: Scope) -> Iterator[Panel]:
    yield panel(
        "Lines by tenant",
        "cps",
        "Lines per second that Loki gets.",
        (here.rate("loki_distributor_lines_received_total", WINDOW, _LOKI, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Bytes of lines by tenant",
        "Bps",
        "A tenant's limit is in these bytes.",
        (here.rate("loki_distributor_bytes_received_total", WINDOW, _LOKI, by="tenant"), "{{tenant}}"),
    )
    yield panel(
        "Lines dropped by tenant",
        "cps",
        "With the reason: a limit, or lines that are wrong in themselves.",
        (here.rate("loki_discarded_samples_total", WINDOW, _LOKI, by="tenant, reason"), "{{tenant}}: {{reason}}"),
    )
