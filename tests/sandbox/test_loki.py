"""The real Loki on the configuration that the program makes, on the real SeaweedFS and with its own identity there."""

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console
from tenacity import Retrying, stop_after_delay, wait_fixed

from sandbox.gateway.loopback import network
from sandbox.loki import Deployed, Member, loki
from sandbox.toolchain import Toolchain
from sandbox.world import Connections
from telemetry.backends.loki import checks as logs
from telemetry.clients.reach import Reach
from telemetry.clients.target import Tenant as Asking
from telemetry.config.credentials import S3Identity
from telemetry.config.existing_secrets import ACCESS_KEY_ENV, SECRET_KEY_ENV
from telemetry.grafana.dashboards.dashboards import dashboards_of
from telemetry.monitoring.rules import families_of
from telemetry.object_store.identities import identities_of
from telemetry.operations.validation.runner import Bounds, run
from telemetry.operations.validation.target import StackTarget
from telemetry.spec.checks import Check, Lane
from telemetry.stack import Stack
from tests.metrics_catalogue import named_in
from tests.sandbox.charts import named, render, values_of
from tests.sandbox.reach import remove_bucket, s3
from tests.sandbox.s3_gateway import Gateway, gateway
from tests.support import WITH_LOGS, WITH_LOGS_IN_PROD, Change, all_of, load_stack, put

pytestmark = pytest.mark.sandbox

LIMITS = {"logs": {"ingestion_rate": "1Ki", "burst": "1Ki"}}
TENANTS = [
    {"id": "payments", "display_name": "Payments", "retention": {"logs": "7d"}},
    {"id": "search", "display_name": "Search"},
    {"id": "loud", "display_name": "Loud", "limits": LIMITS},
]
CHANGES: Change = all_of(
    put("tenants", TENANTS),
    put("gateway", {}),
    put("namespace.quota", {"cpu": "16", "memory": "64Gi", "storage": "96Gi"}),
    # Other buckets than those that a stack may have left in this world.
    put("logs.buckets", {"chunks": "lines", "ruler": "lines-rules", "admin": "lines-admin"}),
)
ONE, APART = all_of(WITH_LOGS, CHANGES), all_of(WITH_LOGS_IN_PROD, CHANGES)
IDENTITY, MAKER = "telemetry-test-logs", "telemetry-test-provisioner"
TRACE = "0af7651916cd43dd8448eb211c80319c"
SECONDS = 30
BOUNDS = Bounds(check=40, overall=120)


def logs_checks(target: StackTarget, tenant: Asking) -> list[Check]:
    return logs.checks(target.stack.backend("logs").context, target, tenant)


@dataclass(frozen=True)
class Site:
    """Where Lokis may run: the store with their identity, and the program."""

    store: Gateway
    program: Path

    def stack(self, shape: Change) -> Stack:
        """Return the settings of a stack whose object store this is."""
        return load_stack("test", shape, put("object_store.endpoint", self.store.url))

    @contextmanager
    def running(self, shape: Change, targets: tuple[str, ...], directory: Path) -> Iterator[dict[str, Member]]:
        """Run Loki on what its chart makes of a stack's values."""
        objects = named(render("loki", values_of("loki", self.stack(shape))), "ConfigMap")
        keys = self.store.keys[IDENTITY]
        environment = {
            ACCESS_KEY_ENV: keys.access_key.get_secret_value(),
            SECRET_KEY_ENV: keys.secret_key.get_secret_value(),
        }
        config, runtime = objects["loki"]["data"], objects["loki-runtime"]["data"]
        deployed = Deployed(config["config.yaml"], runtime["runtime-config.yaml"], environment)
        with network() as net:
            placed = [(target, net.address()) for target in targets]
            with loki(self.program, deployed, placed, directory) as members:
                yield members


