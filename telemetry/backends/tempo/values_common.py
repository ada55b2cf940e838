"""What both charts of Tempo are told alike."""

from telemetry.backends.tempo.context import TempoContext
from telemetry.backends.tempo.limits import limits_of
from telemetry.config.images import Image
from telemetry.config.quantities import duration_text
from telemetry.spec.cluster import LABEL
from telemetry.spec.ports import absolute
from telemetry.spec.values.common import Values, merged
from telemetry.spec.values.transport import otlp_receiver, remote_write, store_authority

SECRET = "tempo-s3"  # noqa: S105 - a Secret's name
"""The Secret with Tempo's S3 credentials."""
TENANTS_CONFIG_MAP = "tempo-tenants"
"""The ConfigMap with tenants' limits for the single binary, which reads it again while it runs."""
IMAGE = Image("docker.io", "grafana/tempo")
_MI = 2**20


def receivers(context: TempoContext) -> dict[str, Values]:
    """Return the OTLP receivers by protocol: how large a message they take, and TLS where there is some."""
    size, tls = context.settings.max_message_size, otlp_receiver(context)
    return {
        "grpc": {"max_recv_msg_size_mib": size // _MI, **tls},
        "http": {"max_request_body_size": size, **tls},
    }


def grpc_server(context: TempoContext) -> Values:
    """Return how large a message is that a role takes and answers with; those who ask take 100 MiB."""
    return {f"grpc_server_max_{way}_msg_size": context.settings.max_message_size for way in ("recv", "send")}


def querier_client(context: TempoContext) -> Values:
    """Return how large an answer a querier hands to the query-frontend, which it does as a client."""
    return {"frontend_worker": {"grpc_client_config": {"max_send_msg_size": context.settings.max_message_size}}}


def s3(context: TempoContext) -> Values:
    """Return Tempo's way to its bucket; without keys, because its S3 client finds them in the environment."""
    store, authority = context.object_store, store_authority(context)
    return {
        "bucket": context.buckets["blocks"],
        "endpoint": store.address,
        "region": store.region,
        "insecure": store.insecure,
        "forcepathstyle": True,
        **({"tls_ca_path": authority} if authority else {}),
    }


def tenant_overrides(context: TempoContext, *, generates: bool) -> Values:
    """Return `overrides`, tenant by tenant; `generates` where there is a metrics-generator.

    Every value is stated: in Tempo a tenant with overrides of its own has none of the defaults left.
    """
    made, retention = processors(context) if generates else {}, context.settings.retention
    return {
        tenant: merged(
            merged(limits_of(of.limits), {"compaction": {"block_retention": duration_text(of.retention or retention)}}),
            made,
        )
        for tenant, of in context.tenants.items()
    }


def processors(context: TempoContext) -> Values:
    """Return what the metrics-generator makes of a tenant's spans, in the words of overrides."""
    return {"metrics_generator": {"processors": list(context.settings.processors)}}


def generator_settings(context: TempoContext) -> Values:
    """Return what its metrics are told apart by, and how blocks are made that answer TraceQL metrics.

    By default these leave out all spans but those of servers, and end with the pod: queries of older times go to the
    bucket, and find these blocks only.
    """
    cluster = context.kubernetes.cluster
    labels = {} if cluster is None else {"registry": {"external_labels": {LABEL: cluster}}}
    if "local-blocks" not in context.settings.processors:
        return labels
    return {**labels, "processor": {"local_blocks": {"filter_server_spans": False, "flush_to_storage": True}}}


def generator_storage(context: TempoContext) -> Values:
    """Return where the metrics-generator writes; with tenants it names each span's own, by default."""
    return {
        "remote_write": [
            {"url": absolute(context, context.remote_write), "send_exemplars": True, **remote_write(context)}
        ]
    }
