"""`python -m sandbox.mimir_metrics`: ask a real Mimir which metrics it exports, and write their names and types.

What it writes is what alerts and dashboards may name (tests/metrics_catalogue.py). Run it again after a change of
Mimir's version in sandbox/tools/mimir/go.mod. A metric shows only once there is something to count, so Mimir is given
samples, queries, a rule, and a tenant that is over its limit; what needs more than that stands in
mimir-from-source.txt.
"""

import re
import tempfile
import time
from pathlib import Path

import httpx
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from sandbox.gateway.loopback import network
from sandbox.gateway.mimir import Mimir, mimir
from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from telemetry.spec.context import TENANT_HEADER

FILE = REPO / "tests" / "metrics" / "mimir.txt"
_TENANT = "somebody"
_RULES = "name: one\ninterval: 10s\nrules:\n- {record: 'a:b', expr: 'up'}\n- {alert: Fires, expr: 'vector(1)'}\n"
_LAST = "cortex_prometheus_rule_evaluations_total"
"""What comes last of all that is waited for: the ruler looks for rules once a minute."""
_TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)
_CONFIG = {
    "multitenancy_enabled": True,
    "ingest_storage": {"enabled": False},
    "ingester": {"push_grpc_method_enabled": True},
    "limits": {"max_global_series_per_user": 3},
    "usage_stats": {"enabled": False},
}


def listed(metrics: str, version: str) -> str:
    """Return a list of names and types from what `/metrics` answers; Go's and the process's own are left out."""
    found = sorted(pair for pair in _TYPE.findall(metrics) if pair[0].startswith(("cortex_", "thanos_")))
    head = f"# Made by `python -m sandbox.mimir_metrics` from github.com/grafana/mimir {version}: name and type.\n"
    return head + "".join(f"{name} {kind}\n" for name, kind in found)


def _version() -> str:
    required = (REPO / "sandbox" / "tools" / "mimir" / "go.mod").read_text()
    found = re.search(r"github.com/grafana/mimir (v\S+)", required)
    assert found is not None  # noqa: S101 - the tool is built from it
    return found[1]


def _exercise(running: Mimir) -> str:
    """Give Mimir something to count, and return what it then exports."""
    headers = {TENANT_HEADER: _TENANT}
    exporter = OTLPMetricExporter(endpoint=f"http://{running.address}/otlp/v1/metrics", headers=headers)
    provider = MeterProvider([PeriodicExportingMetricReader(exporter)])
    counter = provider.get_meter("telemetry").create_counter("many")
    for number in range(10):
        counter.add(1, {"number": number})
    provider.force_flush()
    provider.shutdown()
    running.client.post("/prometheus/config/v1/rules/some", content=_RULES, headers=headers).raise_for_status()
    now = {"start": time.time() - 60, "end": time.time(), "step": 15}
    for path, asked in (("query", {}), ("query_range", now)):
        running.client.get(f"/prometheus/api/v1/{path}", params={"query": "many_total", **asked}, headers=headers)
    return _exported(running)


def _exported(running: Mimir) -> str:
    def ask() -> str:
        try:
            return running.client.get("/metrics").raise_for_status().text
        except httpx.HTTPError:
            return ""

    patiently = Retrying(
        stop=stop_after_delay(120), wait=wait_fixed(2), retry=retry_if_result(lambda text: _LAST not in text)
    )
    return patiently(ask)


def main() -> None:
    """Write the list."""
    tools = Toolchain()
    tools.ensure(["mimir"])
    with network() as net, tempfile.TemporaryDirectory() as directory:
        files = Path(directory) / "mimir"
        with mimir(tools.path("mimir"), net.address(), files, config=_CONFIG, overrides={}) as running:
            FILE.write_text(listed(_exercise(running), _version()))
    print(f"wrote {FILE.relative_to(REPO)}")


if __name__ == "__main__":
    main()
