"""Charts ignore keys that they do not know without a word, so every value is checked against the chart's own paths.

The facts are in telemetry/charts; the sandbox's stand-in charts are held to the same facts.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.chart_contract import contract
from telemetry.charts.paths import ChartPaths, paths_of
from telemetry.collector import values as alloy
from telemetry.config.collector import Collector
from telemetry.releases import CHARTS, releases_of
from telemetry.stack import Stack
from tests.support import (
    WITH_LOGS,
    WITH_LOGS_IN_PROD,
    WITH_PROFILES,
    WITH_PROFILES_IN_PROD,
    WITH_THANOS,
    WITH_THANOS_IN_PROD,
    Change,
    Tree,
    all_of,
    drop,
    load_stack,
    load_tree,
    put,
    with_alerting,
)
from tests.unit.bad_collectors import API_SERVER, SCRAPES

REPO = Path(__file__).parents[2]
DEPLOYED_IN = {
    "tempo": ("dev", "test"),
    "tempo-distributed": ("prod",),
    "mimir-distributed": ("dev", "test", "prod"),
    "alloy": ("dev", "prod"),
    "loki": ("dev", "test", "prod"),
    "pyroscope": ("dev", "test", "prod"),
    "prometheus": ("dev", "prod"),
    "thanos": ("dev", "prod"),
    "alertmanager": ("dev", "prod"),
}
OF_THANOS = ("prometheus", "thanos", "alertmanager")
"""Charts of stacks that store metrics in Prometheus with Thanos."""
WITHOUT_THE_GENERATOR = put(
    "traces.enabled_roles", ["distributor", "ingester", "querier", "query-frontend", "compactor"]
)
PLACEMENT = {
    "node_selector": {"node-type": "observability"},
    "tolerations": [{"key": "observability", "operator": "Exists", "effect": "NoSchedule"}],
    "storage_class": "fast",
    "priority_class": "platform",
    "spread_over": ["kubernetes.io/hostname", "topology.kubernetes.io/zone"],
}
TENANTS = [
    {"id": "payments", "display_name": "Payments", "retention": {"metrics": "2d", "traces": "90m"}},
    {
        "id": "Team.A!",
        "display_name": "Team A",
        "limits": {"metrics": {"max_query_length": "7d"}, "traces": {"max_search_duration": "24h"}},
    },
]
WITH_ALL = {
    "dev": (WITH_LOGS, WITH_PROFILES),
    "test": (WITH_LOGS, WITH_PROFILES),
    "prod": (WITH_LOGS_IN_PROD, WITH_PROFILES_IN_PROD),
}
"""What every environment would be with all backends."""
WITH_THANOS_INSTEAD = {"dev": WITH_THANOS, "prod": WITH_THANOS_IN_PROD}
"""What every environment would be with another metrics backend."""
PINNED = {"tag": "9.9.9", "digest": f"sha256:{64 * 'a'}"}


def pinned_in_full(settings: Tree) -> None:
    """Pin every image that there may be, of the signals that the settings have."""
    names = {"traces": "tempo", "metrics": "mimir", "logs": "loki", "profiles": "pyroscope", "collector": "alloy"}
    mine = [f"grafana/{name}" for signal, name in names.items() if signal in settings]
    if settings["metrics"].get("backend") == "thanos":
        mine.remove("grafana/mimir")
        mine += ["thanos/thanos", "prometheus/prometheus", "prometheus/alertmanager"]
    put("images.overrides", dict.fromkeys(mine, PINNED))(settings)


AFFINITY = {
    "nodes": {"required": [{"requirements": [{"key": "pool", "values": ["telemetry"]}]}]},
    "apart_from": {"preferred": [{"topology_key": "kubernetes.io/hostname", "labels": {"a": "b"}}]},
}


def placed_role_by_role(settings: Tree) -> None:
    """Say of every role of its own where its pods may run, how they end, and what they may send."""
    for backend in load_tree(deepcopy(settings), settings["environment"])[0].backends:
        for each in backend.sizes:
            for name, role in ((name, role) for name, role in each.roles.items() if name != "sidecar"):
                placement = {**PLACEMENT, "affinity": AFFINITY}
                if role.volume is None:
                    del placement["storage_class"]
                own = {"placement": placement, "ephemeral_storage": "1Gi", "bandwidth": {"egress": "100M"}}
                grace = {} if each.table[name].grace_because else {"termination_grace": "2m"}
                of_role = settings[backend.signal].setdefault("roles", {}).setdefault(name, {})
                of_role.update({**own, **grace})


BY_METRICS = {
    "cpu_percent": None,
    "metrics": [{"type": "pods", "name": "inflight", "average_value": 20}],
}


def as_thanos_has_it(settings: Tree) -> None:
    """Take from tenants and gateway what Thanos has not, where it stores the metrics."""
    if settings["metrics"].get("backend") != "thanos":
        return
    put("gateway.federation", None)(settings)
    put("gateway.accept_shared_organisation", True)(settings)
    put("monitoring.tenant", settings["tenants"][0]["id"])(settings)
    for tenant in settings["tenants"]:
        tenant.get("retention", {}).pop("metrics", None)
        tenant.setdefault("limits", {})["metrics"] = {"max_series": 1000}


def without_tls_of_thanos(settings: Tree) -> None:
    """Take the certificates of backends as well."""
    as_thanos_has_it(settings)
    if settings["metrics"].get("backend") == "thanos":
        del settings["gateway"]["backend_tls"]


FOR_EVERY_CHART: dict[str, Change] = {
    "as it is": all_of(),
    "plain Kubernetes": put("kubernetes.platform", "kubernetes"),
    "tenants behind a gateway": all_of(put("tenants", TENANTS), put("gateway", {}), as_thanos_has_it),
    "TLS everywhere": all_of(
        put("tenants", TENANTS),
        put("gateway", {"backend_tls": {}}),
        without_tls_of_thanos,
        put("object_store.ca_secret", "store-ca"),
        put("object_store.endpoint", "https://seaweedfs-s3.tools.svc:8333"),
    ),
    "mirrored and pinned": all_of(
        put("images", {"registry": "r.example/m", "pull_secrets": ["login"]}), pinned_in_full
    ),
    "labelled and annotated": all_of(
        put("labels", {"objects": {"cost": "1"}, "pods": {"mesh": "off"}}),
        put("annotations", {"objects": {"owner": "us"}, "pods": {"evict": "no"}}),
    ),
    "found by annotations": put("monitoring.scrape", "annotations"),
    "placed role by role": all_of(
        put("kubernetes.nodes", {"count": 9, "cpu": "8", "memory": "32Gi"}), placed_role_by_role
    ),
    "placed": all_of(
        put("traces.placement", PLACEMENT),
        put("metrics.placement", PLACEMENT),
        put("logs.placement", PLACEMENT),
        put("profiles.placement", PLACEMENT),
        put("kubernetes.nodes", {"count": 9, "cpu": "8", "memory": "32Gi"}),
    ),
}
COLLECTOR = {
    "deploy": "daemon-set",
    "chart": {"name": "alloy", "version": "1.11.1", "repository": "https://grafana.github.io/helm-charts"},
    "nodes": 4,
}
FOR_ONE_CHART: dict[str, dict[str, Change]] = {
    "alloy": {
        "a queue in memory": put("collector", {**COLLECTOR, "queue": {"on_disk": False}}),
        "scraping": all_of(put("collector", {**COLLECTOR, "api_server": API_SERVER}), SCRAPES),
        "placed, as a collector": put(
            "collector",
            {
                **COLLECTOR,
                **{key: PLACEMENT[key] for key in ("node_selector", "tolerations", "priority_class")},
            },
        ),
    },
    "tempo": {
        "no metrics-generator": WITHOUT_THE_GENERATOR,
        "bigger": all_of(
            put("traces.retention", "90m"),
            put("traces.roles.all", {"cpu": "2", "memory_limit": "8Gi", "volume": "20Gi"}),
        ),
    },
    "tempo-distributed": {
        "no metrics-generator": all_of(WITHOUT_THE_GENERATOR, drop("traces.roles.metrics-generator")),
        "bigger": put("traces.roles.ingester", {"replicas": 5, "cpu": "2", "memory_limit": "8Gi", "volume": "20Gi"}),
        "autoscaled": all_of(
            *(
                put(f"traces.roles.{role}", {"autoscaling": {"max_replicas": 5}})
                for role in ("distributor", "querier", "query-frontend", "compactor")
            )
        ),
        "autoscaled by metrics": put("traces.roles.querier", {"autoscaling": BY_METRICS}),
    },
    "loki": {
        "autoscaled by metrics": all_of(WITH_LOGS_IN_PROD, put("logs.roles.read", {"autoscaling": BY_METRICS})),
        "three writers, bigger": all_of(
            WITH_LOGS_IN_PROD,
            put("logs.replication_factor", 3),
            put("logs.roles.write", {"replicas": 3, "cpu": "2", "memory_limit": "8Gi", "volume": "20Gi"}),
        ),
    },
    "pyroscope": {
        "five metastores, bigger, and no volume for what is being compacted": all_of(
            WITH_PROFILES_IN_PROD,
            put("profiles.roles.metastore", {"replicas": 5, "cpu": "2", "volume": "20Gi"}),
            put("profiles.roles.segment-writer.memory_limit", "8Gi"),
            put("profiles.roles.compaction-worker.volume", None),
        ),
    },
    "prometheus": {},
    "alertmanager": {"people are told of alerts": with_alerting},
    "thanos": {
        "five ingestors, bigger": all_of(
            put("metrics.replication_factor", 3),
            put("metrics.roles.receive-ingestor", {"replicas": 5, "memory_limit": "8Gi", "volume": "20Gi"}),
        ),
        "nothing downsampled, watched by an operator": all_of(
            put("metrics.downsampling", False), put("metrics.service_monitors", True)
        ),
        "nothing on the store-gateway's disk": put("metrics.roles.store-gateway", {"volume": None}),
        "autoscaled": all_of(
            *(put(f"metrics.roles.{role}", {"autoscaling": {}}) for role in ("query", "receive-router"))
        ),
    },
    "mimir-distributed": {
        "three ingesters, bigger": all_of(
            put("metrics.replication_factor", 3),
            put("metrics.roles.ingester", {"replicas": 3, "volume": "10Gi"}),
            put("metrics.roles.gateway", {"replicas": 2, "memory": "1.5Gi"}),
        ),
        "people are told of alerts": with_alerting,
        "nothing on the store-gateway's disk": put("metrics.roles.store-gateway", {"volume": None}),
        "autoscaled": all_of(
            *(
                put(f"metrics.roles.{role}", {"autoscaling": {}})
                for role in ("distributor", "querier", "query-frontend")
            )
        ),
    },
}

Leaf = tuple[str, Any]


def contract_of(chart: str) -> ChartPaths:
    """Return what the newest version of a chart that settings accept offers."""
    found = paths_of(chart, CHARTS[chart][0])
    assert found is not None
    return found


def agrees(contract: ChartPaths, path: str, default: object) -> bool:
    """Whether a chart has the same default."""
    if path in contract.undocumented:
        return default is None
    match contract.defaults.get(path, "<absent>"):
        case "<text>":
            return isinstance(default, str)
        case str(text) if text.startswith("<list of "):
            return isinstance(default, list) and text == f"<list of {len(default)}>"
        case known:
            return known == default and type(known) is type(default)


def leaves(values: Any, *parents: str) -> Iterator[Leaf]:
    """Yield the path and value of every leaf; an empty mapping is one."""
    if isinstance(values, dict) and values:
        for key, value in values.items():
            yield from leaves(value, *parents, key)
    else:
        yield "/".join(parents), values


def set_by(values: dict[str, Any]) -> list[Leaf]:
    """Return the leaves that change something: an empty mapping merged over a default does not."""
    return [(path, value) for path, value in leaves(values) if value != {}]


def produced(chart: str, stack: Stack) -> dict[str, Any]:
    if chart == "alloy":
        return alloy.values(stack, stack.collector or Collector.model_validate(COLLECTOR))
    return next(each.values for each in releases_of(stack) if each.chart.name == chart)


@cache
def set_in(chart: str, environment: str, change: Change) -> list[Leaf]:
    """Return what a changed stack sets of a chart; two tests hold it against something."""
    return set_by(produced(chart, load_stack(environment, *WITH_ALL[environment], change)))


@cache
def stand_in(chart: str) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load((REPO / "sandbox" / "charts" / chart / "values.yaml").read_text())
    values.pop("standin", None)  # anchors, not values
    return values


def cases() -> Iterator[Any]:
    """Yield every chart in every environment that deploys it, after every change that concerns it."""
    for chart, environments in DEPLOYED_IN.items():
        for environment in environments:
            for name, change in {**FOR_EVERY_CHART, **FOR_ONE_CHART[chart]}.items():
                if chart in OF_THANOS:
                    change = all_of(WITH_THANOS_INSTEAD[environment], change)
                yield pytest.param(chart, environment, change, id=f"{chart}, {environment}: {name}")


each_chart = pytest.mark.parametrize("chart", DEPLOYED_IN)
each_case = pytest.mark.parametrize(("chart", "environment", "change"), list(cases()))


@each_case
def test_every_value_that_we_set_exists_in_the_chart(chart: str, environment: str, change: Change) -> None:
    contract = contract_of(chart)
    given = set_in(chart, environment, change)
    assert given
    assert [path for path, value in given if not contract.knows(path, value)] == []


@each_case
def test_the_stand_in_reads_every_value_that_we_set(chart: str, environment: str, change: Change) -> None:
    offered = replace(contract_of(chart), defaults=dict(leaves(stand_in(chart))))
    given = set_in(chart, environment, change)
    assert [path for path, value in given if not offered.knows(path, value)] == []


@each_chart
def test_the_stand_in_has_the_charts_own_paths_and_defaults(chart: str) -> None:
    contract = contract_of(chart)
    own = dict(leaves(stand_in(chart)))
    assert {path: value for path, value in own.items() if not agrees(contract, path, value)} == {}


@each_chart
def test_the_stand_in_is_of_a_version_that_settings_accept(chart: str) -> None:
    about = yaml.safe_load((REPO / "sandbox" / "charts" / chart / "Chart.yaml").read_text())
    assert (about["name"], about["version"]) == (chart, CHARTS[chart][0])


@each_chart
def test_a_contract_is_read_from_an_unpacked_chart(chart: str) -> None:
    """As docs/upgrading.md says, here of the stand-in: a subset of the real one's paths, in the same words."""
    read, known = contract(REPO / "sandbox" / "charts" / chart), contract_of(chart)
    paths = {path: value for path, value in read["paths"].items() if not path.startswith("standin")}
    assert read["chart"] == chart
    assert len(paths) > 30
    same = {path for path, value in paths.items() if known.defaults.get(path, "<absent>") == value}
    # Texts and lists that the older contracts shortened at another length.
    assert {path for path in paths.keys() - same if isinstance(known.defaults.get(path), int | dict)} == set()


