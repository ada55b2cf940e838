"""Cases for the alerts on the object store, the gateway and capacity."""

from telemetry.network.peers import workloads_of
from tests.sandbox.alerts.case import EVERYTHING, Case, fires, of, silent
from tests.support import load_stack

_DISK = "SeaweedFS_volumeServer_resource"
_S3 = "SeaweedFS_s3_request_total"
_MEMORY, _LIMIT = "container_memory_working_set_bytes", "kube_pod_container_resource_limits"
_INGESTER = {"pod": "mimir-ingester-0", "container": "ingester"}
_EXPIRES = "certmanager_certificate_expiration_timestamp_seconds"
_CERTIFICATE = of(_EXPIRES, name="gateway")
_GATEWAY = of("kube_deployment_status_replicas_available", deployment="gateway")
_PODS = {of("kube_pod_info", pod="somebody-elses-0"): "1x180"}
_RESTARTS = "kube_pod_container_status_restarts_total"


def _loaded(of_one: str) -> dict[str, str]:
    metric = "telemetry_gateway_configuration_loaded"
    return {of(metric, pod="gateway-a"): "1x180", of(metric, pod="gateway-b"): of_one}


def _disk(free: int, server: str = "volume-0:9327") -> dict[str, str]:
    labels = f'instance="{server}", name="/data"'
    return {f'{_DISK}{{{labels}, type="free"}}': f"{free}x180", f'{_DISK}{{{labels}, type="all"}}': "100x180"}


def _s3(failed: str) -> dict[str, str]:
    labels = 'type="PUT", bucket="b"'
    return {f'{_S3}{{code="500", {labels}}}': failed, f'{_S3}{{code="200", {labels}}}': "0+100x180"}


def _memory(used: int, **labels: str) -> dict[str, str]:
    return {
        of(_MEMORY, **{**_INGESTER, **labels}): f"{used}x180",
        of(_LIMIT, resource="memory", **_INGESTER): "100x180",
        of(_LIMIT, resource="cpu", **_INGESTER): "1x180",
    }


def _periods(throttled: str) -> dict[str, str]:
    return {
        of("container_cpu_cfs_throttled_periods_total", **_INGESTER): throttled,
        of("container_cpu_cfs_periods_total", **_INGESTER): "0+600x180",
    }


def _probe(address: str, ends: int) -> dict[str, str]:
    return {f'probe_ssl_earliest_cert_expiry{{instance="{address}"}}': f"{ends}x180"}


def _oom(restarts: str) -> dict[str, str]:
    reason = of("kube_pod_container_status_last_terminated_reason", reason="OOMKilled", **_INGESTER)
    return {reason: "1x180", of(_RESTARTS, **_INGESTER): restarts}


def _evicted(values: str, pod: str = "mimir-querier-7c9-x") -> dict[str, str]:
    return {of("kube_pod_status_reason", reason="Evicted", pod=pod): values}


def _waiting(values: str, pod: str = "mimir-ingester-0") -> dict[str, str]:
    labels = {"pod": pod, "container": "ingester", "reason": "CrashLoopBackOff"}
    return {of("kube_pod_container_status_waiting_reason", **labels): values}


def _unschedulable(values: str, pod: str = "mimir-ingester-0") -> dict[str, str]:
    return {of("kube_pod_status_unschedulable", pod=pod): values}


def _queue(waiting: str, by: dict[str, str] | None = None) -> dict[str, str]:
    labels = {"pod": "collector-a"} | (by or {"component_id": "otelcol.exporter.otlp.traces"})
    return {
        of("otelcol_exporter_queue_size", **labels): waiting,
        of("otelcol_exporter_queue_capacity", **labels): "100x180",
    }


def _refused(what: str, values: str) -> dict[str, str]:
    return {of(f"otelcol_receiver_refused_{what}_total", pod="collector-a", receiver="otlp/applications"): values}


