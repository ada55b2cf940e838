"""Alerts on resources that workloads use up, on workloads that lack pods, and on what happens to pods."""

from collections.abc import Iterable, Iterator

from telemetry.backends import BACKENDS
from telemetry.collector.addresses import RELEASE as COLLECTOR
from telemetry.gateway.addresses import SERVICE as GATEWAY
from telemetry.network.peers import workloads_of
from telemetry.releases import releases_of
from telemetry.spec.alerts import Alert
from telemetry.spec.flows import Pods
from telemetry.spec.promql import Scope, one_of, pods_of
from telemetry.stack import Stack

_WORKLOADS = (
    ("deployment", "kube_deployment_spec_replicas", "kube_deployment_status_replicas_available"),
    ("statefulset", "kube_statefulset_replicas", "kube_statefulset_status_replicas_ready"),
)
"""Kinds of workloads: their label, the metric of what is wanted, and that of what is there."""
_PODS = "kube_pod_info"
"""What kube-state-metrics has of every pod."""
_ON_NODES = ("daemonset", "kube_daemonset_status_desired_number_scheduled", "kube_daemonset_status_number_ready")
"""The collector's kind, where there is one."""


def rules(stack: Stack) -> Iterator[Alert]:
    """Yield the alerts that the listed exporters have data for."""
    here, exporters = Scope.namespace(stack.namespace.name), set(stack.monitoring.exporters)
    families = (
        ({"kube-state-metrics"}, _workloads),
        ({"kube-state-metrics"}, _pods),
        ({"kube-state-metrics"}, _quota),
        ({"kube-state-metrics", "cadvisor"}, _memory),
        ({"cadvisor"}, _throttling),
        ({"kubelet"}, _volumes),
    )
    for needed, family in families:
        if needed <= exporters:
            yield from family(stack, here)


def _workloads(stack: Stack, here: Scope) -> Iterator[Alert]:
    yield Alert(
        "ClusterMetricsMissing",
        f"absent({here(_PODS)})",
        "ticket",
        "15m",
        "Nothing is known of the pods: kube-state-metrics is not scraped.",
        "Alerts on workloads, memory and quota are blind until it is.",
    )
    workloads = workloads_of(stack)
    required = tuple(map(_name, filter(_is_required, workloads)))
    found = (_named(here(there, one_of(label, required)), label) for label, _, there in _WORKLOADS)
    # What is found comes first, so that nothing is said to be gone that is there.
    yield Alert(
        "BackendBlocked",
        f"({' or '.join((*found, *_gone(here, required)))}) == 0",
        "page",
        "5m",
        "A required role has no pod that is ready: the platform does not work without it.",
        "{{ $labels.workload }} has none, or is gone itself.",
    )
    every, kinds = tuple(map(_name, workloads)), (*_WORKLOADS, *((_ON_NODES,) if stack.collector_role else ()))
    ready = [_named(here(there, one_of(label, every)), label) for label, _, there in kinds]
    wanted = (_named(here(asked, one_of(label, every)), label) for label, asked, _ in kinds)
    fewer = " or ".join(f"{some} < {all_}" for some, all_ in zip(ready, wanted, strict=True))
    yield Alert(
        "BackendDegraded",
        f"{fewer} or (({' or '.join(_gone(here, every))}) unless ({' or '.join(ready)}))",
        "ticket",
        "15m",
        "A workload has fewer pods that are ready than it should have, or is gone itself.",
        "{{ $labels.workload }} has {{ $value }}.",
    )


def _pods(stack: Stack, here: Scope) -> Iterator[Alert]:
    """Yield what happens to pods and containers, whether or not their workload has enough of them."""
    ours, restarts = pods_of(_releases(stack)), "kube_pod_container_status_restarts_total"
    yield Alert(
        "PodRestarting",
        f"sum by (pod, container) (increase({here(restarts, ours)}[1h])) > 3",
        "ticket",
        "5m",
        "A container restarts again and again.",
        "{{ $labels.container }} in {{ $labels.pod }}: {{ $value | humanize }} restarts within the hour.",
    )
    # The reason stays until the next restart, so it counts only beside a recent one.
    killed = here("kube_pod_container_status_last_terminated_reason", ours, reason="OOMKilled")
    yield Alert(
        "PodOOMKilled",
        f"max by (pod, container) ({killed}) > 0 "
        f"and sum by (pod, container) (increase({here(restarts, ours)}[15m])) > 0",
        "ticket",
        "1m",
        "A container was killed, because it used more memory than its limit, or than its node had.",
        "{{ $labels.container }} in {{ $labels.pod }}, within the last 15 minutes.",
    )
    waits = here("kube_pod_container_status_waiting_reason", ours, reason="CrashLoopBackOff")
    yield Alert(
        "PodCrashLooping",
        f"max by (pod, container) (max_over_time({waits}[5m])) > 0",
        "ticket",
        "15m",
        "A container ends soon after each start, and Kubernetes waits longer and longer before the next one.",
        "{{ $labels.container }} in {{ $labels.pod }}.",
    )
    # A Deployment's evicted pod stays listed for days, and a StatefulSet's is replaced within seconds.
    evicted = here("kube_pod_status_reason", ours, reason="Evicted")
    yield Alert(
        "PodEvicted",
        f"max by (pod) (max_over_time({evicted}[1h])) > 0 unless max by (pod) ({evicted} offset 1h) > 0",
        "ticket",
        "1m",
        "A pod was evicted: its node ran out of memory, disk or process ids, or the pod used more than it may.",
        "{{ $labels.pod }}, within the last hour.",
    )
    yield Alert(
        "PodUnschedulable",
        f"max by (pod) ({here('kube_pod_status_unschedulable', ours)}) > 0",
        "ticket",
        "15m",
        "A pod finds no node: too little is free, or no node fits its placement or its volume.",
        "{{ $labels.pod }} waits.",
    )


