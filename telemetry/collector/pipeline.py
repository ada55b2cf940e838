"""The pipeline of applications' telemetry: received, limited, batched, queued and sent again until it is taken."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from telemetry.collector import sampling
from telemetry.collector.cluster import naming
from telemetry.collector.destination import Destination
from telemetry.collector.syntax import Block, Expression, Value
from telemetry.config.collector import Collector
from telemetry.config.quantities import duration_text
from telemetry.spec.cluster import LABEL
from telemetry.spec.context import TENANT_HEADER

OTLP_GRPC, OTLP_HTTP = 4317, 4318
REMOTE_WRITE = "prometheus.remote_write.platform.receiver"
_MI = 2**20
_BATCH = 1_000
"""Spans, data points or log records. At 1 KiB each a batch is 1 MiB, which the queue's size is reckoned by."""
_FRAME = 1_024
"""What of a request may be around the message (gRPC: five bytes)."""
_QUEUES = 3
"""Parts of the disk beside logs: a queue for each of two signals, and remote-write's log. One more is left free."""
_RELOAD = "10m"
"""How often certificates are read again: a rotated one is renewed in the mounted Secret within a minute or two."""


def blocks(collector: Collector, to: Destination, *, received: int, cluster: str | None) -> Iterator[Block]:
    """Yield the blocks of applications' telemetry.

    Args:
        collector: the collector.
        to: the platform.
        received: the largest message from applications, in bytes.
        cluster: what the cluster is called; None: nothing is said of it.
    """
    exporters, largest = _exporters(collector, to), f"{received // _MI}MiB"
    batch, limiter = Block("otelcol.processor.batch", "applications"), Block("otelcol.processor.memory_limiter", "all")
    yield Block(
        "otelcol.receiver.otlp",
        "applications",
        blocks=(
            Block("grpc", arguments={"endpoint": f"0.0.0.0:{OTLP_GRPC}", "max_recv_msg_size": largest}),
            Block("http", arguments={"endpoint": f"0.0.0.0:{OTLP_HTTP}", "max_request_body_size": largest}),
            _output(dict.fromkeys(exporters, limiter)),
        ),
        comment="Applications send here."
        if "logs" in exporters
        else "Applications send here. Logs are not taken: the platform has no place for them.",
    )
    sampled, named = sampling.samplers(collector.sampling), naming(cluster)
    after = _output(dict.fromkeys(exporters, batch) | {"traces": [*sampled, batch][0]})
    yield replace(
        limiter,
        arguments={"check_interval": "1s", "limit": f"{collector.size.memory * 4 // 5 // _MI}MiB"},
        blocks=(_output(dict.fromkeys(exporters, named[0])) if named else after,),
    )
    yield from (replace(each, blocks=(*each.blocks, after)) for each in named)
    for each, following in pairwise([*sampled, batch]):
        yield replace(each, blocks=(*each.blocks, _output({"traces": following})))
    yield replace(
        batch,
        arguments={"timeout": "1s", "send_batch_size": _BATCH, "send_batch_max_size": _BATCH},
        blocks=(_output(exporters),),
    )
    yield from _authentication(to)
    if collector.queue.on_disk:
        yield Block("otelcol.storage.file", "queue")
    yield from exporters.values()


def _exporters(collector: Collector, to: Destination) -> dict[str, Block]:
    """Return what sends each signal on, by signal."""
    kept = tuple(_kept(collector, to))
    found = {}
    if to.logs_otlp is not None:
        found["logs"] = Block("otelcol.exporter.otlphttp", "logs", blocks=(_client(to, to.logs_otlp), *kept))
    if collector.metrics == "otlp":
        # One at a time: samples of a series that are older than what is there are refused.
        in_order = tuple(_kept(collector, to, consumers=1))
        found["metrics"] = Block(
            "otelcol.exporter.otlphttp", "metrics", blocks=(_client(to, to.metrics_otlp), *in_order)
        )
    else:
        remote: dict[str, Value] = {"forward_to": [Expression(REMOTE_WRITE)]}
        found["metrics"] = Block("otelcol.exporter.prometheus", "metrics", remote)
    return {**found, "traces": Block("otelcol.exporter.otlp", "traces", blocks=(_client(to, to.traces), *kept))}


