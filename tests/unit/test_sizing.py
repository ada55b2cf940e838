"""What a load asks of a stack's sizes: the documented figures, the judgement of each role, and buckets."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from telemetry.backends.mimir.sizing import MEASURED
from telemetry.capacity.fit import check
from telemetry.config.load import Load, MetricsLoad
from telemetry.config.policy import Policy
from telemetry.config.quantities import parse_bytes, parse_cpu
from telemetry.config.resources import Nodes
from telemetry.config.role_spec import RoleSpec
from telemetry.config.roles import Role
from telemetry.sizing import tables
from telemetry.sizing.judgement import RESOURCE_OF, Judged, State, judge
from telemetry.sizing.measurement import compared
from telemetry.sizing.proposal import Proposal, propose
from telemetry.sizing.report import Report, report
from telemetry.sizing.room import room
from telemetry.spec.measured import Figures
from telemetry.spec.sizing import GB, Measured, Need, Sizing
from tests.support import REPO, WITH_LOGS, WITH_LOGS_IN_PROD, WITH_PROFILES, Change, changed_tree, load_stack, put

GI = 1 << 30
METRICS = {"samples_per_second": 100_000, "active_series": 1_000_000, "queries_per_second": 20}
TRACES = {"spans_per_second": 10_000, "bytes_per_second": "10Mi"}
LOGS = {"lines_per_second": 1_000, "bytes_per_second": "1Mi"}


def under(environment: str, load: dict[str, Any], *changes: Change) -> Report:
    return report(load_stack(environment, put("load", load), *changes))


def proposed(environment: str, load: dict[str, Any], *changes: Change) -> Proposal:
    tree = changed_tree(environment, put("load", load), *changes)
    return propose({f"telemetry:{key}": value for key, value in tree.items()}, environment)


def role(said: Report, key: str) -> Judged:
    (found,) = (each for each in said.roles if each.key == f"telemetry:{key}")
    return found


def need(said: Report, key: str) -> Need:
    found = role(said, key).need
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "cpu", "memory", "volume"),
    [
        ("distributor", 4_000, 4 * GB, 0),
        ("ingester", 10_000, 25 * GB, 50 * GB),
        ("querier", 2_000, 2 * GB, 0),
        ("query-frontend", 80, 0.08 * GB, 0),
        ("query-scheduler", 40, 0.004 * GB, 0),
        ("store-gateway", 2_000, 2 * GB, 100_000 * 86_400 * 30 * 2 * 0.001 * 3),
        ("compactor", 50, 0.2 * GB, 15 * GB),
    ],
)
def test_mimir_is_sized_as_its_page_says(name: str, cpu: float, memory: float, volume: float) -> None:
    """Three copies of each series; a half more of memory and disk for peaks."""
    found = need(under("prod", {"metrics": METRICS}), f"metrics.roles.{name}")
    assert (found.cpu, found.memory, found.volume) == pytest.approx((cpu, memory * 1.5, volume * 1.5))
    assert "planning-capacity" in found.source


def test_ten_million_series_come_to_about_what_the_charts_own_plan_asks_for() -> None:
    """Cores and GiB of large.yaml: its requests, which are 70 % of what it expects, at 50 queries a second.

    https://github.com/grafana/mimir/blob/01a95f5b901d507e2b6a015dfa11db40b2b401e8/operations/helm/charts/mimir-distributed/large.yaml
    """
    load = {"samples_per_second": 660_000, "active_series": 10_000_000, "queries_per_second": 50}
    roles = {each.role: each for each in proposed("prod", {"metrics": load}).report.roles}
    for name, cores, memory in (("distributor", 12 * 2, 12 * 4), ("ingester", 27 * 3.5, 27 * 8)):
        pods, cpu, each = (roles[name].proposed(key) or 0 for key in ("replicas", "cpu", "memory"))
        assert 0.8 < pods * cpu / 1_000 / cores < 1.25, name
        assert 0.8 < pods * each / GI / memory < 1.8, name


def test_what_nobody_has_said_of_a_load_makes_nothing_too_much() -> None:
    """One query a second is assumed, which is no reason to take memory away."""
    load = {"samples_per_second": 100_000, "active_series": 1_000_000}
    ample = put("metrics.roles.querier", {"replicas": 2, "cpu": "4", "memory": "16Gi"})
    assert role(under("prod", {"metrics": load}, ample), "metrics.roles.querier").state is State.FITS
    said = under("prod", {"metrics": {**load, "queries_per_second": 1}}, ample)
    assert role(said, "metrics.roles.querier").state is State.WASTE


def test_the_pages_own_example_of_a_store_gateways_disk_comes_out() -> None:
    """A million series at 15 s for a year take 13 GB on three store-gateways together."""
    load = {**METRICS, "samples_per_second": 1_000_000 // 15}
    found = need(under("prod", {"metrics": load}, put("metrics.retention", "365d")), "metrics.roles.store-gateway")
    assert found.volume / 1.5 == pytest.approx(13 * GB, rel=0.04)


@pytest.mark.parametrize(
    ("name", "cpu", "memory"),
    [("distributor", 2_000, 2 * GB), ("ingester", 5_000, 8 * GB), ("compactor", 2_000, 8 * GB)],
)
def test_tempo_is_sized_as_its_page_says(name: str, cpu: float, memory: float) -> None:
    found = need(under("prod", {"traces": TRACES}), f"traces.roles.{name}")
    received = parse_bytes("10Mi") / 10**7
    assert (found.cpu, found.memory) == pytest.approx((cpu * received, memory * received))


@pytest.mark.parametrize(
    ("a_day", "write", "read", "backend"),
    [
        (1.5, (10, 13), (6, 7), (3, 9.5)),
        (3, (20, 26), (12, 14), (6, 19)),
        (16.5, (140, 303), (85, 115), (9.5, 40)),
        (30, (260, 580), (158, 216), (13, 61)),
        (60, (1_600, 2_600), (782, 1_628), (60, 242)),
    ],
)
def test_loki_is_sized_by_the_pages_tiers_and_between_them(
    a_day: float, write: tuple[float, float], read: tuple[float, float], backend: tuple[float, float]
) -> None:
    load = {"lines_per_second": 1, "bytes_per_second": f"{a_day * 10**12 / 86_400 / 1024:.6f}Ki"}
    said = under("prod", {"logs": load}, WITH_LOGS_IN_PROD)
    for name, (cores, memory) in (("write", write), ("read", read), ("backend", backend)):
        found = need(said, f"logs.roles.{name}")
        assert (found.cpu, found.memory) == pytest.approx((cores * 1000, memory * GI), rel=1e-6)


@pytest.mark.parametrize(("signal", "load"), [("traces", TRACES), ("logs", LOGS)])
def test_a_single_binary_takes_what_its_roles_take_together(signal: str, load: dict[str, Any]) -> None:
    one = need(under("dev", {signal: load}, WITH_LOGS), f"{signal}.roles.all")
    alone = put(f"{signal}.replication_factor", 1), put(f"{signal}.accept_no_failure_tolerance", True)
    apart = under("prod", {signal: load}, WITH_LOGS_IN_PROD, *alone)
    needs = [each.need for each in apart.roles if each.need]
    for name in RESOURCE_OF:
        assert getattr(one, name) == pytest.approx(sum(getattr(each, name) for each in needs))


def test_roles_without_a_rule_are_left_alone_and_it_is_said_why() -> None:
    said = under("dev", {"profiles": {"bytes_per_second": "1Mi"}}, WITH_PROFILES)
    assert {each.state for each in said.roles} == {State.UNKNOWN}
    assert [each.settings for each in said.roles] == [{}]
    assert any("no rule is documented" in line for line in said.notes)


def test_a_signal_whose_load_is_not_said_is_not_judged() -> None:
    assert {each.backend for each in under("prod", {"traces": TRACES}).roles} == {"Tempo"}
    assert under("prod", {}).roles == ()


SPEC = RoleSpec("50m", "128Mi", volume="1Gi", scales=True)


def sized(**changes: Any) -> Role:
    given = {"replicas": 2, "cpu": "100m", "memory": "256Mi", "volume": "2Gi", **changes}
    return Role.model_validate(given)


def needed(cpu: float = 200, memory: float = GI / 2, volume: float = 4 * GI, **more: Any) -> Need:
    return Need(role="r", cpu=cpu, memory=memory, volume=volume, reason="", source="", **more)


def judged(size: Role, wants: Need | None, nodes: Nodes | None = None) -> Judged:
    return judge("B", "telemetry:b.roles.r", "r", size, SPEC, wants, room(SPEC, Policy(), nodes))


def test_what_is_just_enough_fits() -> None:
    assert judged(sized(), needed()).state is State.FITS
    assert judged(sized(), needed()).settings == {}
    assert judged(sized(), needed(cpu=200.0004)).state is State.FITS, "the last digits of a division"


@pytest.mark.parametrize(
    ("more", "settings", "short"),
    [
        ({"cpu": 201}, {"cpu": "150m"}, "200m of 201m CPU"),
        ({"memory": GI}, {"memory": "512Mi"}, "512Mi of 1Gi memory"),
        ({"volume": 5 * GI}, {"volume": "3Gi"}, "4Gi of 5Gi disk"),
        ({"replicas": 3}, {"replicas": 3}, "2 of 3 replicas"),
    ],
)
def test_what_is_too_little_is_named_and_raised(more: dict[str, Any], settings: dict[str, Any], short: str) -> None:
    found = judged(sized(), needed(**more))
    assert found.state is State.SHORT
    assert found.short == (short,)
    assert found.settings == settings


def test_more_than_twice_as_much_is_too_much_but_a_claim_cannot_shrink() -> None:
    found = judged(sized(cpu="1", memory="2Gi", volume="100Gi"), needed())
    assert found.state is State.WASTE
    assert found.settings == {"cpu": "100m", "memory": "256Mi"}


def test_what_is_within_the_sources_range_is_not_too_much() -> None:
    assert judged(sized(cpu="1", memory="2Gi"), needed(spread=5)).state is State.FITS


def test_no_size_goes_below_the_smallest_honest_one() -> None:
    assert judged(sized(cpu="1"), needed(cpu=1)).settings == {"cpu": "50m"}


def test_one_replica_is_no_larger_than_it_should_be_nor_than_a_node() -> None:
    wants = needed(cpu=8_000, memory=2 * GI, largest=(2_000, 8 * GI))
    assert judged(sized(), wants).settings["replicas"] == 4
    node = Nodes.model_validate({"count": 3, "cpu": "1", "memory": "64Gi"})
    assert judged(sized(), wants, node).settings["replicas"] == 8


def test_replicas_go_only_where_the_role_scales() -> None:
    wants, many = needed(), sized(replicas=9)
    all_busy = sized(replicas=9, cpu="50m", memory="128Mi", volume="1Gi")
    assert judged(all_busy, needed(cpu=400)).state is State.FITS
    assert judged(many, wants).settings["replicas"] == 1
    fixed = judge("B", "k", "r", many, SPEC._replace(scales=False), wants, room(SPEC, Policy(), None))
    assert "replicas" not in fixed.settings


def test_an_autoscaled_role_is_counted_at_its_maximum() -> None:
    scaled = sized(autoscaling={"min_replicas": 2, "max_replicas": 4})
    assert judged(scaled, needed(cpu=400, memory=GI, volume=8 * GI)).state is State.FITS
    assert judged(scaled, needed(cpu=16_000)).settings["autoscaling.max_replicas"] == 8


def test_a_limit_goes_up_with_its_request() -> None:
    found = judged(sized(memory_limit="4Gi"), needed(memory=10 * GI))
    assert (found.settings["memory"], found.settings["memory_limit"]) == ("5Gi", "5Gi")


amounts = st.floats(1, 1e6)


@given(cpu=amounts, memory=st.floats(1e6, 1e12), volume=st.floats(0, 1e13), replicas=st.integers(1, 9))
def test_what_is_proposed_is_enough_and_is_proposed_again_unchanged(
    cpu: float, memory: float, volume: float, replicas: int
) -> None:
    wants = needed(cpu=cpu, memory=memory, volume=volume, replicas=replicas)
    found = judged(sized(), wants)
    if (found.proposed("replicas") or 0) <= 100:
        again = judged(sized(**found.settings), wants)
        assert again.short == ()
        assert again.settings == {}


def test_a_bucket_grows_by_the_day_until_as_much_goes_as_comes() -> None:
    said = under("prod", {"metrics": METRICS, "tenants": 10}, put("metrics.retention", "90d"))
    (bucket,) = said.buckets
    assert bucket.name == "dts-metrics-prod-blocks"
    assert bucket.month == 100_000 * 86_400 * 2 * 30
    assert bucket.at_most == 3 * bucket.month
    assert bucket.objects == 10 * (2 + 4) * 90, "1.7 GB a day and tenant: four files of chunks, index and meta.json"
    assert bucket.volumes == 50, "1,555 GB in volumes of 30,000 MiB"


def test_the_longest_retention_counts_and_what_the_bucket_really_keeps() -> None:
    tenants = put("tenants", [{"id": "platform", "display_name": "P", "retention": {"traces": "60d"}}])
    (bucket,) = under("prod", {"traces": {**TRACES, "stored_ratio": 0.5}}, tenants).buckets
    assert bucket.kept_days == 60
    assert bucket.at_most == parse_bytes("10Mi") * 0.5 * 86_400 * 60
    assert bucket.objects is None


def test_capacity_warns_of_each_role_that_has_too_little() -> None:
    """The plan's prod was never meant for this."""
    told = check(load_stack("prod", put("load", {"metrics": METRICS}))).warnings
    short = [line for line in told if line.startswith("telemetry:metrics.roles")]
    assert any(line.startswith("telemetry:metrics.roles.ingester: 600m of 10000m CPU") for line in short)
    assert all(line.endswith("python -m telemetry size prod") for line in short)
    assert [line for line in check(load_stack("prod")).warnings if "telemetry:load" in line] == []


