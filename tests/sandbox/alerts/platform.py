"""Cases for the alerts on the object store, the gateway and capacity."""

from tests.sandbox.alerts.case import Case, fires, of, silent

_DISK = "SeaweedFS_volumeServer_resource"
_S3 = "SeaweedFS_s3_request_total"
_MEMORY, _LIMIT = "container_memory_working_set_bytes", "kube_pod_container_resource_limits"
_INGESTER = {"pod": "mimir-ingester-0", "container": "ingester"}
_CERTIFICATE = of("certmanager_certificate_expiration_timestamp_seconds", name="gateway")
_GATEWAY = of("kube_deployment_status_replicas_available", deployment="gateway")
_RESTARTS = "kube_pod_container_status_restarts_total"


def _loaded(of_one: str) -> dict[str, str]:
    metric = "telemetry_gateway_configuration_loaded"
    return {of(metric, pod="gateway-a"): "1x180", of(metric, pod="gateway-b"): of_one}


def _disk(free: int) -> dict[str, str]:
    return {
        f'{_DISK}{{name="/data", type="free"}}': f"{free}x180",
        f'{_DISK}{{name="/data", type="all"}}': "100x180",
    }


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


CASES: tuple[Case, ...] = (
    fires("ObjectStoreNotScraped", "nobody scrapes it", {}),
    silent("ObjectStoreNotScraped", "it is scraped", _disk(50)),
    fires("ObjectStoreErrors", "one in six fails", _s3("0+20x180")),
    silent("ObjectStoreErrors", "one in a hundred fails", _s3("0+1x180")),
    fires("ObjectStoreNearlyFull", "5 % left", _disk(5), 'name="/data"'),
    silent("ObjectStoreNearlyFull", "half left", _disk(50)),
    fires("GatewayDown", "no pod", {_GATEWAY: "2x60 0x120"}),
    silent("GatewayDown", "one pod of two", {_GATEWAY: "2x60 1x120"}),
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
    fires("ClusterMetricsMissing", "nobody scrapes it", {'kube_pod_info{namespace="elsewhere"}': "1x180"}),
    silent("ClusterMetricsMissing", "it is scraped", {of("kube_pod_info", pod="mimir-ingester-0"): "1x180"}),
    fires(
        "BackendBlocked", "no distributor", _deployment("mimir-distributor", "0x180"), 'workload="mimir-distributor"'
    ),
    fires("BackendBlocked", "no ingester", _stateful_set("mimir-ingester", "0x180"), 'workload="mimir-ingester"'),
    silent("BackendBlocked", "one distributor of two", _deployment("mimir-distributor", "1x180")),
    silent("BackendBlocked", "an optional role is missing", _deployment("mimir-overrides-exporter", "0x180", 1)),
    silent("BackendBlocked", "a neighbour is missing", _deployment("somebody-elses", "0x180")),
    fires("BackendDegraded", "one of two", _deployment("mimir-querier", "1x180"), 'workload="mimir-querier"'),
    fires("BackendDegraded", "an optional role is missing", _deployment("mimir-overrides-exporter", "0x180", 1)),
    fires("BackendDegraded", "two of three", _stateful_set("tempo-distributed-ingester", "2x180")),
    silent("BackendDegraded", "all are there", _deployment("mimir-querier", "2x180")),
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
