"""The OpenTelemetry Collector on what the program writes for it: the real one, behind it the real nginx and Mimir.

Tempo and Loki cannot be had here; stand-ins take what is theirs, and note it down.
"""

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from sandbox.gateway.grpc_sink import EXPORT
from sandbox.gateway.http_sink import http_sink
from sandbox.gateway.ledger import Ledger
from sandbox.gateway.loopback import network
from sandbox.gateway.mimir import PORT, Mimir, mimir
from sandbox.gateway.recorded_tempo import Tempo, recorded_tempo
from sandbox.otel_collector import PROGRAM, Running, running
from sandbox.toolchain import Toolchain
from telemetry.backends.loki.endpoints import HTTP_PORT as LOKI_HTTP
from telemetry.backends.mimir import values as mimir_chart
from telemetry.backends.mimir.checks import checks
from telemetry.clients.otlp import METRIC, PROTOBUF, VIA, otlp_line, otlp_metric, span
from telemetry.clients.reach import Reach
from telemetry.clients.target import COLLECTOR_ADDRESS
from telemetry.collector.config import configuration, written
from telemetry.collector.destination import CREDENTIALS, Destination, destination
from telemetry.config.collector import Collector
from telemetry.operations.validation.target import StackTarget, tenants_of
from telemetry.spec.checks import Check
from telemetry.spec.context import TENANT_HEADER
from telemetry.spec.ports import OTLP_GRPC, OTLP_HTTP
from tests.sandbox.edge import KEY, Edge, open_edge, tenant
from tests.support import WITH_LOGS, WITH_LOGS_IN_PROD, Change, load_stack, put
from tests.unit.bad_collectors import SCRAPES, TWO

_SECONDS = 60
TENANT = "platform"


