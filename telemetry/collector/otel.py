"""The same pipeline as the OpenTelemetry Collector's own YAML.

The pipeline is described once, in the blocks of `pipeline` and its neighbours. Alloy's `otelcol` components are the
Collector's, by and large argument for argument, and its `prometheus` and `discovery` ones are Prometheus'; so a block
is written as it stands, and this module says what has another form there. Source: the README of each component in
open-telemetry/opentelemetry-collector and -contrib at v0.161.0; the tests have that Collector read and run the result.
Components have the names that older releases know as well: `otlphttp`, not `otlp_http`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from telemetry.collector import own_metrics
from telemetry.collector.syntax import Block, Expression, Value
from telemetry.config.collector import HEALTH_PORT
from telemetry.config.existing import ScrapedPods

STORAGE = "/var/lib/otelcol"
"""Where the Collector's queue and log lie."""
Config = dict[str, Any]
_MI = 2**20
_TYPES = {
    "otelcol.receiver.otlp": ("receivers", "otlp"),
    "otelcol.processor.memory_limiter": ("processors", "memory_limiter"),
    "otelcol.processor.probabilistic_sampler": ("processors", "probabilistic_sampler"),
    "otelcol.processor.tail_sampling": ("processors", "tail_sampling"),
    "otelcol.processor.transform": ("processors", "transform"),
    "otelcol.processor.batch": ("processors", "batch"),
    "otelcol.exporter.otlp": ("exporters", "otlp"),
    "otelcol.exporter.otlphttp": ("exporters", "otlphttp"),
    "otelcol.storage.file": ("extensions", "file_storage"),
    "otelcol.auth.bearer": ("extensions", "bearertokenauth"),
    "prometheus.scrape": ("receivers", "prometheus"),
    "prometheus.remote_write": ("exporters", "prometheusremotewrite"),
}
"""Section and type there of each component of Alloy's that is a component there too."""
_LISTS = {
    "policy": "policies",
    **{name: name for name in ("drop_sub_policy", "trace_statements", "metric_statements", "log_statements")},
}
"""Blocks of which there may be several, and what the list of them is called there."""


def text(blocks: Iterable[Block], own: ScrapedPods | None = None) -> str:
    """Return a whole configuration; the same blocks always make the same text.

    Args:
        blocks: the pipeline.
        own: where its own metrics are, and what it asks of who reads them.
    """
    config = _Configuration(blocks).whole(own_metrics.served(own))
    return yaml.safe_dump(_escaped(config), sort_keys=False, width=120)