def test_limits_that_would_refuse_some_of_the_load_are_named() -> None:
    """Mimir grants a tenant 10,000 samples a second and 150,000 series, where nobody says otherwise."""
    narrow = under("prod", {"metrics": METRICS}).limits
    assert [line.partition(":")[2].partition(";")[0] for line in narrow] == [
        "tenants.….limits.metrics.ingestion_rate: 10,000 for all together, but telemetry:load is 100,000",
        "tenants.….limits.metrics.max_series: 150,000 for all together, but telemetry:load is 1,000,000",
    ]
    (of_all,) = under("dev", {"traces": {**TRACES, "bytes_per_second": "16Mi"}}).limits
    assert of_all.startswith("telemetry:limits.traces.ingestion_rate: 15,728,640 for all together")
    assert of_all in check(load_stack("dev", put("load.traces", {**TRACES, "bytes_per_second": "16Mi"}))).warnings


def test_wide_limits_and_those_of_tenants_to_come_are_not_named() -> None:
    wide = {"metrics": {"ingestion_rate": 50_000, "max_series": 500_000}}
    two = put("tenants", [{"id": f"t{each}", "display_name": f"T{each}", "limits": wide} for each in "ab"])
    shared = put("gateway.accept_shared_organisation", True)
    assert under("prod", {"metrics": METRICS}, two, shared).limits == ()
    assert under("prod", {"metrics": METRICS, "tenants": 10}).limits == ()


