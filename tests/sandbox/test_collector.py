"""Every configuration that settings can make, by Alloy's own parser and formatter, and by the table of its components.

There is no Alloy in the sandbox: that it starts on such a configuration has not been seen here.
"""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from sandbox.toolchain import Toolchain
from telemetry.collector.config import configuration
from telemetry.collector.release import collector_release
from telemetry.collector.syntax import Block, text
from telemetry.operations.compare.charts import compare
from telemetry.policies.evaluate import violations
from telemetry.policies.model import World
from tests.sandbox.charts import Object, render
from tests.support import REPO, WITH_LOGS, Change, all_of, load_stack, put
from tests.unit.bad_collectors import API_SERVER, DAEMON_SET, POD_LOGS, SCRAPES

Json = dict[str, Any]
TABLE: Json = json.loads((REPO / "tests" / "contracts" / "alloy-components-1.18.json").read_text())["components"]

ids = st.text("abcXYZ019!_.*'()-", min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..", "__mimir_cluster", "anonymous", "single-tenant")
)
accesses = st.fixed_dictionaries({"accepts": st.sampled_from(["token", "certificate", "either", "both"])})
tenants = st.fixed_dictionaries({"id": ids, "display_name": st.just("A"), "access": accesses}).map(lambda each: [each])
queues = st.fixed_dictionaries(
    {}, optional={"on_disk": st.booleans(), "size": st.sampled_from(["64Mi", "1Gi", "3.5Gi"]),
                  "retry_for": st.sampled_from(["10m", "90m", "2d", "1w"])},
)  # fmt: skip
scrapes = st.none() | st.fixed_dictionaries(
    {"scrape": st.just("collector")}, optional={"scrape_interval": st.sampled_from([5, 240])}
)
patterns = st.sampled_from([r"^\d{4}-", 'say "no"', r"GET /healthz\b", "a|b"])
names = st.sampled_from(["a", "b-2"])
fields = st.sampled_from(["level", "http.status", '"tenant.id"', 'a."b-c"'])
rules = st.fixed_dictionaries(
    {
        "namespaces": st.lists(names, max_size=2, unique=True),
        "drop": st.lists(patterns, min_size=1, max_size=2, unique=True),
    },
    optional={"first_line": patterns, "keep_percent": st.sampled_from([0.1, 33.3, 100])},
)
places = st.sampled_from([{}, {"namespaces": ["a", "b-2"]}, {"every_namespace": True, "exclude": ["a"]}])
logs_of_pods = st.fixed_dictionaries(
    {},
    optional={
        "json_fields": st.dictionaries(st.sampled_from(["level", "_a1"]), fields, max_size=2),
        "rules": st.lists(rules, max_size=3),
        "tenant_field": fields,
    },
)
attributes = st.dictionaries(st.sampled_from(["http.route", "a"]), st.just(["/x", 'y"']), max_size=2)
tails = st.fixed_dictionaries(
    {"accept_partial_traces": st.just(True)},
    optional={"drop": attributes, "attributes": attributes, "errors": st.booleans(), "slower_than_ms": st.just(500)},
)
samplings = st.fixed_dictionaries({"head_percent": st.sampled_from([0.01, 25, 33.3])}, optional={"tail": tails})
collectors = st.fixed_dictionaries(
    {"queue": queues},
    optional={
        "sampling": samplings,
        "metrics": st.sampled_from(["otlp", "remote-write"]),
        "size": st.fixed_dictionaries({"cpu": st.just("50m"), "memory": st.sampled_from(["64Mi", "1.3Gi"])}),
    },
)
gateways = st.none() | st.fixed_dictionaries(
    {}, optional={"backend_tls": st.just({}),
                  "certificate": st.just({"source": "cert-manager", "issuer": {"name": "public"}})},
)  # fmt: skip
stacks = st.tuples(
    collectors,
    scrapes,
    st.booleans(),
    gateways,
    st.none() | tenants,
    st.none() | st.tuples(places, logs_of_pods, st.booleans()),
    st.sampled_from([None, "east-1"]),
)


@cache
def alloyfmt() -> Path:
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure(["alloyfmt"])
    return tools.path("alloyfmt")


