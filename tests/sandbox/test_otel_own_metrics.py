"""What the real OpenTelemetry Collector says of itself: what alerts and dashboard ask for, and to whom it says it."""

import re
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import grpc
import httpx
import pytest
import yaml
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sandbox.gateway.loopback import network
from sandbox.gateway.mimir import PORT
from sandbox.gateway.pair import written
from sandbox.otel_collector import PROGRAM, running
from sandbox.toolchain import Toolchain
from telemetry.backends.loki.endpoints import HTTP_PORT as LOKI_HTTP
from telemetry.clients.otlp import otlp_line, otlp_metric, span
from telemetry.collector.own_metrics import CREDENTIALS
from telemetry.collector.scraping import SHOWN
from telemetry.config.collector import METRICS_PORT
from telemetry.config.gateway import Issued
from telemetry.gateway.certificates import Authority
from telemetry.grafana.dashboards import collector as board
from telemetry.monitoring import collector as alerts
from telemetry.spec.ports import OTLP_GRPC
from tests.metrics_catalogue import named_in
from tests.sandbox.test_otel_collector import DISCOVERED, asked, eventually, one_mimir, plainly, send, sends_to
from tests.support import load_stack, put
from tests.unit.bad_collectors import OWN_METRICS, SCRAPES

NAME, TOKEN = "collector", "ot0-fake"
GUARDED = {
    **OWN_METRICS,
    "port": 9464,
    "access": {"certificate": "otel-tls", "server_name": NAME, "token": "otel-token"},
}
AUTHORITY = Authority.of("gk0-fake-Vb7qLw2TzXnRc4Jd9sPhYm3A-fake", "dev", Issued())


def asked_for() -> set[str]:
    """Return the metrics that alerts and dashboard ask of an OpenTelemetry Collector; Alloy has more."""
    stack = load_stack("dev", put("collector", {"kind": "otel", "own_metrics": OWN_METRICS}))
    shown = board.dashboard(stack)
    assert shown is not None
    queries = [query.expr for row in shown.rows for panel in row.panels for query in panel.queries]
    named = {name for expr in (*queries, *(rule.expr for rule in alerts.rules(stack))) for name in named_in(expr)}
    return {name for name in named if name.startswith("otelcol_")}


def offered(address: str) -> dict[str, set[str]]:
    """Return what it says of itself: the labels of each metric."""
    text = httpx.get(f"http://{address}:{METRICS_PORT}/metrics", trust_env=False).raise_for_status().text
    found: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^([a-z_0-9]+)\{(.*)\} ", text, re.MULTILINE):
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
    return found


def many(address: str) -> None:
    """Send a whole batch of each signal."""
    traces = span("otel").request
    lines = ExportLogsServiceRequest.FromString(otlp_line("a line", "otel"))
    points = ExportMetricsServiceRequest.FromString(otlp_metric(1, "otel"))
    for signal, request, whole in (
        ("traces", ExportTraceServiceRequest(), traces),
        ("logs", ExportLogsServiceRequest(), lines),
        ("metrics", ExportMetricsServiceRequest(), points),
    ):
        for _ in range(1_000):
            request.MergeFrom(whole)
        send(address, signal, request.SerializeToString())


@contextmanager
def refusing(address: str) -> Iterator[None]:
    """Have everything refused for good: no method that is called is known."""
    servers = [ThreadingHTTPServer((address, port), BaseHTTPRequestHandler) for port in (PORT, LOKI_HTTP)]
    calls = grpc.server(ThreadPoolExecutor(max_workers=2))
    calls.add_insecure_port(f"{address}:{OTLP_GRPC}")
    calls.start()
    for each in servers:
        Thread(target=each.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield
    finally:
        calls.stop(grace=0).wait()
        for each in servers:
            each.shutdown()
            each.server_close()


def test_it_says_what_alerts_and_dashboard_ask_for(otel_tools: Toolchain, tmp_path: Path) -> None:
    program, wanted, said = otel_tools.path(PROGRAM), asked_for(), dict[str, set[str]]()
    with network() as net:
        backends, address = net.address(), net.address()
        config = sends_to(plainly(backends), {"own_metrics": OWN_METRICS, "queue": {"size": "64Mi"}})
        with running(program, config, address, tmp_path / "nobody"):
            # Nobody takes anything, so that queues fill; what has no room is given up.
            def full() -> bool:
                many(address)
                said.update(offered(address))
                return {name for name in wanted if "_enqueue_failed_" in name} <= said.keys()

            eventually(full)
        with refusing(backends), running(program, config, address, tmp_path / "refusing"):
            many(address)

            def given_up() -> bool:
                said.update(offered(address))
                return wanted <= said.keys()

            eventually(given_up)
    for name in wanted:
        assert ("exporter" if "_exporter_" in name else "receiver") in said[name]


@contextmanager
def guarded(tools: Toolchain, backends: str, address: str, directory: Path) -> Iterator[ssl.SSLContext]:
    """Run one that asks who reads its metrics, and reads them itself; yield what a reader trusts and shows."""
    for folder, pair in (("own", AUTHORITY.server([NAME])), ("shown", AUTHORITY.client("scraper", 1))):
        files = written(pair, directory / folder)
        (directory / folder / "ca.crt").write_text(AUTHORITY.certificate)
        (directory / folder / "token").write_text(TOKEN)
    text = sends_to(plainly(backends), {"own_metrics": GUARDED}, SCRAPES)
    text = text.replace(CREDENTIALS, str(directory / "own")).replace(f"{SHOWN}/collector", str(directory / "shown"))
    config = yaml.safe_load(text)
    for name in ("own", "collector"):
        (scraped,) = config["receivers"][f"prometheus/{name}"]["config"]["scrape_configs"]
        scraped["scrape_interval"] = "1s"
    discovered = {**DISCOVERED, "__meta_kubernetes_pod_name": "otel-0"}
    scraped["static_configs"] = [{"targets": [f"{address}:9464"], "labels": discovered}]
    scraped["relabel_configs"][0]["regex"] = str(PORT)  # of the pod that is described
    del scraped["kubernetes_sd_configs"]
    del config["receivers"]["prometheus/platform"]
    config["service"]["pipelines"]["metrics"]["receivers"].remove("prometheus/platform")
    with running(tools.path(PROGRAM), yaml.safe_dump(config), address, directory / "otel"):
        context = ssl.create_default_context(cadata=AUTHORITY.certificate)
        context.load_cert_chain(*files)
        yield context


def test_guarded_it_tells_who_shows_certificate_and_token_and_a_scraper_does(
    otel_tools: Toolchain, tmp_path: Path
) -> None:
    with network() as net, one_mimir(otel_tools, net.address(), tmp_path / "mimir") as real:
        backends, address = real.address.partition(":")[0], net.address()

        def read(context: ssl.SSLContext, token: str) -> httpx.Response:
            with httpx.Client(verify=context, trust_env=False) as client:
                headers = {"Authorization": f"Bearer {token}"}
                return client.get(f"https://{address}:9464/metrics", headers=headers, extensions={"sni_hostname": NAME})

        with guarded(otel_tools, backends, address, tmp_path) as context:
            eventually(lambda: alerts.QUEUE_CAPACITY in read(context, TOKEN).text)
            assert read(context, "wrong").status_code == 401
            with pytest.raises(httpx.TransportError):
                read(ssl.create_default_context(cadata=AUTHORITY.certificate), TOKEN)
            for metric in (alerts.QUEUE_CAPACITY, "otelcol_exporter_sent_metric_points_total"):
                eventually(partial(asked, real.client, f'{metric}{{pod="otel-0", job="collector"}}'))