def test_capacity_warns_of_an_object_store_with_too_few_volumes() -> None:
    few = put("object_store.volumes", {"slots": 49})
    told = check(load_stack("prod", put("load", {"metrics": METRICS}), put("metrics.retention", "90d"), few)).warnings
    assert any("slots: 49, but the buckets take 50 volumes" in line for line in told)


def test_what_programs_read_is_plain_json() -> None:
    shown = tables.document(proposed("prod", {"metrics": METRICS}))
    assert json.loads(json.dumps(shown)) == shown
    (ingester,) = (each for each in shown["roles"] if each["key"] == "telemetry:metrics.roles.ingester")
    assert ingester["verdict"] == "too little"
    assert parse_cpu(ingester["settings"]["cpu"]) == ingester["proposed"]["cpu"]


def test_the_copy_in_docs_is_up_to_date() -> None:
    given = yaml.safe_load((REPO / "examples" / "load-prod.yaml").read_text())
    made = tables.markdown(proposed("prod", given), Load.model_validate(given))
    assert (REPO / "docs" / "sizing-prod.md").read_text() == made, "docs/sizing-prod.md is stale; write it: make docs"


def test_what_was_measured_is_kept_by_how_many_copies_there_were(tmp_path: Path) -> None:
    kept = replace(MEASURED, file=tmp_path / "measured.json")
    kept.file.write_text("{}")
    load = MetricsLoad(samples_per_second=1_000, active_series=100, queries_per_second=1)
    assert kept.of(load, 3) is None
    for speed in (1.0, 2_000.0):
        kept.write(3, Figures(10_000, 500, speed, 4_000, "here, today"))
    kept.write(1, Figures(10_000, 500, 8_000, 2_000, "there, today"))
    assert list(kept.figures()) == [1, 3]
    found = kept.of(load, 3)
    assert found is not None
    assert (found.cpu, found.memory, found.where) == (500, 100 * 3 * 4_000, "here, today")
    assert "10,000 samples/s of 500 series" in found.scope