def read(configurations: dict[str, str]) -> dict[str, Json]:
    """Return what Alloy's parser and printer say of configurations."""
    done = subprocess.run([alloyfmt()], input=json.dumps(configurations), capture_output=True, text=True, check=True)
    answers: dict[str, Json] = json.loads(done.stdout)
    return answers


def of(environment: str, *changes: Change) -> str:
    stack = load_stack(environment, *changes)
    assert stack.collector is not None
    return configuration(stack, stack.collector)


@settings(max_examples=150, deadline=None)
@given(stacks)
def test_every_configuration_parses_is_formatted_and_names_only_what_alloy_has(
    drawn: tuple[Json, Json | None, bool, Json | None, list[Json] | None, tuple[Json, Json, bool] | None, str | None],
) -> None:
    chosen, scrapes, deploys, gateway, own, logs, cluster = drawn
    gateway = gateway if own else None
    if logs is not None:
        where, how, tenants = logs
        known = {"tenants": {"a": own[0]["id"]}} if own and tenants else {}
        chosen = {**chosen, "api_server": API_SERVER, "pod_logs": {**POD_LOGS, **where, **how, **known}}
    found = of(
        "dev",
        put("collector", {**chosen, **(DAEMON_SET if deploys else {})}),
        put("kubernetes.cluster", cluster),
        *([put("monitoring", scrapes), put("collector.api_server", API_SERVER)] if scrapes else []),
        *([put("tenants", own)] if own else []),
        *([put("gateway", gateway)] if gateway is not None else []),
        *([WITH_LOGS] if logs is not None else []),
    )
    answer = read({"it": found})["it"]
    assert answer["error"] == ""
    assert answer["formatted"] == found
    assert list(wrong(answer["blocks"])) == []
    assert dangling(found, answer["blocks"]) == set()
    assert [
        name for name, count in Counter((b["name"], b["label"]) for b in answer["blocks"]).items() if count > 1
    ] == []


def wrong(blocks: list[Json]) -> Iterator[str]:
    """Yield components, arguments and blocks that Alloy does not have, and those that it must be given and is not."""
    for block in blocks:
        known = TABLE.get(block["name"])
        if known is None:
            yield f"no component {block['name']}"
            continue
        yield from _wrong(block, known, known, "")


def _wrong(block: Json, place: Json, known: Json, path: str) -> Iterator[str]:
    given_, name = set(block["arguments"]), f"{block['name']} {path}"
    yield from (f"{name}: no argument {each}" for each in given_ - place["arguments"].keys())
    yield from (f"{name}: needs {each}" for each, must in place["arguments"].items() if must and each not in given_)
    depth = f"{path} > " if path else ""
    there = {f"{depth}{each['name']}" for each in block["blocks"]}
    below = {each for each in known["blocks"] if each.startswith(depth) and " > " not in each.removeprefix(depth)}
    yield from (f"{name}: no block {each}" for each in there - below)
    yield from (f"{name}: needs block {each}" for each in below - there if known["blocks"][each]["required"])
    for each in block["blocks"]:
        inner = f"{depth}{each['name']}"
        if inner in known["blocks"]:
            yield from _wrong(each, known["blocks"][inner], known, inner)


def dangling(config: str, blocks: list[Json]) -> set[str]:
    """Return references to what no block of the configuration exports."""
    exported = {f"{b['name']}.{b['label']}.{each}" for b in blocks for each in TABLE[b["name"]]["exports"]}
    words = config.replace("[", " ").replace("]", " ").split()
    starts = tuple(f"{name}." for name in TABLE if "." in name)
    return {word for word in words if word.startswith(starts)} - exported


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (Block("otelcol.storage.file", "q", {"folder": "/x"}), "no argument folder"),
        (Block("otelcol.storage.files", "q"), "no component otelcol.storage.files"),
        (Block("otelcol.auth.bearer", "t"), "needs token"),
        (Block("otelcol.exporter.otlp", "t"), "needs block client"),
        (Block("prometheus.remote_write", "p", blocks=(Block("endpoints"),)), "no block endpoints"),
        (
            Block("otelcol.exporter.otlp", "t", blocks=(Block("client", "", {"endpoint": "x"}, (Block("tsl"),)),)),
            "no block client > tsl",
        ),
    ],
)
def test_the_table_finds_mistakes(block: Block, said: str) -> None:
    (answer,) = read({"it": text([block])}).values()
    (line,) = wrong(answer["blocks"])
    assert said in line


