"""PromQL that several dashboards have in common."""

from collections.abc import Iterator
from dataclasses import replace

from telemetry.spec.panels import WINDOW, Panel, Variable, panel
from telemetry.spec.promql import Scope

QUANTILE = Variable("quantile", "Quantile", ("0.99", "0.95", "0.9", "0.5"))
TENANT = "tenant"
"""The variable of the dashboard of tenants."""


def of_tenants(label: str) -> str:
    """Return a matcher for the chosen tenants, whose ids are in this label."""
    return f'{label}=~"${TENANT}"'


def quantile(here: Scope, histogram: str, *matchers: str, by: str = "") -> str:
    """Return the chosen quantile of a histogram, all series together or by labels."""
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile($quantile, {here.rate(f'{histogram}_bucket', WINDOW, *matchers, by=labels)})"


def part(some: str, whole: str) -> str:
    """Return a part of a whole; what is not there is nothing, and of nothing there is no part."""
    return f"({some} or 0 * {whole}) / ({whole} > 0)"


def requests(here: Scope, what: str, prefix: str, route: str) -> Iterator[Panel]:
    """Yield how many requests there are, and how long they take.

    Args:
        here: where they are measured.
        what: what kind they are.
        prefix: how the backend's metrics begin.
        route: a matcher for theirs.
    """
    histogram = f"{prefix}_request_duration_seconds"
    yield panel(
        f"{what}: requests",
        "reqps",
        "By status. 5xx is ours to mend and spends the error budget; 4xx is the client's, or a tenant at its limit.",
        (here.rate(f"{histogram}_count", WINDOW, route, by="status_code"), "{{status_code}}"),
    )
    yield panel(
        f"{what}: time to answer",
        "s",
        "The chosen quantile, by route. What takes longer than is promised spends the error budget.",
        (quantile(here, histogram, route, by="route"), "{{route}}"),
    )


def store_requests(here: Scope, name: str, histogram: str) -> Iterator[Panel]:
    """Yield how the object store answers a backend that has a histogram of requests by operation and status.

    Args:
        here: where they are measured.
        name: what people call the backend.
        histogram: the histogram.
    """
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
