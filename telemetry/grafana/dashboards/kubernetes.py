"""The dashboard of the namespace as Kubernetes sees it: pods, what they use, and volumes. Others' are in it too."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, panel
from telemetry.spec.promql import Scope
from telemetry.stack import Stack

_CONTAINERS = 'container!=""'
_CLAIM = "persistentvolumeclaim"


def dashboard(stack: Stack) -> Dashboard | None:
    """Return the namespace's dashboard, as far as the listed exporters have data; None where they have none."""
    here, exporters = Scope.namespace(stack.namespace.name), set(stack.monitoring.exporters)
    rows = []
    for title, exporter, make in (
        ("Pods", "kube-state-metrics", _pods),
        ("What pods use", "cadvisor", _usage),
        ("Volumes in use", "kubelet", _volumes),
        ("Claims", "kube-state-metrics", _claims),
    ):
        rows += [Row(title, tuple(make(here)))] if exporter in exporters else []
    if not rows:
        return None
    about = "The whole namespace: pods, CPU, memory, network and volumes."
    return Dashboard("kubernetes", "Kubernetes: the namespace", about, tuple(rows))


def _pods(here: Scope) -> Iterator[Panel]:
    phases = here("kube_pod_status_phase")
    yield panel(
        "Pods by phase", "short", "Pending for long: no node, or no image.", (_sum(phases, "phase"), "{{phase}}")
    )
    waiting = here("kube_pod_container_status_waiting_reason")
    about = "By reason. CrashLoopBackOff and ImagePullBackOff do not mend themselves."
    yield panel("Containers that wait", "short", about, (_sum(waiting, "reason"), "{{reason}}"))
    ended = here("kube_pod_container_status_last_terminated_reason")
    about = "Why containers ended the last time, before they were started again. OOMKilled: their memory."
    yield panel("Why containers ended", "short", about, (_sum(ended, "reason"), "{{reason}}"))
    restarts = here("kube_pod_container_status_restarts_total")
    about = "Within the hour, by pod; alerts above 3."
    often = panel("Restarts", "short", about, (f"sum by (pod) (increase({restarts}[1h])) > 0", "{{pod}}"))
    yield replace(often, bad_above=3)
    evicted = here("kube_pod_status_reason")
    yield panel("Pods that were lost", "short", "Why, such as Evicted.", (_sum(evicted, "reason"), "{{reason}}"))
    nowhere = here("kube_pod_status_unschedulable")
    about = "Pods that find no node; alerts after 15 minutes."
    yield replace(panel("Without a node", "short", about, (_sum(nowhere, "pod"), "{{pod}}")), bad_above=1)


def _usage(here: Scope) -> Iterator[Panel]:
    cpu = here.rate("container_cpu_usage_seconds_total", WINDOW, _CONTAINERS, by="pod")
    yield replace(panel("CPU by pod", "short", "Cores in use.", (cpu, "{{pod}}")), width=12)
    memory = here("container_memory_working_set_bytes", _CONTAINERS)
    about = "Working set: what the kernel kills for."
    yield replace(panel("Memory by pod", "bytes", about, (_sum(memory, "pod"), "{{pod}}")), width=12)
    for way, title in (("receive", "Received"), ("transmit", "Sent")):
        bytes_ = here.rate(f"container_network_{way}_bytes_total", WINDOW, by="pod")
        about = "Bytes per second over the network."
        yield replace(panel(f"{title} by pod", "Bps", about, (bytes_, "{{pod}}")), width=12)


def _volumes(here: Scope) -> Iterator[Panel]:
    for title, left, whole in (("space", "available_bytes", "capacity_bytes"), ("inodes", "inodes_free", "inodes")):
        some, all_ = (f"min by ({_CLAIM}) ({here(f'kubelet_volume_stats_{each}')})" for each in (left, whole))
        about = "How much is used, of every volume in the namespace; alerts on space above 0.9."
        full = panel(f"Volumes: {title}", "percentunit", about, (f"1 - {some} / {all_}", f"{{{{{_CLAIM}}}}}"))
        yield replace(full, width=12, bad_above=0.9)


def _claims(here: Scope) -> Iterator[Panel]:
    asked = f"sum({here('kube_persistentvolumeclaim_resource_requests_storage_bytes')})"
    quota = f"min({here('kube_resourcequota', type='hard', resource='requests.storage')})"
    about = "What all claims ask for together, and what the quota allows."
    yield replace(panel("Storage", "bytes", about, (asked, "asked for"), (quota, "quota")), width=12)
    phases = here("kube_persistentvolumeclaim_status_phase")
    about = "Pending: no volume was made. Lost: its volume is gone."
    yield replace(panel("Claims by phase", "short", about, (_sum(phases, "phase"), "{{phase}}")), width=12)


def _sum(selector: str, by: str) -> str:
    return f"sum by ({by}) ({selector})"