@pytest.fixture(scope="module")
def site(world: Connections, toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A store that knows the stack's identities, with the buckets that its provisioner has made."""
    tools = Toolchain(console=Console(stderr=True))
    if reason := tools.missing("loki"):
        pytest.skip(reason)
    stack = load_stack("test", ONE)
    keyed = [
        (each, S3Identity.model_validate({"access_key": secrets.token_hex(8), "secret_key": secrets.token_hex(16)}))
        for each in identities_of(stack).values()
    ]
    with gateway(world, toolchain, tmp_path_factory.mktemp("s3"), keyed) as store:
        for bucket in stack.backend("logs").buckets.values():
            store.client(MAKER).create_bucket(Bucket=bucket)
        yield Site(store, tools.path("loki"))
    for bucket in stack.backend("logs").buckets.values():
        remove_bucket(s3(world), bucket)


@pytest.fixture(scope="module")
def single(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Member]:
    """A single binary, as in dev and test."""
    with site.running(ONE, ("all",), tmp_path_factory.mktemp("loki")) as members:
        yield members["all"]


def line(text: str) -> dict[str, Any]:
    """Return a line as OTLP has it, with a trace's id."""
    service = {"key": "service.name", "value": {"stringValue": "shop"}}
    record = {"timeUnixNano": str(time.time_ns()), "body": {"stringValue": text}, "traceId": TRACE}
    return {"resourceLogs": [{"resource": {"attributes": [service]}, "scopeLogs": [{"logRecords": [record]}]}]}


def send(url: str, tenant: str, text: str) -> httpx.Response:
    return httpx.post(f"{url}/otlp/v1/logs", json=line(text), headers={"X-Scope-OrgID": tenant})


def found(url: str, tenant: str, query: str = '{service_name="shop"}') -> list[str]:
    """Return the lines that a tenant finds."""
    asked = {"query": query, "limit": "1000"}
    answer = httpx.get(f"{url}/loki/api/v1/query_range", params=asked, headers={"X-Scope-OrgID": tenant}, timeout=20)
    answer.raise_for_status()
    return [text for stream in answer.json()["data"]["result"] for _, text in stream["values"]]


def eventually(url: str, tenant: str, text: str, query: str = '{service_name="shop"}') -> None:
    for attempt in Retrying(stop=stop_after_delay(SECONDS), wait=wait_fixed(0.25), reraise=True):
        with attempt:
            assert text in found(url, tenant, query)


def keys(site: Site, prefix: str) -> set[str]:
    """Return the objects of the bucket with chunks, as Loki's own identity sees them."""
    bucket = site.stack(ONE).backend("logs").buckets["chunks"]
    listed = site.store.client(IDENTITY).list_objects_v2(Bucket=bucket, Prefix=prefix)
    return {each["Key"] for each in listed.get("Contents", ())}


def test_a_line_that_came_over_otlp_is_found_by_its_service_and_by_its_trace(single: Member) -> None:
    assert send(single.url, "payments", "paid 42").status_code == 204
    eventually(single.url, "payments", "paid 42")
    eventually(single.url, "payments", "paid 42", f'{{service_name="shop"}} | trace_id="{TRACE}"')


def test_a_tenant_sees_nothing_of_another_and_nobody_is_let_in_without_a_name(single: Member) -> None:
    assert send(single.url, "search", "sought 7").status_code == 204
    eventually(single.url, "search", "sought 7")
    assert "sought 7" not in found(single.url, "payments")
    assert "paid 42" not in found(single.url, "search")
    assert {"paid 42", "sought 7"} <= set(found(single.url, "payments|search"))
    assert httpx.get(f"{single.url}/loki/api/v1/labels").status_code == 401


def test_a_tenant_that_sends_more_than_it_may_is_told_so(single: Member) -> None:
    refused = send(single.url, "loud", "x" * 4_096)
    assert refused.status_code == 429
    assert "ingestion rate limit" in refused.text.lower()
    assert send(single.url, "search", "y" * 4_096).status_code == 204


def test_every_metric_that_rules_and_dashboards_name_is_exported(site: Site, single: Member) -> None:
    stack = site.stack(APART)
    rules = [rule.expr for family in families_of(stack) for rule in family.rules]
    asked = [query.expr for each in dashboards_of(stack) for row in each.rows for panel in row.panels
             for query in panel.queries]  # fmt: skip
    named_by_us = {name for expr in (*rules, *asked) for name in named_in(expr) if name.startswith("loki_")}
    assert len(named_by_us) > 8
    httpx.post(f"{single.url}/flush").raise_for_status()  # a metric shows only once there is something to count
    for attempt in Retrying(stop=stop_after_delay(SECONDS), wait=wait_fixed(0.5), reraise=True):
        with attempt:
            kinds = re.findall(r"^# TYPE (\S+)", httpx.get(f"{single.url}/metrics").text, flags=re.MULTILINE)
            exported = {name + suffix for name in kinds for suffix in ("", "_bucket", "_count", "_sum")}
            assert named_by_us - exported == set()


def test_validation_passes_for_each_tenant(site: Site, single: Member) -> None:
    addresses = {
        "logs.push": f"{single.url}/loki/api/v1/push",
        "logs.otlp_http": f"{single.url}/otlp/v1/logs",
        "logs.query": single.url,
        "logs.admin": single.url,
        "logs.ring": single.url,
    }
    tenants = [Asking("payments"), Asking("search")]
    stack = site.stack(ONE).model_copy(update={"gateway": None})
    target = StackTarget(stack, addresses, tenants, Reach())
    lanes = [Lane(str(tenant.id), tuple(logs_checks(target, tenant))) for tenant in tenants]
    results = run(lanes, BOUNDS, lambda _: None)
    assert [(each.lane, each.name, each.state, each.detail) for each in results if each.state != "passed"] == []
    assert len(results) == 2 * len(lanes[0].checks)


def test_what_was_flushed_is_in_the_bucket_and_found_by_a_loki_that_has_nothing_else(
    site: Site, single: Member, tmp_path: Path
) -> None:
    send(single.url, "payments", "kept 1")
    eventually(single.url, "payments", "kept 1")
    single.end()  # as Kubernetes ends it: it flushes, and hands its index in
    assert keys(site, "payments/")
    assert keys(site, "index/index_")
    with site.running(ONE, ("all",), tmp_path) as members:
        eventually(members["all"].url, "payments", "kept 1")
        assert "kept 1" not in found(members["all"].url, "search")


def test_apart_its_roles_find_each_other_and_do_the_same(site: Site, tmp_path: Path) -> None:
    with site.running(APART, ("write", "read", "backend"), tmp_path) as members:
        assert send(members["write"].url, "payments", "apart 3").status_code == 204
        eventually(members["read"].url, "payments", "apart 3")
        assert "apart 3" not in found(members["read"].url, "search")
        eventually(members["read"].url, "payments", "kept 1")  # by the index that the backend has
