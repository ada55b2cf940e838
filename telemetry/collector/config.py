"""A stack's settings as the configuration of Grafana Alloy, or of the OpenTelemetry Collector.

Names, arguments and defaults of blocks are those of Alloy 1.18 (docs/sources/reference/components of grafana/alloy);
the tests hold every block against a table of them, and the text against Alloy's own parser and formatter.
"""

from telemetry.collector import otel, pipeline, pod_logs, scraping, syntax
from telemetry.collector.destination import Destination, destination
from telemetry.collector.syntax import Block
from telemetry.config.collector import Collector
from telemetry.stack import Stack

CONFIG_MAP = "collector"
FILE = "config.alloy"
FILES = {"alloy": FILE, "otel": "config.yaml"}
"""What the configuration of each kind of collector is called."""


def configuration(stack: Stack, collector: Collector) -> str:
    """Return the configuration: applications' OTLP goes to the platform, and what else is collected."""
    return written(stack, collector, destination(stack, collector))


def written(stack: Stack, collector: Collector, to: Destination) -> str:
    """Return the configuration of a collector that sends to a given place."""
    blocks = [Block("logging", arguments={"level": "info", "format": "logfmt"})]
    cluster = stack.kubernetes.cluster
    blocks += pipeline.blocks(collector, to, received=stack.traces.max_message_size, cluster=cluster)
    if stack.collector_scrapes:
        blocks += scraping.blocks(stack, collector)
    if stack.collector_scrapes or collector.metrics == "remote-write":
        blocks.append(pipeline.remote_write(collector, to, cluster))
    if collector.pod_logs is not None:
        chosen = () if stack.gateway else [tenant.id for tenant in stack.tenants]
        logs = collector.pod_logs.model_copy(update={"cluster": collector.pod_logs.cluster or cluster})
        blocks += pod_logs.blocks(collector, logs, to, namespace=stack.namespace.name, tenants=chosen)
    return otel.text(blocks, collector.own_metrics) if collector.kind == "otel" else syntax.text(blocks)
