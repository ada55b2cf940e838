"""Tempo, Loki, Pyroscope and Alloy of the user's own, each as one process on what its release has.

No package registry has these programs, so they run only where a fitting one is on PATH. As with Mimir (mimir_ring.py)
the configuration is the deployed one, and only addresses and directories are this machine's. Which flags and keys these
are is from the programs' documentation: of Loki a real one has run on them, of the others none yet.
"""

import base64
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client

from sandbox.gateway.loopback import Network
from sandbox.loki import placed as placed_loki
from sandbox.readiness import await_ready
from sandbox.toolchain import Toolchain
from telemetry.backends.loki.endpoints import HTTP_PORT as LOKI_HTTP
from telemetry.backends.pyroscope.endpoints import HTTP_PORT as PYROSCOPE_HTTP
from telemetry.backends.tempo.endpoints import HTTP_PORT as TEMPO_HTTP
from telemetry.collector.config import CONFIG_MAP as COLLECTOR
from telemetry.collector.config import FILE as COLLECTOR_FILE
from telemetry.spec.ports import OTLP_GRPC, OTLP_HTTP
from telemetry.stack import Stack

_GRPC, _GOSSIP, _ALLOY_HTTP = 9095, 7946, 12345
_SECONDS_TO_START, _SECONDS_TO_FLUSH = 120, 60

Config = dict[str, Any]
Placed = Callable[[Config, str, Path], Config]
"""Takes a configuration, an address of loopback and a directory; returns the configuration with these."""


@dataclass(frozen=True)
class Backend:
    """How one program is started on its release's ConfigMap."""

    config: Callable[[Stack], tuple[str, str] | None]
    """Name and key of the ConfigMap; None where the stack has no such backend."""
    port: int
    placed: Placed | None
    """None: the file is no YAML, and taken as it is."""
    flags: tuple[str, ...]
    """`{file}`, `{address}` and `{directory}` are filled in."""
    ready: str = "/ready"
    addresses: Mapping[str, str] = field(default_factory=dict)
    """As `python -m telemetry validate` names them."""


def _in_server(config: Config, address: str) -> None:
    config["server"] = {**config.get("server", {}), "http_listen_address": address, "grpc_listen_address": address}
    config["memberlist"] = {"bind_addr": [address], "join_members": [f"{address}:{_GOSSIP}"]}


def _placed_tempo(config: Config, address: str, directory: Path) -> Config:
    _in_server(config, address)
    protocols = config["distributor"]["receivers"]["otlp"]["protocols"]
    ports = {"grpc": OTLP_GRPC, "http": OTLP_HTTP}
    receivers = {name: {**(given or {}), "endpoint": f"{address}:{ports[name]}"} for name, given in protocols.items()}
    config["distributor"] = {**config["distributor"], "receivers": {"otlp": {"protocols": receivers}}}
    lifecycler = {"address": address, "ring": {"kvstore": {"store": "memberlist"}, "replication_factor": 1}}
    config["ingester"] = {**config.get("ingester", {}), "lifecycler": lifecycler}
    config["querier"] = {"frontend_worker": {"frontend_address": f"{address}:{_GRPC}"}}
    config["storage"]["trace"]["wal"] = {"path": str(directory / "wal")}
    if "metrics_generator" in config:
        config["metrics_generator"]["storage"]["path"] = str(directory / "generator")
        config["metrics_generator"]["traces_storage"] = {"path": str(directory / "generator-traces")}
    config.get("overrides", {}).pop("per_tenant_override_config", None)
    return config


def _placed_loki(config: Config, address: str, directory: Path) -> Config:
    config.get("runtime_config", {}).pop("file", None)
    return placed_loki(config, ("all", address), [("all", address)], directory)


def _placed_pyroscope(config: Config, address: str, directory: Path) -> Config:
    _in_server(config, address)
    config["pyroscopedb"] = {**config.get("pyroscopedb", {}), "data_path": str(directory / "data")}
    config.pop("runtime_config", None)
    return config