EAST = put("kubernetes.cluster", "east")
TAIL = {"drop": {"http.route": ["/healthz"]}, "slower_than_ms": 500, "attributes": {"tier": ["gold"]}}
SETTINGS: dict[str, tuple[str, dict[str, Any], tuple[Change, ...]]] = {
    "with a token": ("prod", {}, (WITH_LOGS_IN_PROD,)),
    "with a certificate": (
        "prod",
        {},
        (put("tenants", [{"id": "a", "display_name": "A", "access": {"accepts": "certificate"}}]),),
    ),
    "plainly, in a tenant's name": ("dev", {"tenant": "b"}, (TWO, WITH_LOGS)),
    "sampling": ("dev", {"sampling": {"head_percent": 0.5, "tail": TAIL}}, ()),
    "scraping": ("prod", {}, (SCRAPES, put("gateway.backend_tls", {}))),
    "remote-write": ("prod", {"metrics": "remote-write"}, (SCRAPES,)),
    "of a cluster": ("dev", {"metrics": "remote-write", "sampling": {"head_percent": 50}}, (EAST,)),
    "in memory": ("dev", {"queue": {"on_disk": False, "retry_for": "10m"}}, ()),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_collector_accepts_every_configuration(name: str, otel_tools: Toolchain, tmp_path: Path) -> None:
    environment, settings, more = SETTINGS[name]
    stack = load_stack(environment, put("collector", {"kind": "otel", **settings}), *more)
    assert stack.collector is not None
    file = tmp_path / "config.yaml"
    file.write_text(configuration(stack, stack.collector).replace("/var/lib/otelcol", str(tmp_path)))
    done = subprocess.run(
        [otel_tools.path(PROGRAM), "validate", "--config", file], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_collector_refuses_what_it_does_not_know(otel_tools: Toolchain, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    stack = load_stack("dev", put("collector", {"kind": "otel"}))
    assert stack.collector is not None
    file.write_text(configuration(stack, stack.collector).replace("send_batch_size", "send_batch_sizes"))
    done = subprocess.run(
        [otel_tools.path(PROGRAM), "validate", "--config", file], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "send_batch_sizes" in done.stderr


# ---- What goes in comes out.


def sends_to(place: Destination, settings: dict[str, Any], *more: Change) -> str:
    """Return the configuration of a collector of the dev stack that sends to given addresses of loopback."""
    stack = load_stack("dev", WITH_LOGS, put("collector", {"kind": "otel", **settings}), *more)
    assert stack.collector is not None
    return written(stack, stack.collector, place)


def plainly(address: str) -> Destination:
    """Return backends at an address of loopback, each at its own port, that are told the tenant."""
    stack = load_stack("dev", WITH_LOGS, put("collector", {}))
    assert stack.collector is not None
    return replace(
        destination(stack, stack.collector),
        traces=f"{address}:{OTLP_GRPC}",
        metrics_otlp=f"http://{address}:{PORT}/otlp",
        remote_write=f"http://{address}:{PORT}/api/v1/push",
        logs_otlp=f"http://{address}:{LOKI_HTTP}/otlp",
        tenant=TENANT,
    )


def eventually(happens: Callable[[], object]) -> None:
    """Return once something is so."""
    for attempt in Retrying(
        stop=stop_after_delay(_SECONDS),
        wait=wait_fixed(0.2),
        retry=retry_if_exception_type((AssertionError, httpx.HTTPError)),
        reraise=True,
    ):
        with attempt:
            assert happens()


def send(address: str, signal: str, body: bytes) -> None:
    """Send OTLP to a collector, which takes it."""
    url = f"http://{address}:{OTLP_HTTP}/v1/{signal}"
    httpx.post(url, content=body, headers=PROTOBUF, trust_env=False).raise_for_status()


def asked(client: httpx.Client, query: str) -> list[Any]:
    """Return what Mimir finds."""
    answer = client.get("/prometheus/api/v1/query", params={"query": query}, headers={TENANT_HEADER: TENANT})
    return list(answer.raise_for_status().json()["data"]["result"])


def sample(client: httpx.Client, via: str) -> list[float]:
    """Return the samples that Mimir has of what tests send."""
    found = asked(client, f'{METRIC}{{{VIA}="{via}"}}[1h]')
    return [float(value) for series in found for _, value in series["values"]]


def test_every_signal_goes_through_the_gateway_with_the_tenants_token(otel_tools: Toolchain, tmp_path: Path) -> None:
    with open_edge(otel_tools, [tenant(TENANT)], directory=tmp_path / "mimir", changes=[WITH_LOGS]) as edge:
        assert edge.mimir is not None
        loki = edge.mimir.address.partition(":")[0]
        with (
            http_sink(loki, (LOKI_HTTP,), edge.ledger),
            running(
                otel_tools.path(PROGRAM), through(edge, tmp_path), edge.network.address(), tmp_path / "otel"
            ) as here,
        ):
            (check,) = (each for each in metrics_checks(edge, here) if each.name == "collector in, PromQL out")
            check.run(_SECONDS)
            send(here.address, "logs", otlp_line("a line", "otel"))
            send(here.address, "traces", span("otel").request.SerializeToString())
            eventually(lambda: {seen.path for seen in edge.ledger.all()} == {EXPORT, "/otlp/v1/logs"})
            assert {seen.tenants for seen in edge.ledger.all()} == {(TENANT,)}


def metrics_checks(edge: Edge, here: Running) -> list[Check]:
    """Return what `validate` proves of metrics where the stack has a collector."""
    stack = edge.gateway.stack
    (who,) = tenants_of(stack, KEY, {})
    url = edge.gateway.url
    target = StackTarget(
        stack=stack,
        addresses={
            COLLECTOR_ADDRESS: f"http://{here.address}:{OTLP_HTTP}",
            "metrics.query": f"{url}/prometheus",
        },
        tenants=[who],
        reach=Reach(),
        authority=edge.gateway.authority,
        collects_as=(TENANT,),
    )
    return checks(stack.backend("metrics").context, target, who)


def through(edge: Edge, directory: Path) -> str:
    """Return the configuration for a stack behind its gateway, which is at an address of loopback."""
    stack, collector = edge.gateway.stack, Collector(kind="otel")
    to = replace(
        destination(stack, collector),
        traces=edge.gateway.grpc,
        metrics_otlp=f"{edge.gateway.url}/otlp",
        logs_otlp=f"{edge.gateway.url}/otlp",
    )
    credentials = directory / "credentials"
    credentials.mkdir()
    (credentials / "token").write_text(edge.token(TENANT))
    (credentials / "ca.crt").write_text(edge.gateway.authority)
    return written(stack, collector, to).replace(CREDENTIALS, str(credentials))


def exporters(config: str) -> set[str]:
    """Return what a collector sends by."""
    return set(yaml.safe_load(config)["exporters"])


def kept(files: Path) -> set[str]:
    """Return the exporter with a log of its own, once there is something in it; it does not say that it fails."""
    log = [each.stat().st_size for each in (files / "platform").glob("*/*")]
    return {"prometheusremotewrite/platform"} if any(log) else set()


@pytest.mark.parametrize("metrics", ["otlp", "remote-write"])
def test_what_nobody_takes_outlives_a_kill_and_is_sent_again(
    metrics: str, otel_tools: Toolchain, tmp_path: Path
) -> None:
    program, files, sent, new = otel_tools.path(PROGRAM), tmp_path / "otel", 43, span("otel")
    with network() as net:
        backends, address = net.address(), net.address()
        config = sends_to(plainly(backends), {"metrics": metrics})
        with running(program, config, address, files) as here:
            send(address, "metrics", otlp_metric(sent, "otel"))
            send(address, "logs", otlp_line("a line", "otel"))
            send(address, "traces", new.request.SerializeToString())
            # All is on disk, and was tried; what is in a batch still would be lost.
            eventually(lambda: here.failed() | kept(files) == exporters(config))
            here.process.kill()
        ledger, tempo = Ledger(), Tempo()
        with (
            running(program, config, address, files),
            http_sink(backends, (LOKI_HTTP,), ledger),
            recorded_tempo(backends, tempo),
            one_mimir(otel_tools, backends, tmp_path / "mimir") as real,
        ):
            eventually(lambda: sample(real.client, "otel") == [sent])
            eventually(lambda: [each.trace_id.hex() for each in tempo.spans[TENANT]] == [new.trace_id])
            eventually(lambda: [(seen.path, seen.tenants) for seen in ledger.all()] == [("/otlp/v1/logs", (TENANT,))])


@pytest.mark.parametrize(("metrics", "renamed"), [("otlp", None), ("remote-write", r"_total_.*_total$")])
def test_what_is_scraped_keeps_its_names_and_says_its_cluster(
    metrics: str, renamed: str | None, otel_tools: Toolchain, tmp_path: Path
) -> None:
    with network() as net, one_mimir(otel_tools, net.address(), tmp_path / "mimir") as real:
        place = plainly(real.address.partition(":")[0])
        config = yaml.safe_load(sends_to(place, {"metrics": metrics}, SCRAPES, EAST))
        (scraped,) = config["receivers"]["prometheus/platform"]["config"]["scrape_configs"]
        scraped["scrape_interval"] = "1s"
        scraped["static_configs"] = [{"targets": [real.address], "labels": DISCOVERED}]
        del scraped["kubernetes_sd_configs"]
        offered = set(re.findall(r"^([a-z_0-9]+)[{ ]", real.client.get("/metrics").text, re.MULTILINE))
        with running(otel_tools.path(PROGRAM), yaml.safe_dump(config), net.address(), tmp_path / "otel"):
            labels = 'job="mimir/ingester", namespace="here", pod="mimir-0", container="mimir", cluster="east"'
            eventually(lambda: asked(real.client, f"up{{{labels}}} == 1"))
            found = asked(real.client, f"group by (__name__) ({{{labels}}})")
            lost = offered - {series["metric"]["__name__"] for series in found}
            assert [name for name in lost if renamed is None or not re.search(renamed, name)] == []


_META = "__meta_kubernetes_pod"
DISCOVERED = {
    f"{_META}_label_app_kubernetes_io_name": "mimir",
    f"{_META}_label_app_kubernetes_io_instance": "mimir",
    f"{_META}_label_app_kubernetes_io_component": "ingester",
    f"{_META}_container_port_number": str(PORT),
    f"{_META}_container_name": "mimir",
    f"{_META}_name": "mimir-0",
    "__meta_kubernetes_namespace": "here",
}
"""What Kubernetes' discovery says of a pod."""


def test_traces_are_dropped_or_kept_by_what_is_in_them(otel_tools: Toolchain, tmp_path: Path) -> None:
    tail = {"drop": {"http.route": ["/healthz"]}, "keep_percent": 0.01, "wait_seconds": 1}
    tempo = Tempo()
    with network() as net:
        backends, address = net.address(), net.address()
        config = sends_to(plainly(backends), {"sampling": {"tail": tail}})
        with recorded_tempo(backends, tempo), running(otel_tools.path(PROGRAM), config, address, tmp_path / "otel"):
            send(address, "traces", failed(b"1", route="/healthz"))
            send(address, "traces", failed(b"2", route="/orders"))
            eventually(lambda: tempo.spans[TENANT])
    assert {each.trace_id for each in tempo.spans[TENANT]} == {b"2" * 16}


def failed(digit: bytes, *, route: str) -> bytes:
    """Return a trace of one span that has failed."""
    attribute = KeyValue(key="http.route", value=AnyValue(string_value=route))
    now = time.time_ns()
    made = Span(
        trace_id=digit * 16,
        span_id=digit * 8,
        name="request",
        start_time_unix_nano=now,
        end_time_unix_nano=now + 1,
        attributes=[attribute],
        status=Status(code=Status.STATUS_CODE_ERROR),
    )
    scope = ScopeSpans(spans=[made])
    request = ExportTraceServiceRequest(resource_spans=[ResourceSpans(scope_spans=[scope])])
    return bytes(request.SerializeToString())


@contextmanager
def one_mimir(otel_tools: Toolchain, address: str, directory: Path) -> Iterator[Mimir]:
    """Run a Mimir that knows tenants, and of which cluster what they send is."""
    config = mimir_chart.values(load_stack("dev", TWO, EAST).backend("metrics").context)["mimir"]["structuredConfig"]
    with mimir(otel_tools.path("mimir"), address, directory, config=config, overrides={}) as started:
        yield started