@pytest.mark.parametrize(
    ("cpu", "memory", "said"),
    [
        (1_000, 1_000, []),
        (200, 5_000, []),
        (199, 1_000, ["the rules ask for 5 times the CPU that was measured"]),
        (1_000, 5_001, ["the rules ask for memory of which 5 times as much was measured"]),
    ],
)
def test_rules_and_measurement_that_are_far_apart_are_told_whichever_asks_for_more(
    cpu: float, memory: float, said: list[str]
) -> None:
    needs = [
        Need(role=role, cpu=500, memory=500, reason="so much", source="https://example.org") for role in ("a", "b")
    ]
    found = compared("X", Sizing(tuple(needs), (), measured=Measured(cpu=cpu, memory=memory, scope="", where="")))
    assert found is not None
    assert [line.removeprefix("X: ").partition(":")[0] for line in found.warnings()] == said


def test_what_was_measured_stands_beside_the_rules_where_it_was_with_as_many_copies() -> None:
    """And changes nothing of what is said of the sizes."""
    copies = {load_stack(name).metrics.replication_factor for name in ("dev", "prod")}
    assert copies == {1, 3}
    for name, of in (("dev", 1), ("prod", 3)):
        said = under(name, {"metrics": METRICS})
        assert [each.backend for each in said.comparisons] == (["Mimir"] if of in MEASURED.figures() else [])
    said = under("dev", {"metrics": METRICS})
    figures, (beside,) = MEASURED.figures()[1], said.comparisons
    assert beside.cpu == pytest.approx(sum(each.need.cpu for each in said.roles if each.need))
    assert beside.measured.cpu == pytest.approx(100_000 / figures.samples_per_cpu_second * 1_000)
    assert f"{beside.ratios['CPU']:.1f}x" in tables.measured(said).markdown()
    assert "the rules are used, for they leave room" in tables.measured_lines(said)[0]
    assert tables.document(Proposal(said, load_stack("dev")))["measured"][0]["where"] == figures.where