_ALL_ROLES = ("-target=all", "-config.file={file}", "-config.expand-env=true")
BACKENDS: Mapping[str, Backend] = {
    "tempo": Backend(
        lambda stack: ("tempo" if stack.traces.topology == "monolithic" else "tempo-distributed-config", "tempo.yaml"),
        TEMPO_HTTP,
        _placed_tempo,
        _ALL_ROLES,
        addresses={
            "traces.otlp_grpc": f"{{address}}:{OTLP_GRPC}",
            "traces.otlp_http": f"http://{{address}}:{OTLP_HTTP}/v1/traces",
            **{f"traces.{name}": f"http://{{address}}:{TEMPO_HTTP}" for name in ("query", "admin", "ring")},
        },
    ),
    "loki": Backend(
        lambda stack: ("loki", "config.yaml") if stack.logs else None,
        LOKI_HTTP,
        _placed_loki,
        _ALL_ROLES,
        addresses={
            "logs.push": f"http://{{address}}:{LOKI_HTTP}/loki/api/v1/push",
            "logs.otlp_http": f"http://{{address}}:{LOKI_HTTP}/otlp/v1/logs",
            **{f"logs.{name}": f"http://{{address}}:{LOKI_HTTP}" for name in ("query", "admin", "ring")},
        },
    ),
    "pyroscope": Backend(
        lambda stack: ("pyroscope-config", "config.yaml") if stack.profiles else None,
        PYROSCOPE_HTTP,
        _placed_pyroscope,
        _ALL_ROLES,
    ),
    "alloy": Backend(
        lambda stack: (COLLECTOR, COLLECTOR_FILE) if stack.collector and stack.collector.kind == "alloy" else None,
        _ALLOY_HTTP,
        None,
        ("run", f"--server.http.listen-addr={{address}}:{_ALLOY_HTTP}", "--storage.path={directory}", "{file}"),
        ready="/-/ready",
    ),
}


def wanted(stack: Stack) -> list[str]:
    """Return the programs that a stack's backends are, Mimir apart."""
    return [name for name, backend in BACKENDS.items() if backend.config(stack) is not None]


def missing(stack: Stack, toolchain: Toolchain) -> dict[str, str]:
    """Return which of them cannot be started here, and why."""
    reasons = {name: toolchain.missing(name) for name in wanted(stack)}
    return {name: reason for name, reason in reasons.items() if reason}


@contextmanager
def running(
    stack: Stack, toolchain: Toolchain, core: client.CoreV1Api, net: Network, directory: Path
) -> Iterator[dict[str, str]]:
    """Start what a stack has and this machine can, and yield where each is, once all are ready.

    Addresses are named as `python -m telemetry validate` names them, and that of a program itself is by its name.

    Raises:
        RuntimeError: one did not start; the message ends with its last lines.
    """
    skipped = missing(stack, toolchain)
    found: dict[str, str] = {}
    with ExitStack() as processes:
        for name in wanted(stack):
            if name not in skipped:
                address = net.address()
                place = directory / name
                place.mkdir()
                processes.enter_context(_process(name, stack, toolchain, core, address, place))
                found |= {what: text.format(address=address) for what, text in BACKENDS[name].addresses.items()}
                found[name] = f"http://{address}:{BACKENDS[name].port}"
        yield found


@contextmanager
def _process(
    name: str, stack: Stack, toolchain: Toolchain, core: client.CoreV1Api, address: str, directory: Path
) -> Iterator[None]:
    backend, namespace = BACKENDS[name], stack.namespace.name
    config_map, key = backend.config(stack) or ("", "")
    text = core.read_namespaced_config_map(config_map, namespace).data[key]
    if backend.placed is not None:
        text = yaml.safe_dump(backend.placed(yaml.safe_load(text), address, directory))
    file = directory / key
    file.write_text(text)
    flags = [flag.format(file=file, address=address, directory=directory) for flag in backend.flags]
    log = directory / "log"
    with log.open("w") as out:
        program = [str(toolchain.path(name)), *flags]
        process = subprocess.Popen(program, env=_environment(core, name, namespace), stdout=out, stderr=out)
        try:
            url = f"http://{address}:{backend.port}{backend.ready}"
            await_ready(process, url, name, log, seconds=_SECONDS_TO_START, client=None)
            yield
        finally:
            _end(process)


def _environment(core: client.CoreV1Api, name: str, namespace: str) -> dict[str, str]:
    """Return what a backend's Secret gives its pods; the collector has none."""
    if name == "alloy":
        return {}
    data = core.read_namespaced_secret(f"{name}-s3", namespace).data
    return {key: base64.b64decode(text).decode() for key, text in data.items()}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End it as Kubernetes does, with time to flush."""
    process.terminate()
    try:
        process.wait(_SECONDS_TO_FLUSH)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