@each_chart
def test_every_file_of_a_stand_in_says_first_what_it_stands_in_for(chart: str) -> None:
    files = [file for file in (REPO / "sandbox" / "charts" / chart).rglob("*") if file.is_file()]
    assert files
    assert [file.name for file in files if "Stands in for" not in file.read_text().splitlines()[0]] == []


@pytest.mark.parametrize(
    ("path", "value", "known"),
    [
        ("tempo/retention", "1h", True),
        ("tempo/retenton", "1h", False),
        ("tempo/retention/days", 1, False),
        ("tempo/resources/requests/cpu", "1", True),
        ("tempo/storage/trace/s3/bucket", "b", True),
        ("tempo/receivers/jaeger/protocols/grpc", None, True),
        ("tempo/metricsGenerator/storage", None, True),
        ("tempo/metricsGenerator/storage", "s3", False),
        ("persistence/storageClassName", "fast", True),
        ("persistence/storageClass", "fast", False),
    ],
)
def test_a_contract_tells_known_paths_from_unknown_ones(path: str, value: object, known: bool) -> None:
    assert contract_of("tempo").knows(path, value) is known


@pytest.mark.parametrize(
    ("path", "default", "same"),
    [
        ("replicas", 1, True),
        ("replicas", 2, False),
        ("replicas", True, False),
        ("config", "anything", True),
        ("config", {}, False),
        ("persistence/accessModes", ["ReadWriteOnce"], True),
        ("persistence/accessModes", [], False),
        ("persistence/storageClassName", None, True),
        ("persistence/storageClassName", "fast", False),
        ("nowhere", None, False),
    ],
)
def test_a_contract_tells_equal_defaults_from_others(path: str, default: object, same: bool) -> None:
    assert agrees(contract_of("tempo"), path, default) is same
