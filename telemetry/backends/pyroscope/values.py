"""Values of the chart `pyroscope` 2.2.1: Grafana Pyroscope as a single binary, or each role a workload of its own.

Pyroscope stores in its second way (v2, the chart's default): what is sent is in the bucket before it is confirmed, and
an index of it in the metastore, which is Raft. Chart and binary were read at the tag pyroscope-2.2.1.

What the chart does by itself and is therefore not set: a disruption budget of one pod for each role; memberlist, Raft
and the addresses of query-backends. It has no key for how Deployments roll, so they surge by one pod.
"""

from telemetry.backends.pyroscope.context import PyroscopeContext
from telemetry.backends.pyroscope.limits import RETENTION, limits_of
from telemetry.backends.pyroscope.settings import Profiles
from telemetry.config.images import Image
from telemetry.config.placement import Placement
from telemetry.config.quantities import bytes_text, duration_text
from telemetry.config.roles import Role
from telemetry.spec.values.common import (
    RESTRICTED_CONTAINER,
    Values,
    absolute_name,
    credentials_from,
    merged,
    named,
    pod_security,
    renamed_variables,
    resources,
)
from telemetry.spec.values.images import pull_secrets, with_tag
from telemetry.spec.values.limits import overrides, shared
from telemetry.spec.values.placement import pod_of, pod_placement, spread
from telemetry.spec.values.s3_key import UNKNOWN_KEY
from telemetry.spec.values.transport import http_server, mounts, serves_tls, store_authority, volumes

RELEASE = "pyroscope"
"""Pyroscope's release, and what its single binary's objects are called."""
SECRET = "pyroscope-s3"  # noqa: S105 - a Secret's name
"""The Secret with its S3 credentials."""
SINGLE = "all"
"""The chart's component of a single binary."""
SERVICE_ACCOUNT = "pyroscope-pods"
"""The program's own account for the pods: the chart's has no key that takes its token away."""

IMAGE = Image("docker.io", "grafana/pyroscope")
_WITHOUT = ("tenant-settings", "ad-hoc-profiles", "admin")
"""Components of Pyroscope's own pages, which nobody is offered here; Grafana asks none of them."""
_SCRATCH = "/data"
"""The one place that is writable in every pod, a volume or an emptyDir."""
_GRACE_SECONDS = 600
"""What the chart gives the segment-writer to flush in, and not the single binary, which is one too."""


def service(topology: str, role: str, *, headless: bool = False) -> str:
    """Return the chart's Service of a role; a single binary plays them all."""
    name = RELEASE if topology == "monolithic" else f"{RELEASE}-{role}"
    return f"{name}-headless" if headless else name


def values(context: PyroscopeContext) -> Values:
    """Return the chart's values."""
    profiles = context.settings
    single = profiles.topology == "monolithic"
    rendered: Values = {
        "alloy": {"enabled": False},  # on by default: it would scrape the profiles of the whole cluster
        "pyroscope": merged(
            {
                **named("image", with_tag(context.images, IMAGE)),
                **named("imagePullSecrets", pull_secrets(context.images)),
                "cluster_domain": f".{context.kubernetes.cluster_domain}.",
                "rbac": {"create": False},  # see _arguments
                "serviceAccount": {"create": False, "name": SERVICE_ACCOUNT},
                "podAnnotations": UNKNOWN_KEY,
                "podSecurityContext": pod_security(context.kubernetes.platform),
                "securityContext": RESTRICTED_CONTAINER,
                **_variables(context),
                "extraArgs": _arguments(context, profiles),
                "structuredConfig": _config(context, profiles),
                **named("tenantOverrides", overrides(context.tenants, limits_of, retention=RETENTION)),
                **pod_placement(context, profiles.placement),
                **_files(context),
                **({"service": {"scheme": "HTTPS"}} if serves_tls(context) else {}),
            },
            _single(profiles) if single else {},
        ),
        **({} if single else {"architecture": {"microservices": _apart(context, profiles)}}),
    }
    return merged(rendered, _metadata(context))


def _metadata(context: PyroscopeContext) -> Values:
    """Return labels and annotations. The chart has one key for labels, of objects and pods alike."""
    annotations = context.annotations
    of_services = {key: annotations.objects for key in ("annotations", "headlessAnnotations") if annotations.objects}
    wanted = {
        **named("extraLabels", context.labels.of_pods),
        **named("podAnnotations", annotations.of_pods | context.scrape_annotations),
        **named("service", of_services),
    }
    return named("pyroscope", wanted)