def _quota(_: Stack, here: Scope) -> Iterator[Alert]:
    used, hard = (here("kube_resourcequota", type=each) for each in ("used", "hard"))
    by = "max by (resourcequota, resource)"
    yield Alert(
        "QuotaNearlyUsed",
        f"{by} ({used}) / ({by} ({hard}) > 0) > 0.9",
        "ticket",
        "15m",
        "The namespace has less than 10 % of a quota left: soon, no pod of an update starts.",
        "{{ $labels.resource }} of {{ $labels.resourcequota }}: {{ $value | humanizePercentage }} used.",
    )


def _memory(stack: Stack, here: Scope) -> Iterator[Alert]:
    """Yield the alert on memory limits, for those who have any.

    The working set is what the kernel kills for; usage counts page cache too. The limit is read from
    kube-state-metrics, since kube-prometheus-stack drops cAdvisor's `container_spec_*`.
    """
    if not any(role.memory_limit for release in releases_of(stack) for role in release.roles.values()):
        return
    pods, by = pods_of(_releases(stack)), "max by (pod, container)"
    used = here("container_memory_working_set_bytes", pods, 'container!=""')
    limit = here("kube_pod_container_resource_limits", pods, resource="memory")
    yield Alert(
        "MemoryNearLimit",
        f"{by} ({used}) / {by} ({limit}) > 0.9",
        "ticket",
        "10m",
        "A container uses more than 90 % of its memory limit, and is killed at 100 %.",
        "{{ $labels.container }} in {{ $labels.pod }}: {{ $value | humanizePercentage }}.",
    )


def _throttling(stack: Stack, here: Scope) -> Iterator[Alert]:
    """Yield the alert on throttling: by periods, since kube-prometheus-stack drops the seconds."""
    pods = pods_of(_releases(stack))
    throttled, periods = (
        here.rate(f"container_cpu_cfs_{each}_total", "5m", pods, 'container!=""', by="pod, container")
        for each in ("throttled_periods", "periods")
    )
    yield Alert(
        "CpuThrottled",
        f"{throttled} / {periods} > 0.1",
        "ticket",
        "5m",
        "A container is held back at a CPU limit, and there should be none.",
        "{{ $labels.container }} in {{ $labels.pod }}: in {{ $value | humanizePercentage }} of all periods.",
    )


def _volumes(stack: Stack, here: Scope) -> Iterator[Alert]:
    # Charts put a word before the workload's name, and that of Prometheus two: `storage-volume`.
    claims = f'persistentvolumeclaim=~"[a-z]+(-volume)?-({"|".join(_releases(stack))})-.+"'
    by = "min by (persistentvolumeclaim)"
    left, whole = (here(f"kubelet_volume_stats_{each}_bytes", claims) for each in ("available", "capacity"))
    yield Alert(
        "VolumeNearlyFull",
        f"{by} ({left}) / {by} ({whole}) < 0.1",
        "page",
        "15m",
        "A volume has less than 10 % left; an ingester that cannot write its log refuses samples or spans.",
        "{{ $labels.persistentvolumeclaim }} has {{ $value | humanizePercentage }} left.",
    )


def none_of(here: Scope) -> str:
    """Return 0: the pods of a workload that is gone, of which kube-state-metrics says nothing.

    Nothing where no pod of the namespace is known, as ClusterMetricsMissing says then.
    """
    return f"0 * max({here(_PODS)})"


def _gone(here: Scope, names: Iterable[str]) -> Iterator[str]:
    """Yield what says of each workload that it has no pods, whether or not it is there."""
    return (f'label_replace({none_of(here)}, "workload", "{name}", "", "")' for name in names)


def _named(selector: str, label: str) -> str:
    """Return a selector with the workload's name in one label, whatever its kind."""
    return f'max by (workload) (label_replace({selector}, "workload", "$1", "{label}", "(.+)"))'


def _name(pods: Pods) -> str:
    return pods.name


def _is_required(pods: Pods) -> bool:
    """Whether the platform is blocked without these pods (R8); the gateway has an alert of its own.

    Without the collector only what goes through it is held up.
    """
    tables = next((backend.roles.values() for backend in BACKENDS if pods.release in backend.release_names), ())
    role = pods.role or ""
    spec = next((table[role] for table in tables if role in table), None)
    return pods.name not in (GATEWAY, COLLECTOR) and (spec is None or spec.need != "optional")


def _releases(stack: Stack) -> tuple[str, ...]:
    """Return what the names of the stack's pods begin with."""
    return tuple(dict.fromkeys(pods.release for pods in workloads_of(stack)))