def test_the_parser_finds_mistakes_and_the_formatter_others() -> None:
    broken, crooked = read({"broken": "a {", "crooked": "a {\nb=1\n}\n"}).values()
    assert "expected }" in broken["error"]
    assert crooked["formatted"] == "a {\n\tb = 1\n}\n"


# ---- The chart.


ROOM = put("namespace.quota", {"cpu": "16", "memory": "64Gi", "storage": "96Gi"})


def deployed(environment: str, *changes: Change) -> tuple[Any, list[Object]]:
    collector = put("collector", {**DAEMON_SET, "api_server": API_SERVER})
    stack = load_stack(environment, collector, SCRAPES, ROOM, *changes)
    wanted = collector_release(stack)
    assert wanted is not None
    return stack, render("alloy", wanted.values, wanted.name)


@pytest.mark.parametrize("platform", ["openshift", "kubernetes"])
@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_release_keeps_all_policies(environment: str, platform: str) -> None:
    stack, objects = deployed(environment, put("kubernetes.platform", platform))
    assert [str(each) for each in violations(World.of(stack, (), {"collector": objects}))] == []


def test_a_token_is_the_collectors_alone_and_only_if_it_looks_for_pods() -> None:
    stack, objects = deployed("prod")
    silent = load_stack("prod", put("collector", DAEMON_SET))
    for world in (World.of(silent, (), {"collector": objects}), World.of(stack, (), {"mimir": objects})):
        assert [each.rule for each in violations(world)] == ["no-service-account-token"]


@pytest.mark.parametrize(
    ("read", "roles"),
    [
        ({}, [("Role", "ca7f8f-dev")]),
        ({"namespaces": ["a", "b"]}, [("Role", "a"), ("Role", "b")]),
        ({"every_namespace": True}, [("ClusterRole", None)]),
    ],
    ids=["its own namespace", "some", "all"],
)
def test_pods_logs_take_no_more_rights_than_to_read_them_where_they_are_read(
    read: Json, roles: list[tuple[str, str | None]]
) -> None:
    logs = {"api_server": API_SERVER, "pod_logs": {**POD_LOGS, **read}}
    stack = load_stack("dev", put("collector", {**DAEMON_SET, **logs}), ROOM, WITH_LOGS)
    wanted = collector_release(stack)
    assert wanted is not None
    objects = render("alloy", wanted.values, wanted.name)
    assert [str(each) for each in violations(World.of(stack, (), {"collector": objects}))] == []
    made = [each for each in objects if each["kind"] in ("Role", "ClusterRole")]
    assert [(each["kind"], each["metadata"].get("namespace")) for each in made] == roles
    for each in made:
        assert each["rules"] == [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        ]


def test_the_report_says_what_the_chart_asks_for_on_all_nodes() -> None:
    stack, _ = deployed("prod")
    wanted = collector_release(stack)
    assert wanted is not None
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure(["helm"])
    (difference,) = compare(
        wanted, [REPO / "sandbox/charts/alloy"], namespace="here", nodes=3, helm=str(tools.path("helm"))
    )
    assert difference.asked == difference.reported
    assert difference.asked.pods == 3


def test_the_pod_reads_the_programs_configuration_and_writes_to_its_own_disk_alone() -> None:
    _, objects = deployed("prod", all_of())
    (spec,) = (each["spec"]["template"]["spec"] for each in objects if each["kind"] == "DaemonSet")
    container = spec["containers"][0]
    assert container["args"][:3] == ["run", "/etc/alloy/config.alloy", "--storage.path=/var/lib/alloy"]
    assert "--stability.level=public-preview" in container["args"]
    volumes = {each["name"]: each for each in spec["volumes"]}
    assert volumes["config"] == {"name": "config", "configMap": {"name": "collector"}}
    assert volumes["storage"] == {"name": "storage", "emptyDir": {"sizeLimit": "2Gi"}}
    assert volumes["credentials"]["secret"]["secretName"] == "tenant-platform"
    writable = [each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")]
    assert writable == ["/etc/alloy", "/var/lib/alloy"]
    assert not [each["kind"] for each in objects if each["kind"].startswith("Cluster")]