def _single(profiles: Profiles) -> Values:
    role = profiles.roles["all"]
    return {
        "replicaCount": role.replicas,
        "resources": resources(role),
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "persistence": _volume(role, profiles.placement.of(role.placement)),
        **pod_of(profiles.placement, role),
    }


def _apart(context: PyroscopeContext, profiles: Profiles) -> Values:
    roles: Values = {name: _role(context, profiles, name, role) for name, role in profiles.roles.items()}
    return {"enabled": True, "v2": {**roles, **dict.fromkeys(_WITHOUT)}}


def _role(context: PyroscopeContext, profiles: Profiles, name: str, role: Role) -> Values:
    placement = profiles.placement.of(role.placement)
    values: Values = {
        "replicaCount": role.replicas,
        "resources": {"limits": None, **resources(role)},  # the chart has a memory limit for every role
    }
    if role.replicas > 1:
        labels = {
            "app.kubernetes.io/name": RELEASE,
            "app.kubernetes.io/instance": RELEASE,
            "app.kubernetes.io/component": name,
        }
        values["topologySpreadConstraints"] = spread(
            placement, nodes=context.kubernetes.nodes, replicas=role.replicas, selector=labels
        )
    if role.volume is not None:
        values["persistence"] = _volume(role, placement)
    if name == "metastore":
        values["extraArgs"] = {"metastore.raft.bootstrap-expect-peers": role.replicas}
    return {**values, **pod_of(profiles.placement, role)}


def _volume(role: Role, placement: Placement) -> Values:
    assert role.volume is not None  # noqa: S101 - settings.role_policy demands one
    storage_class = {"storageClassName": placement.storage_class} if placement.storage_class else {}
    return {"enabled": True, "size": bytes_text(role.volume), **storage_class}


def _files(context: PyroscopeContext) -> Values:
    """Return what is mounted."""
    wanted = volumes(context)
    return {"extraVolumes": wanted, "extraVolumeMounts": mounts(context)} if wanted else {}


def _variables(context: PyroscopeContext) -> Values:
    """Return variables, a mapping in this chart; the S3 client has no key for an authority and takes Go's for one."""
    authority, renamed = store_authority(context), renamed_variables(context.s3_secret)
    trusted = {"SSL_CERT_DIR": authority.rpartition("/")[0]} if authority else {}
    given = {} if renamed else credentials_from(context.s3_secret)
    return {**given, **named("extraEnvVars", {**trusted, **renamed})}


def _arguments(context: PyroscopeContext, profiles: Profiles) -> Values:
    """Return flags of every pod.

    By default clients of the metastore ask the API server where it is, with a token and a Role; from DNS they learn
    the same names, which are those that the metastores have in Raft (pkg/metastore/discovery).
    """
    metastores = service(profiles.topology, "metastore", headless=True)
    return {
        "log.level": "info",  # the chart's is debug
        "metastore.address": f"dnssrvnoa+_grpc._tcp.{absolute_name(context, metastores)}",
        "compaction-worker.temp-dir": _SCRATCH,  # not /tmp: the image is mounted read-only
        "compaction-worker.job-concurrency": 1,  # else one for each CPU of the node, whatever the request
    }


def _config(context: PyroscopeContext, profiles: Profiles) -> Values:
    """Return Pyroscope's own configuration."""
    server = http_server(context)
    return {
        "multitenancy_enabled": bool(context.tenants),
        **({"server": server} if server else {}),
        "storage": {"backend": "s3", "s3": _s3(context)},
        "limits": {
            **shared(context.limits, limits_of),
            RETENTION: duration_text(profiles.retention),
        },
        "analytics": {"reporting_enabled": False},  # phones home
    }


def _s3(context: PyroscopeContext) -> Values:
    """Return Pyroscope's way to its bucket; without keys, because its S3 client finds them in the environment."""
    store = context.object_store
    return {
        "endpoint": store.address,
        "region": store.region,
        "insecure": store.insecure,
        "bucket_lookup_type": "path-style",
        "bucket_name": context.buckets["blocks"],
    }