def _client(to: Destination, endpoint: str) -> Block:
    return Block("client", arguments={"endpoint": endpoint, **_auth(to)}, blocks=(_tls(to),))


def remote_write(collector: Collector, to: Destination, cluster: str | None) -> Block:
    """Return the one way of Prometheus' samples, which keeps them in a log on disk until they are taken."""
    credential, tls = remote_access(to)
    header: dict[str, Value] = {} if to.tenant is None else {"headers": {TENANT_HEADER: to.tenant}}
    return Block(
        "prometheus.remote_write",
        "platform",
        {} if cluster is None else {"external_labels": {LABEL: cluster}},
        (
            Block("endpoint", arguments={"url": to.remote_write, **credential, **header}, blocks=tls),
            Block("wal", arguments={"max_keepalive_time": duration_text(collector.queue.retry_for)}),
        ),
    )


def remote_access(to: Destination) -> tuple[dict[str, Value], tuple[Block, ...]]:
    """Return the credential of the protocols of Prometheus and Loki, which read files themselves, and how to trust."""
    credential: dict[str, Value] = {} if to.token is None else {"bearer_token_file": to.token}
    return credential, (Block("tls_config", arguments=_trust(to)),) if to.name else ()


def _output(targets: Mapping[str, Block]) -> Block:
    return Block("output", arguments={signal: [each.refer("input")] for signal, each in targets.items()})


def _authentication(to: Destination) -> Iterator[Block]:
    """Yield what makes a credential of the mounted file; it is read again when it changes."""
    if to.token is not None:
        file = Block("local.file", "token", {"filename": to.token, "is_secret": True})
        yield file
        yield Block("otelcol.auth.bearer", "tenant", {"token": file.refer("content")})
    if to.tenant is not None:
        header = Block("header", arguments={"key": TENANT_HEADER, "value": to.tenant})
        yield Block("otelcol.auth.headers", "tenant", blocks=(header,))


def _auth(to: Destination) -> dict[str, Value]:
    if to.token is not None:
        return {"auth": Expression("otelcol.auth.bearer.tenant.handler")}
    return {"auth": Expression("otelcol.auth.headers.tenant.handler")} if to.tenant is not None else {}


def _tls(to: Destination) -> Block:
    if to.name is None:
        return Block("tls", arguments={"insecure": True})
    renewed: dict[str, Value] = {"reload_interval": _RELOAD} if to.authority or to.certificate else {}
    return Block("tls", arguments={**_trust(to), **renewed})


def _trust(to: Destination) -> dict[str, Value]:
    """Return whom to trust, and by which certificate to be known."""
    authority: dict[str, Value] = {} if to.authority is None else {"ca_file": to.authority}
    authority |= {} if to.name is None else {"server_name": to.name}
    if to.certificate is None:
        return authority
    return {**authority, "cert_file": to.certificate[0], "key_file": to.certificate[1]}


def _kept(collector: Collector, to: Destination, *, consumers: int | None = None) -> Iterator[Block]:
    """Yield how an exporter queues, and for how long it tries again."""
    queue, parts = collector.queue, _QUEUES + 1 + (to.logs_otlp is not None)
    size: dict[str, Value] = {"queue_size": queue.size // parts // _MI}
    workers: dict[str, Value] = {} if consumers is None else {"num_consumers": consumers}
    disk: dict[str, Value] = {"storage": Expression("otelcol.storage.file.queue.handler")} if queue.on_disk else {}
    # By size as well, since batches are made by number: what is larger than the platform takes goes in several.
    batch: dict[str, Value] = {"min_size": 0, "max_size": to.largest_message - _FRAME, "sizer": "bytes"}
    yield Block("sending_queue", "", {**size, **workers, **disk}, (Block("batch", arguments=batch),))
    yield Block("retry_on_failure", arguments={"max_elapsed_time": duration_text(queue.retry_for)})
