"""The object store as those see it who use it, and as it sees itself where it is scraped."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from telemetry.spec.backend import Signal
from telemetry.spec.panel_queries import QUANTILE, part, quantile
from telemetry.spec.panels import WINDOW, Dashboard, Panel, Row, panel
from telemetry.spec.promql import Scope
from telemetry.stack import Stack

_REQUESTS: Mapping[Signal, str] = {
    "traces": "tempodb_backend_request_duration_seconds",
    "logs": "loki_s3_request_duration_seconds",
}
"""A backend's histogram of requests, by signal; what Pyroscope exports is not known."""


def dashboard(stack: Stack) -> Dashboard:
    """Return the object store's dashboard."""
    here = Scope.namespace(stack.namespace.name)
    rows = [Row("As Mimir sees it", tuple(_mimir(here)))]
    for backend in (each.of for each in stack.backends if each.signal in _REQUESTS):
        title = backend.title
        rows.append(Row(f"As {title} sees it", tuple(_requests_of(title, _REQUESTS[backend.signal], here))))
    if "seaweedfs" in stack.monitoring.exporters:
        store = Scope(stack.monitoring.object_store_labels)
        rows.append(Row("As SeaweedFS sees itself", (*_requests(store), *_disks(store))))
    about = "How SeaweedFS answers, and how full it is."
    return Dashboard("object-store", "Object store", about, tuple(rows), (QUANTILE,))


def _mimir(here: Scope) -> Iterator[Panel]:
    done, failed = (f"thanos_objstore_bucket_operation{each}_total" for each in ("s", "_failures"))
    yield panel(
        "Mimir: operations",
        "reqps",
        "Operations per second, by kind.",
        (here.rate(done, WINDOW, by="operation"), "{{operation}}"),
    )
    errors = part(here.rate(failed, WINDOW, by="operation"), here.rate(done, WINDOW, by="operation"))
    yield replace(
        panel("Mimir: failures", "percentunit", "The part that fails; alerts above 5 %.", (errors, "{{operation}}")),
        bad_above=0.05,
    )
    times = quantile(here, "thanos_objstore_bucket_operation_duration_seconds", by="operation")
    yield panel("Mimir: time to answer", "s", "The chosen quantile, by kind of operation.", (times, "{{operation}}"))


def _requests_of(name: str, histogram: str, here: Scope) -> Iterator[Panel]:
    """Yield the panels of a backend that has a histogram of requests by operation and status."""
    count, bad = f"{histogram}_count", 'status_code=~"5.."'
    yield panel(
        f"{name}: operations",
        "reqps",
        "Requests per second, by kind.",
        (here.rate(count, WINDOW, by="operation"), "{{operation}}"),
    )
    errors = part(here.rate(count, WINDOW, bad, by="operation"), here.rate(count, WINDOW, by="operation"))
    yield replace(
        panel(
            f"{name}: failures",
            "percentunit",
            "The part that ends with a server's error; alerts above 5 %. A store that does not answer is not in it.",
            (errors, "{{operation}}"),
        ),
        bad_above=0.05,
    )
    times = quantile(here, histogram, by="operation")
    yield panel(f"{name}: time to answer", "s", "The chosen quantile, by kind of request.", (times, "{{operation}}"))


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
    used, whole = (f"sum by (name) ({store('SeaweedFS_volumeServer_resource', type=each)})" for each in ("used", "all"))
    full = panel(
        "Disks", "percentunit", "How full each directory is; alerts above 90 %.", (f"{used} / {whole}", "{{name}}")
    )
    yield replace(full, width=12, bad_above=0.9)
    size = f"sum by (collection) ({store('SeaweedFS_volumeServer_total_disk_size')})"
    kept = panel(
        "Buckets", "bytes", "Bytes on disk by collection, one per bucket; replicas count.", (size, "{{collection}}")
    )
    yield replace(kept, width=12)
