"""Panels that dashboards of several backends have in common, because they build on the same libraries."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.spec.panel_queries import part, quantile
from telemetry.spec.panels import WINDOW, Panel, panel
from telemetry.spec.promql import Scope


def requests(here: Scope, what: str, prefix: str, route: str) -> Iterator[Panel]:
    """Yield how many requests there are, and how long they take.

    Args:
        here: where they are measured.
        what: what kind they are.
        prefix: how the backend's metrics begin.
        route: a matcher for theirs.
    """
    histogram = f"{prefix}_request_duration_seconds"
    counter = f"{histogram}_count"
    yield from answers(here, what, route, counter=counter, histogram=histogram, status="status_code", way="route")


def answers(
    here: Scope, what: str, matcher: str, *, counter: str, histogram: str, status: str, way: str
) -> Iterator[Panel]:
    """Yield the same of a backend that calls its metrics otherwise.

    Args:
        here: where they are measured.
        what: what kind of requests they are.
        matcher: for theirs.
        counter: of requests.
        histogram: of their times.
        status: the label with the HTTP status.
        way: the label that tells the ways in apart, and people's word for one.
    """
    yield panel(
        f"{what}: requests",
        "reqps",
        "By status. 5xx is ours to mend and spends the error budget; 4xx is the client's, or a tenant at its limit.",
        (here.rate(counter, WINDOW, matcher, by=status), f"{{{{{status}}}}}"),
    )
    yield panel(
        f"{what}: time to answer",
        "s",
        f"The chosen quantile, by {way}. What takes longer than is promised spends the error budget.",
        (quantile(here, histogram, matcher, by=way), f"{{{{{way}}}}}"),
    )


def store_requests(here: Scope, name: str, histogram: str) -> Iterator[Panel]:
    """Yield how the object store answers a backend that has a histogram of requests by operation and status.

    Args:
        here: where they are measured.
        name: what people call the backend.
        histogram: the histogram.
    """
    done = here.rate(f"{histogram}_count", WINDOW, by="operation")
    failed = here.rate(f"{histogram}_count", WINDOW, 'status_code=~"5.."', by="operation")
    what = "The part that ends with a server's error; alerts above 5 %. A store that does not answer is not in it."
    yield from _store(here, name, "request", (done, failed, what), histogram)


def store_operations(here: Scope, name: str, metrics: str) -> Iterator[Panel]:
    """Yield how the object store answers a backend that counts operations and failures, and knows no status.

    Args:
        here: where they are measured.
        name: what people call the backend.
        metrics: how the metrics of operations begin.
    """
    done = here.rate(f"{metrics}s_total", WINDOW, by="operation")
    failed = here.rate(f"{metrics}_failures_total", WINDOW, by="operation")
    what = "The part that fails; alerts above 5 %."
    yield from _store(here, name, "operation", (done, failed, what), f"{metrics}_duration_seconds")


def _store(here: Scope, name: str, thing: str, counted: tuple[str, str, str], histogram: str) -> Iterator[Panel]:
    """Yield panels of these things: how many are done, the part that fails and what that means, and their times."""
    done, failed, what = counted
    legend = "{{operation}}"
    yield panel(f"{name}: operations", "reqps", f"{thing.capitalize()}s per second, by kind.", (done, legend))
    yield replace(panel(f"{name}: failures", "percentunit", what, (part(failed, done), legend)), bad_above=0.05)
    times = quantile(here, histogram, by="operation")
    yield panel(f"{name}: time to answer", "s", f"The chosen quantile, by kind of {thing}.", (times, legend))


def blocks_written(here: Scope, description: str, written: str, failed: str) -> Panel:
    """Return how many blocks are written to the bucket.

    Args:
        here: where they are measured.
        description: who writes them, and what failures mean.
        written: the counter of those that were written.
        failed: the counter of failures.
    """
    return panel(
        "Blocks written to the bucket",
        "cps",
        description,
        (here.rate(written, WINDOW), "written"),
        (here.rate(failed, WINDOW), "failed"),
    )


def rules_and_notifications(here: Scope, prefix: str = "", tenant: str = "") -> Iterator[Panel]:
    """Yield which rules Prometheus' code cannot evaluate, and which notifications Alertmanager's sends.

    Args:
        here: where they are measured.
        prefix: what the backend puts before the metrics of both.
        tenant: the label with the ids of tenants; empty where groups of rules are of none.
    """
    labels = [label for label in (tenant, "rule_group") if label]
    failures = here.rate(f"{prefix}prometheus_rule_evaluation_failures_total", WINDOW, by=", ".join(labels))
    yield replace(
        panel(
            "Rules that cannot be evaluated",
            "cps",
            f"By {'tenant and ' if tenant else ''}group. Their alerts may not fire.",
            (failures, ": ".join(f"{{{{{label}}}}}" for label in labels)),
        ),
        width=12,
    )
    notifications = f"{prefix}alertmanager_notifications"
    yield replace(
        panel(
            "Notifications",
            "cps",
            "By integration: all, and those that failed, of which nobody hears.",
            (here.rate(f"{notifications}_total", WINDOW, by="integration"), "{{integration}}"),
            (here.rate(f"{notifications}_failed_total", WINDOW, by="integration"), "{{integration}}: failed"),
        ),
        width=12,
    )