def _lost(metric: str, values: str) -> dict[str, str]:
    return {of(metric, pod="collector-a", component_id="otelcol.exporter.otlp.traces"): values}


def _quota(used: int) -> dict[str, str]:
    labels = {"resourcequota": "all", "resource": "requests.cpu"}
    return {
        of("kube_resourcequota", type="used", **labels): f"{used}x180",
        of("kube_resourcequota", type="hard", **labels): "100x180",
        of("kube_resourcequota", type="hard", resourcequota="none", resource="services"): "0x180",
        of("kube_resourcequota", type="used", resourcequota="none", resource="services"): "0x180",
    }


def _volume(left: int) -> dict[str, str]:
    claim = {"persistentvolumeclaim": "storage-mimir-ingester-0"}
    return {
        of("kubelet_volume_stats_available_bytes", **claim): f"{left}x180",
        of("kubelet_volume_stats_capacity_bytes", **claim): "100x180",
    }


def _deployment(name: str, ready: str, wanted: int = 2) -> dict[str, str]:
    return {
        of("kube_deployment_status_replicas_available", deployment=name): ready,
        of("kube_deployment_spec_replicas", deployment=name): f"{wanted}x180",
    }


def _stateful_set(name: str, ready: str, wanted: int = 3) -> dict[str, str]:
    return {
        of("kube_statefulset_status_replicas_ready", statefulset=name): ready,
        of("kube_statefulset_replicas", statefulset=name): f"{wanted}x180",
    }


def _all_but(gone: str) -> dict[str, str]:
    """Return the pods of a whole stack but for one workload."""
    there = (pods.name for pods in workloads_of(load_stack("prod", EVERYTHING)) if pods.name != gone)
    return dict(_PODS) | {series: values for name in there for series, values in _stateful_set(name, "3x180").items()}


