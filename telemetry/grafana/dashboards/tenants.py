"""The dashboard of the gateway and of what each tenant sends, asks and loses."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.config.monitoring import DAY
from telemetry.gateway.addresses import SERVICE
from telemetry.gateway.health import LOADED_METRIC
from telemetry.monitoring.gateway import seconds_left
from telemetry.spec.panel_queries import TENANT
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, Variable, panel
from telemetry.spec.promql import Scope
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first

_IN_LINE = 4
_PODS = f'pod=~"{SERVICE}-[0-9a-z]+-[0-9a-z]+"'


def dashboard(stack: Stack) -> Dashboard | None:
    """Return the dashboard of gateway and tenants; None where there is neither."""
    if not stack.tenants:  # and a gateway has some
        return None
    here = Scope.namespace(stack.namespace.name)
    panels = tuple(_gateway(stack, here)) if stack.gateway else ()
    rows = [Row("Gateway", panels)] if panels else []
    rows += [
        Row(backend.signal.capitalize(), tuple(backend.of.tenant_panels(backend.context, here)))
        for backend in metrics_first(stack.backends)
        if backend.of.tenant_panels is not None
    ]
    chosen = Variable(TENANT, "Tenant", tuple(tenant.id for tenant in stack.tenants), several=True)
    about = "How the gateway fares, and what each tenant sends, asks and loses."
    return Dashboard("tenants", "Gateway and tenants", about, tuple(rows), (chosen,))


def _gateway(stack: Stack, here: Scope) -> Iterator[Panel]:
    """Yield what nginx says of itself, and what others know of it, in panels that fill lines."""
    found = list(_of_gateway(stack, here))
    lines = (found,) if len(found) <= _IN_LINE else (found[:3], found[3:])
    yield from (replace(each, width=24 // len(line)) for line in lines for each in line)


def _of_gateway(stack: Stack, here: Scope) -> Iterator[Panel]:
    exporters = stack.monitoring.exporters
    about = "1 where nginx serves what is mounted; 0: a credential that was taken away may still count."
    loaded = panel("Files loaded", "short", about, (f"min by (pod) ({here(LOADED_METRIC)})", "{{pod}}"))
    yield replace(loaded, bad_below=1)
    if stack.gateway is not None and "kube-state-metrics" in exporters:
        ready = here("kube_deployment_status_replicas_available", deployment=SERVICE)
        about = f"Of {stack.gateway.replicas}. With none, nothing gets in or out."
        yield replace(panel("Pods available", "short", about, (f"sum({ready})", "available")), bad_below=1)
    if "cadvisor" in exporters:
        cpu = here.rate("container_cpu_usage_seconds_total", WINDOW, _PODS, 'container!=""', by="pod")
        yield panel("Gateway: CPU", "short", "Cores in use, by pod.", (cpu, "{{pod}}"))
        memory = here("container_memory_working_set_bytes", _PODS, 'container!=""')
        yield panel("Gateway: memory", "bytes", "Working set, by pod.", (f"sum by (pod) ({memory})", "{{pod}}"))
    left = seconds_left(stack)
    if left:
        about = (
            "How long certificates are valid. Clients are refused when they end; docs/runbooks.md says how to renew."
        )
        until = panel("Certificates", "s", about, (" or ".join(left), "{{certificate}}"))
        yield replace(until, kind="stat", bad_below=stack.monitoring.certificate_days * DAY)
