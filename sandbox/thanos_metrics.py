"""`python -m sandbox.thanos_metrics`: ask a real Prometheus, Thanos and Alertmanager for their metrics; write the list.

To be run when a pin in sandbox/tools/ changes. What shows only under conditions that this does not make is in
thanos-from-source.txt.
"""

import re
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
from tenacity import Retrying, stop_after_delay, wait_fixed

from sandbox import thanos
from sandbox.gateway.loopback import Network, network
from sandbox.paths import REPO
from sandbox.thanos import HTTP, PUSH, Deployed, Member, Programs, Site
from sandbox.thanos_alerting import alertmanagers
from sandbox.toolchain import Toolchain
from telemetry.clients.otlp import REMOTE_WRITE, remote_write

FILE = REPO / "tests" / "metrics" / "thanos.txt"
_TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.MULTILINE)
_NAMES = ("alertmanager_", "http_", "prometheus_", "thanos_", "up")
_CONTAINERS = {
    "prometheus-server": ["--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h"],
    "thanos-sidecar": ["sidecar"],
    "thanos-query": ["query"],
    "thanos-store-gateway": ["store"],
    "thanos-compact": ["compact"],
    "thanos-receive-ingestor": ["receive", '--label=receive_replica="0"'],
    "thanos-receive-router": ["receive", '--label=receive_replica="0"'],
    "thanos-rule": ["rule", '--label=rule_replica="0"'],
    "alertmanager": [],
}
_CONFIG = {"global": {"external_labels": {"prometheus_replica": "0"}}, "scrape_configs": [{"job_name": "store"}]}
_RULES = {"some.yaml": "groups: [{name: some, interval: 1s, rules: [{record: a:b, expr: vector(1)}]}]"}
_TOLD = "{route: {receiver: nobody}, receivers: [{name: nobody}]}"
_LIMITS = "write: {global: {meta_monitoring_url: http://%s:10902}, default: {head_series_limit: 1}}"


def listed(texts: list[str], versions: str) -> str:
    """Return a list of names and types from what several `/metrics` answer; Go's and the process's own are left out."""
    pairs = {pair for text in texts for pair in _TYPE.findall(text) if pair[0].startswith(_NAMES)}
    head = f"# Made by `python -m sandbox.thanos_metrics` from {versions}: name and type.\n"
    return head + "".join(f"{name} {kind}\n" for name, kind in sorted(pairs))


def main() -> None:
    """Write the list."""
    tools = Toolchain()
    tools.ensure(["thanos", "prometheus", "alertmanager"])
    with network() as net, tempfile.TemporaryDirectory() as directory, ExitStack() as opened:
        objstore = f"{{type: FILESYSTEM, config: {{directory: {directory}/bucket}}}}"
        shared = net.address()
        deployed = Deployed(_CONTAINERS, _CONFIG, objstore, {}, _LIMITS % shared, _RULES, _TOLD)
        site = Site(deployed, Programs(tools.path("thanos"), tools.path("prometheus")), Path(directory))
        pair = (net.address(), net.address())
        told = opened.enter_context(alertmanagers(site, tools.path("alertmanager"), pair, Path(directory)))
        FILE.write_text(listed(_exercise(site, net, shared, told, opened), _versions()))
    print(f"wrote {FILE.relative_to(REPO)}")


def _exercise(site: Site, net: Network, shared: str, told: Sequence[Member], opened: ExitStack) -> list[str]:
    """Run one of each, give them something to count, and return what they export."""
    ingestor = opened.enter_context(thanos.ingestor(site, "ingestor", net.address()))
    router = opened.enter_context(thanos.router(site, "router", net.address(), shared, [ingestor]))
    store = opened.enter_context(thanos.store(site, "store", net.address()))
    server, sidecar = opened.enter_context(
        thanos.prometheus(site, "prometheus", net.address(), {"store": [f"{store.address}:{HTTP}"]})
    )
    query = opened.enter_context(thanos.query(site, "query", shared, [ingestor, store, sidecar]))
    compactor = opened.enter_context(thanos.compactor(site, "compactor", net.address()))
    everyone = [f"--alertmanagers.url={each.url}" for each in told]
    ruler = opened.enter_context(thanos.rule(site, "ruler", net.address(), [query.address], *everyone))
    for attempt in Retrying(stop=stop_after_delay(60), wait=wait_fixed(0.5), reraise=True):
        with attempt:
            push = f"http://{shared}:{PUSH}/api/v1/receive"
            httpx.post(push, content=remote_write(1, "metrics"), headers=REMOTE_WRITE).raise_for_status()
            if "prometheus_rule_evaluations_total{" not in httpx.get(f"{ruler.url}/metrics").text:
                raise RuntimeError("the ruler has not evaluated its rules")
    for path in ("query", "series", "labels"):
        httpx.get(f"{query.url}/api/v1/{path}", params={"query": "up", "match[]": "up"})
    members = (ingestor, router, store, server, sidecar, query, compactor, ruler, *told)
    return [httpx.get(f"{member.url}/metrics").raise_for_status().text for member in members]


def _versions() -> str:
    found = []
    for module in ("thanos-io/thanos", "prometheus/prometheus", "prometheus/alertmanager"):
        required = (REPO / "sandbox" / "tools" / module.rpartition("/")[2] / "go.mod").read_text()
        version = re.search(rf"github.com/{module} (v\S+)", required)
        assert version is not None  # noqa: S101 - the tool is built from it
        found.append(f"github.com/{module} {version[1]}")
    return ", ".join(found)


if __name__ == "__main__":
    main()