CASES: tuple[Case, ...] = (
    fires("ObjectStoreNotScraped", "nobody scrapes it", {}),
    silent("ObjectStoreNotScraped", "it is scraped", _disk(50)),
    fires("ObjectStoreErrors", "one in six fails", _s3("0+20x180")),
    silent("ObjectStoreErrors", "one in a hundred fails", _s3("0+1x180")),
    fires("ObjectStoreNearlyFull", "5 % left", _disk(5), 'name="/data"'),
    fires(
        "ObjectStoreNearlyFull",
        "5 % left at one server of two, whose directories are called alike",
        _disk(5) | _disk(90, "volume-1:9327"),
        'instance="volume-0:9327", name="/data"',
    ),
    silent("ObjectStoreNearlyFull", "half left", _disk(50) | _disk(60, "volume-1:9327")),
    fires("GatewayDown", "no pod", {_GATEWAY: "2x60 0x120"}),
    fires("GatewayDown", "its Deployment was deleted", {_GATEWAY: "2x60 _x120", **_PODS}),
    silent("GatewayDown", "one pod of two", {_GATEWAY: "2x60 1x120", **_PODS}),
    silent("GatewayDown", "nothing is known of anything", {}),
    fires("GatewayNotScraped", "nobody scrapes it", {}),
    silent("GatewayNotScraped", "it is scraped", _loaded("1x180")),
    fires("GatewayConfigurationNotLoaded", "one pod of two has not", _loaded("1x60 0x120"), 'pod="gateway-b"'),
    silent("GatewayConfigurationNotLoaded", "both have loaded it", _loaded("1x180")),
    silent("GatewayConfigurationNotLoaded", "it takes a minute", _loaded("1x118 0x1 1x60")),
    # promtool's clock begins at 1970, so certificates that end in 2027 are far away there.
    fires("GatewayCertificateExpires", "ten days are left", {_CERTIFICATE: "864000x180"}, 'certificate="cert-manager"'),
    silent("GatewayCertificateExpires", "sixty days are left", {_CERTIFICATE: "5184000x180"}),
    fires("CollectorNotScraped", "nobody scrapes it", {of("up", pod="mimir-ingester-0"): "1x180"}),
    silent("CollectorNotScraped", "it is scraped", {of("up", pod="collector-x7k2p"): "1x180"}),
    fires(
        "ScrapeFailing",
        "one pod does not answer",
        {of("up", pod="mimir-ingester-0"): "1x60 0x120", of("up", pod="gateway-a"): "1x180"},
        'pod="mimir-ingester-0"',
    ),
    silent("ScrapeFailing", "it does so again", {of("up", pod="mimir-ingester-0"): "1x110 0x5 1x65"}),
    silent("ScrapeFailing", "a neighbour does not answer", {of("up", pod="somebody-elses-0"): "0x180"}),
    fires("CollectorQueueFull", "95 of 100", _queue("95x180"), 'component_id="otelcol.exporter.otlp.traces"'),
    fires(
        "CollectorQueueFull", "of another kind", _queue("95x180", {"exporter": "otlp/traces"}), 'exporter="otlp/traces"'
    ),
    silent("CollectorQueueFull", "a peak of five minutes", _queue("10x110 99x5 10x65")),
    *(
        fires("CollectorLosesData", f"by {metric}", _lost(metric, "0+5x180"))
        for metric in (
            "otelcol_exporter_send_failed_spans_total",
            "otelcol_exporter_enqueue_failed_log_records_total",
            "prometheus_remote_storage_samples_failed_total",
            "loki_write_dropped_entries_total",
        )
    ),
    silent("CollectorLosesData", "all arrives", _lost("otelcol_exporter_send_failed_spans_total", "7x180")),
    fires("CollectorRefusesData", "log records", _refused("log_records", "0+5x180"), 'pod="collector-a"'),
    silent("CollectorRefusesData", "it did once", _refused("spans", "0x20 5x160")),
    fires(
        "ServerCertificateExpires",
        "cert-manager knows that ten days are left",
        {f'{_EXPIRES}{{namespace="storage", name="seaweedfs-s3"}}': "864000x180"},
        'server="object store"',
    ),
    fires(
        "ServerCertificateExpires",
        "so do those who scrape cert-manager and keep its own namespace apart",
        {f'{_EXPIRES}{{namespace="cert-manager", exported_namespace="storage", name="seaweedfs-s3"}}': "864000x180"},
        'server="object store"',
    ),
    fires(
        "ServerCertificateExpires",
        "a probe sees that ten days are left",
        _probe("https://grafana.example.org/api/health", 864_000),
        'server="grafana"',
    ),
    silent("ServerCertificateExpires", "sixty days are left", _probe("https://grafana.example.org", 5_184_000)),
    silent("ServerCertificateExpires", "somebody else's ends", _probe("https://grafanaxexample.org", 864_000)),
    # 10,957 days are between 1970 and 2000, and thirty more until its end.
    fires("GatewayCredentialExpires", "ten days are left", {}, 'credentials="token that reads all tenants"', "10977d"),
    silent("GatewayCredentialExpires", "thirty days are left", {}, "10957d"),
    fires("ClusterMetricsMissing", "nobody scrapes it", {'kube_pod_info{namespace="elsewhere"}': "1x180"}),
    silent("ClusterMetricsMissing", "it is scraped", {of("kube_pod_info", pod="mimir-ingester-0"): "1x180"}),
    fires(
        "BackendBlocked", "no distributor", _deployment("mimir-distributor", "0x180"), 'workload="mimir-distributor"'
    ),
    fires("BackendBlocked", "no ingester", _stateful_set("mimir-ingester", "0x180"), 'workload="mimir-ingester"'),
    fires("BackendBlocked", "its StatefulSet was deleted", _all_but("mimir-ingester"), 'workload="mimir-ingester"'),
    silent("BackendBlocked", "one distributor of two", _deployment("mimir-distributor", "1x180")),
    silent("BackendBlocked", "all is there but what is optional", _all_but("mimir-overrides-exporter")),
    silent("BackendBlocked", "an optional role is missing", _deployment("mimir-overrides-exporter", "0x180", 1)),
    silent("BackendBlocked", "a neighbour is missing", _deployment("somebody-elses", "0x180")),
    fires("BackendDegraded", "one of two", _deployment("mimir-querier", "1x180"), 'workload="mimir-querier"'),
    fires("BackendDegraded", "an optional role is missing", _deployment("mimir-overrides-exporter", "0x180", 1)),
    fires("BackendDegraded", "two of three", _stateful_set("tempo-distributed-ingester", "2x180")),
    fires(
        "BackendDegraded",
        "what is optional was deleted",
        _all_but("mimir-overrides-exporter"),
        'workload="mimir-overrides-exporter"',
    ),
    silent("BackendDegraded", "all are there", _all_but("nothing")),
    silent("BackendDegraded", "both of one are there", _deployment("mimir-querier", "2x180")),
    silent("BackendDegraded", "one is replaced", _deployment("mimir-querier", "2x110 1x5 2x65")),
    silent("BackendDegraded", "a neighbour is missing", _deployment("somebody-elses", "0x180")),
    fires(
        "PodRestarting",
        "every ten minutes",
        {of(_RESTARTS, **_INGESTER): "0x9 1x9 2x9 3x9 4x9 5x9 6x9 7x9 8x9 9x9 10x9 11x9 12x9"},
        'pod="mimir-ingester-0"',
    ),
    silent("PodRestarting", "once", {of(_RESTARTS, **_INGESTER): "0x100 1x80"}),
    silent("PodRestarting", "a neighbour's", {of(_RESTARTS, pod="other-1", container="c"): "0+1x180"}),
    fires("PodOOMKilled", "just now", _oom("0x115 1x65"), 'pod="mimir-ingester-0", container="ingester"'),
    silent("PodOOMKilled", "an hour ago", _oom("0x50 1x130")),
    fires("PodCrashLooping", "for half an hour", _waiting("_x90 1x90"), 'container="ingester"'),
    silent("PodCrashLooping", "once, for five minutes", _waiting("_x100 1x5 _x75")),
    silent("PodCrashLooping", "a neighbour's", _waiting("1x180", pod="other-1")),
    fires("PodEvicted", "half an hour ago, and its pod is listed", _evicted("_x90 1x90"), 'pod="mimir-querier-7c9-x"'),
    fires("PodEvicted", "half an hour ago, and its pod was replaced", _evicted("_x90 1x1 _x89", "mimir-ingester-0")),
    silent("PodEvicted", "hours ago", _evicted("1x180")),
    silent("PodEvicted", "a neighbour", _evicted("_x90 1x90", "other-1")),
    fires("PodUnschedulable", "for half an hour", _unschedulable("_x90 1x90"), 'pod="mimir-ingester-0"'),
    silent("PodUnschedulable", "until a node was added", _unschedulable("_x100 1x10 _x70")),
    fires("QuotaNearlyUsed", "95 of 100", _quota(95), 'resource="requests.cpu"'),
    silent("QuotaNearlyUsed", "80 of 100, and a quota of nothing", _quota(80)),
    fires("MemoryNearLimit", "95 of 100", _memory(95), 'pod="mimir-ingester-0"'),
    silent("MemoryNearLimit", "80 of 100", _memory(80)),
    silent("MemoryNearLimit", "a neighbour's 95 of 100", _memory(95, pod="other-1")),
    fires("CpuThrottled", "in a third of all periods", _periods("0+200x180"), 'container="ingester"'),
    silent("CpuThrottled", "never", _periods("0x180")),
    fires("VolumeNearlyFull", "5 % left", _volume(5), 'persistentvolumeclaim="storage-mimir-ingester-0"'),
    silent("VolumeNearlyFull", "half left", _volume(50)),
)
