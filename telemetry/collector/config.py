"""A stack's settings as the configuration of Grafana Alloy.

Names, arguments and defaults are those of Alloy 1.18 (docs/sources/reference/components of grafana/alloy); the tests
hold every block against a table of them, and the text against Alloy's own parser and formatter.
"""

from telemetry.collector import pipeline, scraping
from telemetry.collector.destination import destination
from telemetry.collector.syntax import Block, text
from telemetry.config.collector import Collector
from telemetry.stack import Stack

CONFIG_MAP = "collector"
FILE = "config.alloy"


def configuration(stack: Stack, collector: Collector) -> str:
    """Return the configuration: applications' OTLP goes to the platform and, if wanted, its own pods are scraped."""
    to = destination(stack, collector)
    blocks = [Block("logging", arguments={"level": "info", "format": "logfmt"})]
    blocks += pipeline.blocks(collector, to, received=stack.traces.max_message_size)
    if stack.collector_scrapes:
        blocks += scraping.blocks(stack, collector)
    if stack.collector_scrapes or collector.metrics == "remote-write":
        blocks.append(pipeline.remote_write(collector, to))
    return text(blocks)
