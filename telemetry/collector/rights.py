"""What the collector's pods may ask the API server, and in which namespaces."""

from collections.abc import Iterator
from typing import Any

from telemetry.config.collector import Collector
from telemetry.monitoring.scraping import targets_of
from telemetry.stack import Stack


def rules_of(collector: Collector) -> Iterator[dict[str, Any]]:
    """Yield all that finding pods, and reading their logs, needs."""
    yield {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    if collector.pod_logs is not None:
        yield {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}


def namespaces_of(stack: Stack, collector: Collector) -> tuple[str, ...] | None:
    """Return where: none, if it asks nothing; None, if everywhere."""
    logs = collector.pod_logs
    if logs is not None and logs.every_namespace:
        return None
    scraped = [target.namespace for target in targets_of(stack)] if stack.collector_scrapes else []
    read = [] if logs is None else logs.namespaces or [stack.namespace.name]
    return tuple(dict.fromkeys([*scraped, *read]))
