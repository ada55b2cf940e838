"""The logs of pods, read by the Kubernetes API: no privilege, no folder of the node.

The lines go to Loki by its own protocol, since OTLP has no labels. Nothing is queued here: while Loki does not answer
Alloy stops reading, and the lines wait in the node's files, which kubelet rotates (10Mi each by its own default).

How stages behave beyond their documentation is read from internal/component/loki/process/stages of grafana/alloy.
"""

import re
from collections.abc import Iterator, Sequence

from telemetry.collector.destination import Destination
from telemetry.collector.discovery import names_of_pods, of_own_node, rule
from telemetry.collector.pipeline import remote_access
from telemetry.collector.syntax import Block, Value
from telemetry.config.collector import Collector
from telemetry.config.pod_logs import LABELS, LineRule, PodLogs
from telemetry.spec.cluster import LABEL

_TENANT = "tenant_id"
"""Loki has no dots in names, and makes this of OTLP's `tenant.id`."""
_OF_NAMESPACE, _KNOWN = "tenant_of_namespace", "known_tenant"
_BATCH = 2**20
_DOUBLINGS, _LONGEST_PAUSE = 10, 300
"""Pauses double from 500 ms up to five minutes (loki.write)."""


def blocks(
    collector: Collector, logs: PodLogs, to: Destination, *, namespace: str, tenants: Sequence[str]
) -> Iterator[Block]:
    """Yield what finds pods, reads their logs, works on the lines and sends them.

    Args:
        collector: the collector, with DaemonSet or for an Alloy that exists.
        logs: its settings of pods' logs.
        to: the platform.
        namespace: the stack's own.
        tenants: those that the sender may choose among; none where the gateway knows it by its credential.
    """
    discovery = Block("discovery.kubernetes", "pods")
    relabel = Block("discovery.relabel", "pods", {"targets": discovery.refer("targets")}, tuple(_relabelled(logs)))
    process, write = Block("loki.process", "pods"), Block("loki.write", "platform")
    yield Block(
        discovery.name,
        discovery.label,
        {"role": "pod"},
        tuple(_searched(collector, logs, namespace)),
        comment="The logs of pods.",
    )
    yield relabel
    yield Block(
        "loki.source.kubernetes",
        "pods",
        {"targets": relabel.refer("output"), "forward_to": [process.refer("receiver")]},
        (Block("clustering", arguments={"enabled": not collector.deploys}),),
    )
    yield Block(process.name, process.label, {"forward_to": [write.refer("receiver")]}, tuple(_stages(logs, tenants)))
    yield _write(write, collector, logs, to)


def _searched(collector: Collector, logs: PodLogs, namespace: str) -> Iterator[Block]:
    if not logs.every_namespace:
        yield Block("namespaces", arguments={"names": logs.namespaces or [namespace]})
    if own := of_own_node(collector):
        yield Block("selectors", arguments={"role": "pod", **own})


def _relabelled(logs: PodLogs) -> Iterator[Block]:
    namespace = ["__meta_kubernetes_namespace"]
    if logs.exclude:
        yield rule(namespace, action="drop", regex="|".join(logs.exclude))
    yield from names_of_pods()
    for name, tenant in logs.tenants.items():
        yield rule(namespace, regex=name, target_label=_OF_NAMESPACE, replacement=tenant.replace("$", "$$"))


def _stages(logs: PodLogs, tenants: Sequence[str]) -> Iterator[Block]:
    for each in logs.rules:
        stages = tuple(_of_rule(each))
        if each.namespaces:
            selector = f'{{namespace=~"{"|".join(each.namespaces)}"}}'
            yield Block("stage.match", arguments={"selector": selector}, blocks=stages)
        else:
            yield from stages
    fields = {**logs.json_fields, **({_TENANT: logs.tenant_field} if logs.tenant_field else {})}
    if fields:
        yield Block("stage.json", arguments={"expressions": fields})
    kept = list(logs.json_fields)
    if logs.tenant_field or logs.tenants:
        kept.append(_TENANT)
        either = f'{{{{ or .{_TENANT} .{_OF_NAMESPACE} "" }}}}'
        yield Block("stage.template", arguments={"source": _TENANT, "template": either})
        if tenants:
            yield from _sent_as(tenants)
    if kept:
        yield Block("stage.structured_metadata", arguments={"values": dict.fromkeys(kept, "")})
    reserved = ["__tenant_id__"] if tenants else []
    yield Block("stage.label_keep", arguments={"values": [*sorted(LABELS), *reserved]})


def _sent_as(tenants: Sequence[str]) -> Iterator[Block]:
    """Yield what sends a line in its tenant's name, if there is such a tenant."""
    known = "|".join(map(re.escape, tenants))
    yield Block("stage.regex", arguments={"expression": f"^(?P<{_KNOWN}>{known})$", "source": _TENANT})
    yield Block("stage.tenant", arguments={"source": _KNOWN})


def _of_rule(each: LineRule) -> Iterator[Block]:
    if each.first_line is not None:
        yield Block("stage.multiline", arguments={"firstline": each.first_line})
    for pattern in each.drop:
        yield Block("stage.drop", arguments={"expression": pattern, "drop_counter_reason": "rule"})
    if each.keep_percent < 100:
        yield Block("stage.sampling", arguments={"rate": each.keep_percent / 100})


def _write(write: Block, collector: Collector, logs: PodLogs, to: Destination) -> Block:
    assert to.logs_push is not None  # noqa: S101 - stack.collector refuses pods' logs where nothing stores them
    access, tls = remote_access(to)
    tenant: dict[str, Value] = {} if to.tenant is None else {"tenant_id": to.tenant}
    tries = _DOUBLINGS + collector.queue.retry_for // _LONGEST_PAUSE
    endpoint: dict[str, Value] = {
        "url": to.logs_push,
        "batch_size": f"{min(_BATCH, to.largest_message) // 1_024}KiB",
        "max_backoff_retries": tries,
        **access,
        **tenant,
    }
    return Block(
        write.name,
        write.label,
        {"external_labels": {LABEL: str(logs.cluster)}},
        (Block("endpoint", arguments=endpoint, blocks=tls),),
    )
