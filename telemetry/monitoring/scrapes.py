"""Alerts on scraping itself: on what is not scraped, no other alert can fire.

Backends, the gateway, the collector and the object store have such an alert among their own.
"""

from collections.abc import Iterator

from telemetry.monitoring.scraping import targets_of
from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope, pods_of
from telemetry.stack import Stack

_UP = "up"
"""What every scraper says of each target: 1, or 0 where the last scrape failed."""


def rules(stack: Stack) -> Iterator[Alert]:
    """Yield the alerts."""
    here = Scope.namespace(stack.namespace.name)
    ours = dict.fromkeys(name for target in targets_of(stack) for name in target.releases)
    yield Alert(
        "ScrapeFailing",
        f"min by (pod) ({here(_UP, pods_of(ours))}) == 0",
        "ticket",
        "15m",
        "A pod is found and does not answer when it is scraped: nothing is known of it.",
        "{{ $labels.pod }}: no scrape has succeeded for 15 minutes.",
    )
