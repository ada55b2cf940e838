"""The dashboard of capacity: what workloads use, against the settings and the namespace's quota."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from telemetry.capacity.footprint import Footprint, of_role, of_stack
from telemetry.collector.addresses import RELEASE as COLLECTOR
from telemetry.gateway.addresses import SERVICE
from telemetry.releases import releases_of
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, Unit, Variable, panel
from telemetry.spec.promql import Scope
from telemetry.stack import Stack

_CPU, _MEMORY = "container_cpu_usage_seconds_total", "container_memory_working_set_bytes"
_CONTAINERS = 'container!=""'
"""A matcher that leaves out cAdvisor's sums over pods."""
_POD = "($workload)-([0-9]+|[0-9a-z]+-[0-9a-z]+)"
"""What pods of the chosen workloads are called: of a StatefulSet, of a Deployment."""
_PODS = f'pod=~"{_POD}"'


def dashboard(stack: Stack) -> Dashboard | None:
    """Return the dashboard of capacity, as far as the listed exporters have data; None where they have none."""
    here, exporters = Scope.namespace(stack.namespace.name), set(stack.monitoring.exporters)
    rows = []
    for title, families in (
        (
            "Namespace against plan",
            (({"cadvisor", "kube-state-metrics"}, _namespace), ({"kube-state-metrics"}, _quota)),
        ),
        ("Workloads against plan", (({"cadvisor"}, _workloads),)),
        (
            "Limits",
            (({"cadvisor", "kube-state-metrics"}, _limits), ({"cadvisor"}, _throttling), ({"kubelet"}, _volumes)),
        ),
    ):
        panels = [each for needed, family in families if needed <= exporters for each in family(stack, here)]
        rows += [Row(title, tuple(panels))] if panels else []
    if not rows:
        return None
    workload = Variable("workload", "Workload", tuple(planned(stack)), several=True)
    about = "What is used, against what the settings ask for and the quota allows."
    variables = (workload,) if exporters & {"cadvisor", "kubelet"} else ()
    return Dashboard("capacity", "Capacity against plan", about, tuple(rows), variables)


def planned(stack: Stack) -> Mapping[str, Footprint]:
    """Return what each workload is given, by the name that its chart gives it."""
    plans = {SERVICE: of_role(stack.gateway_role)} if stack.gateway_role else {}
    for release in releases_of(stack):
        if release.name == COLLECTOR:  # its pods are of nodes, and so is what they use
            continue
        for role, of in release.roles.items():
            name = release.workloads.get(role, release.name if role == "all" else f"{release.name}-{role}")
            plans[name] = plans.get(name, Footprint()) + of_role(of)
    return plans


def _namespace(stack: Stack, here: Scope) -> Iterator[Panel]:
    plan, most = of_stack(stack), of_stack(stack, at_most=True)
    cpu, memory = here.rate(_CPU, WINDOW, _CONTAINERS), f"sum({here(_MEMORY, _CONTAINERS)})"
    yield _against(here, "CPU", "short", cpu, plan.cpu / 1000, most.cpu / 1000)
    yield _against(here, "Memory", "bytes", memory, plan.memory, most.memory)


def _against(here: Scope, title: str, unit: Unit, used: str, plan: float, most: float) -> Panel:
    """Return what all pods of the namespace use and ask for, against plan and quota."""
    resource = title.lower()
    asked = f"sum({here('kube_pod_container_resource_requests', resource=resource)})"
    quota = f"min({here('kube_resourcequota', type='hard', resource=f'requests.{resource}')})"
    plans = [(f"vector({plan:.12g})", "planned")]
    plans += [(f"vector({most:.12g})", "planned, with all autoscaling")] if most != plan else []
    about = f"{'Cores' if title == 'CPU' else 'Bytes'} in the whole namespace, in which others may run as well: used, "
    about += "asked for by pods, planned by the settings, and what the quota allows to ask for."
    return panel(title, unit, about, (used, "used"), (asked, "asked for"), *plans, (quota, "quota"))


def _quota(_: Stack, here: Scope) -> Iterator[Panel]:
    used, hard = (f"max by (resource) ({here('kube_resourcequota', type=each)})" for each in ("used", "hard"))
    about = "By resource, what others in the namespace use included. At 1 no pod more starts; alerts above 0.9."
    quota = panel("Quota used", "percentunit", about, (f"{used} / ({hard} > 0)", "{{resource}}"))
    yield replace(quota, bad_above=0.9)


def _workloads(stack: Stack, here: Scope) -> Iterator[Panel]:
    plans = planned(stack)
    cpu = _part(here.rate(_CPU, WINDOW, _PODS, _CONTAINERS, by="pod"), {k: v.cpu / 1000 for k, v in plans.items()})
    memory = _part(
        f"sum by (pod) ({here(_MEMORY, _PODS, _CONTAINERS)})", {name: plan.memory for name, plan in plans.items()}
    )
    about = "What all pods of a workload use together, as a part of what they ask for. Above 1 for long, ask for more."
    for title, used in (("CPU of the plan", cpu), ("Memory of the plan", memory)):
        yield replace(panel(title, "percentunit", about, (used, "{{workload}}")), width=12, bad_above=1)


def _part(used: str, plan: Mapping[str, float]) -> str:
    """Return what workloads use, as a part of what is planned for them; `used` is by pod."""
    by_workload = f'sum by (workload) (label_replace({used}, "workload", "$1", "pod", "{_POD}"))'
    plans = (f'label_replace(vector({amount:.12g}), "workload", "{name}", "", "")' for name, amount in plan.items())
    return f"{by_workload} / on (workload) ({' or '.join(plans)})"


def _limits(_: Stack, here: Scope) -> Iterator[Panel]:
    by = "max by (pod, container)"
    limit = here("kube_pod_container_resource_limits", _PODS, resource="memory")
    about = "Working set, of the containers that have a limit. At 1 they are killed; alerts above 0.9."
    used = f"{by} ({here(_MEMORY, _PODS, _CONTAINERS)}) / {by} ({limit})"
    yield replace(panel("Memory of the limit", "percentunit", about, (used, "{{pod}}")), bad_above=0.9)


def _throttling(_: Stack, here: Scope) -> Iterator[Panel]:
    throttled, periods = (
        here.rate(f"container_cpu_cfs_{each}_total", WINDOW, _PODS, _CONTAINERS, by="pod")
        for each in ("throttled_periods", "periods")
    )
    about = "The part of periods in which a pod was held back at a CPU limit; there should be none."
    yield replace(panel("CPU throttling", "percentunit", about, (f"{throttled} / {periods}", "{{pod}}")), bad_above=0.1)


def _volumes(_: Stack, here: Scope) -> Iterator[Panel]:
    claims = 'persistentvolumeclaim=~"[a-z-]+-($workload)-[0-9]+"'
    left, whole = (
        f"min by (persistentvolumeclaim) ({here(f'kubelet_volume_stats_{each}_bytes', claims)})"
        for each in ("available", "capacity")
    )
    about = "How full volumes are; alerts above 0.9."
    full = panel("Volumes", "percentunit", about, (f"1 - {left} / {whole}", "{{persistentvolumeclaim}}"))
    yield replace(full, bad_above=0.9)
