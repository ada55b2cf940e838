"""What both charts of Tempo are told alike."""

from helm.common import Values
from helm.transport import remote_write, store_authority
from settings import Stack

SPAN_PROCESSORS = ["service-graphs", "span-metrics"]
"""What Tempo's metrics-generator derives from spans: the service map, and rates, errors and durations."""


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


def generator_storage(stack: Stack, push_url: str) -> Values:
    """Return where the metrics-generator writes; with tenants it names each span's own, by default (charts.md 2.6)."""
    return {"remote_write": [{"url": push_url, "send_exemplars": True, **remote_write(stack)}]}