class _Configuration:
    """Blocks that refer to one another, and how each is written."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = {f"{block.name}.{block.label}": block for block in blocks}

    def whole(self, own: Config) -> Config:
        """Return the configuration, with what serves its own metrics."""
        signals = self._signals()
        used = {each for steps in signals.values() for each in steps} | self._of_type("prometheus.scrape")
        used |= self._of_type("otelcol.receiver.otlp", "otelcol.storage.file", "otelcol.auth.bearer")
        found: Config = {name: {} for name in ("extensions", "receivers", "processors", "exporters")}
        found["extensions"]["health_check"] = {"endpoint": f"0.0.0.0:{HEALTH_PORT}"}
        for key, block in self._blocks.items():
            if key in used:
                found[_TYPES[block.name][0]][_id(block)] = self._written(block)
        found = {name: parts | own.get(name, {}) for name, parts in found.items()}
        return {**found, "service": self._service(signals, found["extensions"], own)}

    def _service(self, signals: Mapping[str, list[str]], extensions: Iterable[str], own: Config) -> Config:
        pipelines = {signal: self._pipeline(signal, steps) for signal, steps in signals.items()}
        return {
            "extensions": list(extensions),
            "telemetry": {"logs": {"level": "info"}, "metrics": {"readers": [own["reader"]]}},
            "pipelines": pipelines | own.get("pipelines", {}),
        }

    def _pipeline(self, signal: str, steps: list[str]) -> Config:
        receivers = self._of_type("otelcol.receiver.otlp", *(["prometheus.scrape"] if signal == "metrics" else []))
        *processors, exporter = steps
        written = {"receivers": sorted(receivers), "processors": processors, "exporters": [exporter]}
        return {name: [_id(self._blocks[each]) for each in keys] for name, keys in written.items()}

    def _signals(self) -> dict[str, list[str]]:
        """Return, by signal, what data goes through once it is received; the last of them sends it on."""
        (start,) = self._of_type("otelcol.receiver.otlp")
        return {signal: list(self._steps(signal, start)) for signal in _part(self._blocks[start], "output").arguments}

    def _steps(self, signal: str, start: str) -> Iterator[str]:
        following = self._after(self._blocks[start], signal)
        while following is not None:
            block = self._blocks[following]
            then = self._after(block, signal)
            if block.name in _TYPES:
                yield following
            following = then

    def _after(self, block: Block, signal: str) -> str | None:
        """Return what a block sends a signal to; None of one that sends it away."""
        if block.name == "otelcol.exporter.prometheus":  # only turns it into Prometheus' form, which remote_write does
            return _referred(block.arguments["forward_to"])
        outputs = [each for each in block.blocks if each.name == "output"]
        return _referred(outputs[0].arguments[signal]) if outputs else None

    def _of_type(self, *names: str) -> set[str]:
        return {key for key, block in self._blocks.items() if block.name in names}

    def _written(self, block: Block) -> Config:
        match block.name:
            case "otelcol.receiver.otlp":
                return {"protocols": {each.name: _listening(each) for each in block.blocks if each.name != "output"}}
            case "otelcol.processor.memory_limiter":
                return {"check_interval": block.arguments["check_interval"], "limit_mib": _mi(block.arguments["limit"])}
            case "otelcol.exporter.otlp" | "otelcol.exporter.otlphttp":
                return self._exporter(block)
            case "otelcol.storage.file":
                return {"directory": f"{STORAGE}/{block.label}", "create_directory": True}
            case "otelcol.auth.bearer":
                return {"filename": self._blocks[_referred(block.arguments["token"])].arguments["filename"]}
            case "prometheus.scrape":
                return {"config": {"scrape_configs": [self._scrape(block)]}}
            case "prometheus.remote_write":
                return self._remote_write(block)
            case _:
                return self._body(block)

    def _body(self, block: Block) -> Config:
        """Return arguments and blocks as they stand."""
        found: Config = {name: self._value(value) for name, value in block.arguments.items()}
        for each in block.blocks:
            if each.name in _LISTS:
                found.setdefault(_LISTS[each.name], []).append(self._body(each))
            elif each.name != "output":
                found[each.name] = self._body(each)
        return found

    def _value(self, value: Value) -> Any:
        return _id(self._blocks[_referred(value)]) if isinstance(value, Expression) else value

    def _exporter(self, block: Block) -> Config:
        """Return an exporter, which has no client apart from itself there."""
        client = _part(block, "client")
        stated = {name: value for name, value in client.arguments.items() if name != "auth"}
        others = tuple(each for each in block.blocks if each is not client)
        return {
            **stated,
            **{each.name: _trust(self._body(each)) for each in client.blocks},
            **self._authentication(client.arguments.get("auth")),
            **self._body(replace(block, blocks=others)),
        }

    def _authentication(self, handler: Value | None) -> Config:
        """Return how to say who sends; a header takes no component there."""
        if handler is None:
            return {}
        block = self._blocks[_referred(handler)]
        if block.name == "otelcol.auth.headers":
            return {"headers": {str(each.arguments["key"]): each.arguments["value"] for each in block.blocks}}
        return {"auth": {"authenticator": _id(block)}}

    def _remote_write(self, block: Block) -> Config:
        endpoint, retried = _part(block, "endpoint"), _part(block, "wal").arguments["max_keepalive_time"]
        found: Config = {"endpoint": endpoint.arguments["url"]}
        if "headers" in endpoint.arguments:
            found["headers"] = endpoint.arguments["headers"]
        if "bearer_token_file" in endpoint.arguments:
            (bearer,) = self._of_type("otelcol.auth.bearer")
            found["auth"] = {"authenticator": _id(self._blocks[bearer])}
        found["tls"] = next((_trust(each.arguments) for each in endpoint.blocks), {"insecure": True})
        if "external_labels" in block.arguments:
            found["external_labels"] = block.arguments["external_labels"]
        log = {"directory": f"{STORAGE}/{block.label}", "truncate_frequency": "1s"}
        return {**found, "wal": log, "retry_on_failure": {"max_elapsed_time": retried}}

    def _scrape(self, block: Block) -> Config:
        """Return how Prometheus finds and scrapes the same targets."""
        relabel = self._blocks[_referred(block.arguments["targets"])]
        discovery = self._blocks[_referred(relabel.arguments["targets"])]
        searched = self._body(discovery)
        searched["selectors"] = [searched["selectors"]] if "selectors" in searched else []
        stated = {name: value for name, value in block.arguments.items() if name not in ("targets", "forward_to")}
        return {
            "job_name": block.label,
            **stated,
            **{each.name: self._body(each) for each in block.blocks if each.name != "clustering"},
            "kubernetes_sd_configs": [searched],
            "relabel_configs": [self._body(rule) for rule in relabel.blocks],
        }


def _id(block: Block) -> str:
    return f"{_TYPES[block.name][1]}/{block.label}"


def _part(block: Block, name: str) -> Block:
    return next(each for each in block.blocks if each.name == name)


def _referred(value: Value) -> str:
    """Return the name of the one block that an argument refers to."""
    reference = value[0] if isinstance(value, list | tuple) else value
    return str(reference).rpartition(".")[0]


def _trust(tls: Mapping[str, Any]) -> Config:
    """Return whom to trust; the name that a certificate must have is called otherwise there."""
    return {{"server_name": "server_name_override"}.get(name, name): value for name, value in tls.items()}


def _listening(protocol: Block) -> Config:
    """Return how OTLP is received; sizes are numbers there."""
    endpoint = {"endpoint": protocol.arguments["endpoint"]}
    if protocol.name == "grpc":
        return {**endpoint, "max_recv_msg_size_mib": _mi(protocol.arguments["max_recv_msg_size"])}
    return {**endpoint, "max_request_body_size": _mi(protocol.arguments["max_request_body_size"]) * _MI}


def _mi(size: Value) -> int:
    return int(str(size).removesuffix("MiB"))


def _escaped(value: Any) -> Any:
    """Return what is read again as it is: the Collector replaces `${…}`, and reads `$$` as `$`."""
    match value:
        case str():
            return str(value).replace("$", "$$")
        case Mapping():
            return {key: _escaped(each) for key, each in value.items()}
        case list() | tuple():
            return [_escaped(each) for each in value]
        case _:
            return value
