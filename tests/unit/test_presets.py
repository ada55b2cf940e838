"""One word sizes a backend for a kind of load; what a role says itself comes first, and all who count follow."""

import pytest

from telemetry.backends import BACKENDS
from telemetry.capacity.figures import report
from telemetry.config.presets import DISTRIBUTOR, INGESTER, QUERIER
from telemetry.config.quantities import parse_bytes, parse_cpu
from telemetry.config.roles import Role
from telemetry.engine.preview import Preview
from telemetry.operations.report.build import Found, build
from telemetry.releases import releases_of
from tests.support import WITH_LOGS_IN_PROD, WITH_THANOS, Change, all_of, drop, load_stack, put

CHART = {
    "name": "tempo-distributed",
    "version": "2.26.2",
    "repository": "https://grafana-community.github.io/helm-charts",
}
DISTRIBUTED: Change = all_of(put("traces.topology", "distributed"), put("traces.chart", CHART))


def roles(signal: str, *changes: Change) -> dict[str, Role]:
    found: dict[str, Role] = getattr(load_stack("dev", DISTRIBUTED, *changes), signal).roles
    return found


SETUP: dict[str, tuple[Change, ...]] = {
    "loki": (WITH_LOGS_IN_PROD, drop("logs.roles")),
    "thanos": (WITH_THANOS,),
}


@pytest.mark.parametrize(
    ("name", "preset", "role", "figures"),
    [
        ("mimir", "high-ingest", "ingester", INGESTER),
        ("mimir", "high-query", "querier", QUERIER),
        ("tempo", "high-ingest", "distributor", DISTRIBUTOR),
        ("tempo", "high-query", "querier", QUERIER),
        ("thanos", "high-ingest", "receive-ingestor", INGESTER),
        ("thanos", "high-query", "query", QUERIER),
        ("loki", "high-ingest", "write", INGESTER),
        ("loki", "high-query", "read", QUERIER),
    ],
)
def test_a_preset_sizes_the_roles_that_bear_the_load_and_no_others(
    name: str, preset: str, role: str, figures: dict[str, object]
) -> None:
    (signal,) = (each.signal for each in BACKENDS if each.name == name)
    chosen = SETUP.get(name, ())
    before, after = roles(signal, *chosen), roles(signal, *chosen, put(f"{signal}.preset", preset))
    found = after[role]
    assert (found.replicas, found.cpu) == (figures["replicas"], parse_cpu(figures["cpu"]))
    assert found.memory == parse_bytes(figures["memory"])
    if "limit" in figures:
        assert found.memory_limit == parse_bytes(figures["limit"])
    changed = {each for each in after if after[each] != before[each]}
    assert role in changed
    assert len(changed) < len(after)


def test_what_a_role_says_itself_comes_first_key_by_key() -> None:
    found = roles("metrics", put("metrics.preset", "high-ingest"), put("metrics.roles.ingester", {"replicas": 7}))
    assert (found["ingester"].replicas, found["ingester"].cpu) == (7, parse_cpu(INGESTER["cpu"]))


def test_a_total_is_split_over_the_replicas_of_the_preset() -> None:
    total = put("metrics.total", {"cpu": "10", "memory": "11Gi"})
    found = roles("metrics", put("metrics.preset", "high-query"), total)
    assert found["querier"].replicas == QUERIER["replicas"]
    assert sum(each.cpu * each.replicas for each in found.values()) <= 10_000


def test_the_index_cache_follows_its_store_gateways_memory() -> None:
    stack = load_stack("dev", put("metrics.preset", "high-query"))
    (mimir,) = (each for each in releases_of(stack) if each.name == "mimir")
    cache = mimir.values["mimir"]["structuredConfig"]["blocks_storage"]["bucket_store"]["index_cache"]
    assert cache["inmemory"]["max_size_bytes"] == 256 << 20


def test_capacity_counts_it_and_says_where_its_figures_are_from() -> None:
    asked = report(load_stack("dev", put("metrics.preset", "high-ingest")))
    assert asked.total.cpu > report(load_stack("dev")).total.cpu + 3_000
    assert any("Mimir is sized by the preset high-ingest" in note for note in asked.notes)


def test_a_report_says_what_is_of_a_preset() -> None:
    chosen, plain = (
        build(load_stack("dev", *changes), Preview((), {}), {}, Found("nothing")).warnings
        for changes in ((put("metrics.preset", "high-query"),), ())
    )
    (said,) = (each for each in chosen if each.about == "sizes of Mimir")
    assert (said.level, said.text) == ("notice", "are of the preset high-query")
    assert "sizes of Mimir" not in {each.about for each in plain}
