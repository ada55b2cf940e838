"""Alerts on SeaweedFS, where its metrics are scraped."""

from collections.abc import Iterator

from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope
from telemetry.stack import Stack

DISK = "instance, name"
"""The labels that name a disk: every volume server may call its directory `/data`."""


def rules(stack: Stack) -> Iterator[Alert]:
    """Yield the object store's alerts; none where it is not scraped."""
    if "seaweedfs" not in stack.monitoring.exporters:
        return
    store = Scope(stack.monitoring.of_object_store)
    requests = "SeaweedFS_s3_request_total"
    disk = "SeaweedFS_volumeServer_resource"
    yield Alert(
        "ObjectStoreNotScraped",
        f"absent({store(disk)})",
        "ticket",
        "15m",
        "Nothing is known of SeaweedFS: its metrics are not scraped.",
        "Every other alert on the object store is blind until they are.",
    )
    failed, all_ = store.rate(requests, "5m", 'code=~"5.."'), store.rate(requests, "5m")
    yield Alert(
        "ObjectStoreErrors",
        f"{failed} / {all_} > 0.05",
        "page",
        "10m",
        "SeaweedFS answers with errors: blocks can neither be written nor read.",
        "{{ $value | humanizePercentage }} of all S3 requests end with a server's error.",
    )
    free, whole = (f"max by ({DISK}) ({store(disk, type=each)})" for each in ("free", "all"))
    yield Alert(
        "ObjectStoreNearlyFull",
        f"{free} / {whole} < 0.1",
        "ticket",
        "15m",
        "A directory of SeaweedFS has less than 10 % of its disk left.",
        "{{ $labels.name }} of {{ $labels.instance }}: {{ $value | humanizePercentage }} left; at 1 % it is read-only.",
    )
