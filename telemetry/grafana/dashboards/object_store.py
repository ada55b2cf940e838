"""The dashboard of the object store: as the backends see it, and by its own metrics where it is scraped."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.monitoring.object_store import DISK
from telemetry.spec.panel_queries import QUANTILE, quantile
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, panel
from telemetry.spec.promql import Scope
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first


def dashboard(stack: Stack) -> Dashboard:
    """Return the object store's dashboard."""
    here = Scope.namespace(stack.namespace.name)
    rows = [
        Row(f"As {backend.of.title} sees it", tuple(backend.of.store_panels(backend.context, here)))
        for backend in metrics_first(stack.backends)
        if backend.of.store_panels is not None
    ]
    if "seaweedfs" in stack.monitoring.exporters:
        store = Scope(stack.monitoring.of_object_store)
        rows.append(Row("As SeaweedFS sees itself", (*_requests(store), *_disks(store))))
    about = "How SeaweedFS answers, and how full it is."
    return Dashboard("object-store", "Object store", about, tuple(rows), (QUANTILE,))


def _requests(store: Scope) -> Iterator[Panel]:
    yield panel(
        "S3 requests",
        "reqps",
        "By status; those of others who use the same store are in it.",
        (store.rate("SeaweedFS_s3_request_total", WINDOW, by="code"), "{{code}}"),
    )
    times = quantile(store, "SeaweedFS_s3_request_seconds", by="type")
    yield panel("S3: time to answer", "s", "The chosen quantile, by kind of request.", (times, "{{type}}"))
    yield panel(
        "Read-only volumes",
        "short",
        "Volumes that nothing more is written to: full, or their disk is.",
        (f"sum by (collection) ({store('SeaweedFS_volumeServer_read_only_volumes')})", "{{collection}}"),
    )


def _disks(store: Scope) -> Iterator[Panel]:
    disk = "SeaweedFS_volumeServer_resource"
    used, whole = (f"max by ({DISK}) ({store(disk, type=each)})" for each in ("used", "all"))
    about = "How full each directory of each volume server is; alerts above 90 %."
    full = panel("Disks", "percentunit", about, (f"{used} / {whole}", "{{name}} {{instance}}"))
    yield replace(full, width=12, bad_above=0.9)
    size = f"sum by (collection) ({store('SeaweedFS_volumeServer_total_disk_size')})"
    kept = panel(
        "Buckets", "bytes", "Bytes on disk by collection, one per bucket; replicas count.", (size, "{{collection}}")
    )
    yield replace(kept, width=12)
