"""A stack's settings as the configuration of Grafana Alloy.

Names, arguments and defaults are those of Alloy 1.18 (docs/sources/reference/components of grafana/alloy); the tests
hold every block against a table of them, and the text against Alloy's own parser and formatter.
"""

from telemetry.collector import pipeline, pod_logs, scraping
from telemetry.collector.destination import destination
from telemetry.collector.syntax import Block, text
from telemetry.config.collector import Collector
from telemetry.stack import Stack

CONFIG_MAP = "collector"
FILE = "config.alloy"


def configuration(stack: Stack, collector: Collector) -> str:
    """Return the configuration: applications' OTLP goes to the platform, and what else is collected."""
    to = destination(stack, collector)
    blocks = [Block("logging", arguments={"level": "info", "format": "logfmt"})]
    blocks += pipeline.blocks(collector, to, received=stack.traces.max_message_size)
    if stack.collector_scrapes:
        blocks += scraping.blocks(stack, collector)
    if stack.collector_scrapes or collector.metrics == "remote-write":
        blocks.append(pipeline.remote_write(collector, to))
    if collector.pod_logs is not None:
        chosen = () if stack.gateway else [tenant.id for tenant in stack.tenants]
        blocks += pod_logs.blocks(collector, collector.pod_logs, to, namespace=stack.namespace.name, tenants=chosen)
    return text(blocks)
