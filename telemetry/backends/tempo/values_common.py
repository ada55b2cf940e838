"""What both charts of Tempo are told alike."""

from telemetry.spec.values.common import Values
from telemetry.spec.values.transport import otlp_receiver, remote_write, store_authority
from telemetry.stack import Stack

_MI = 2**20


def receivers(stack: Stack) -> dict[str, Values]:
    """Return the OTLP receivers by protocol: how large a message they take, and TLS where there is some."""
    size, tls = stack.traces.max_message_size, otlp_receiver(stack)
    return {
        "grpc": {"max_recv_msg_size_mib": size // _MI, **tls},
        "http": {"max_request_body_size": size, **tls},
    }


def grpc_server(stack: Stack) -> Values:
    """Return how large a message is that a role takes and answers with; those who ask take 100 MiB."""
    return {f"grpc_server_max_{way}_msg_size": stack.traces.max_message_size for way in ("recv", "send")}


def querier_client(stack: Stack) -> Values:
    """Return how large an answer a querier hands to the query-frontend, which it does as a client."""
    return {"frontend_worker": {"grpc_client_config": {"max_send_msg_size": stack.traces.max_message_size}}}


def s3(stack: Stack) -> Values:
    """Return Tempo's way to its bucket; without keys, because its S3 client finds them in the environment."""
    store, authority = stack.object_store, store_authority(stack)
    return {
        "bucket": stack.traces_buckets["blocks"],
        "endpoint": store.address,
        "region": store.region,
        "insecure": store.insecure,
        "forcepathstyle": True,
        **({"tls_ca_path": authority} if authority else {}),
    }


def processors(stack: Stack) -> Values:
    """Return what the metrics-generator makes of a tenant's spans, in the words of overrides."""
    return {"metrics_generator": {"processors": list(stack.traces.processors)}}


def processor_settings(stack: Stack) -> Values:
    """Return how blocks are made that answer TraceQL metrics; nothing where none are.

    By default they leave out all spans but those of servers, and end with the pod: queries of older times go to the
    bucket, and find these blocks only.
    """
    if "local-blocks" not in stack.traces.processors:
        return {}
    return {"processor": {"local_blocks": {"filter_server_spans": False, "flush_to_storage": True}}}


def generator_storage(stack: Stack, push_url: str) -> Values:
    """Return where the metrics-generator writes; with tenants it names each span's own, by default (charts.md 2.6)."""
    return {"remote_write": [{"url": push_url, "send_exemplars": True, **remote_write(stack)}]}
