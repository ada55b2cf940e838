"""What a load takes of Prometheus with Thanos: as its sources say, and nothing where they do not."""

from dataclasses import replace

import pytest

from telemetry.backends.thanos.sizing import MEASURED
from telemetry.config.quantities import parse_bytes
from telemetry.sizing import tables
from telemetry.sizing.judgement import State
from telemetry.sizing.measurement import compared
from telemetry.sizing.proposal import Proposal, propose
from telemetry.sizing.report import Report, report
from telemetry.spec.sizing import Measured, Need, Sizing
from tests.support import (
    WITH_THANOS,
    WITH_THANOS_IN_PROD,
    Change,
    all_of,
    as_engine_gives,
    changed_tree,
    load_stack,
    load_tree,
    put,
)

GI = 1 << 30
LOAD = {"metrics": {"samples_per_second": 10_000, "active_series": 1_000_000}, "tenants": 10}
DAY = 86_400


def under(*changes: Change, environment: str = "prod") -> Report:
    settings = WITH_THANOS if environment == "dev" else WITH_THANOS_IN_PROD
    return report(load_stack(environment, settings, put("load", LOAD), *changes))


def need(said: Report, role: str) -> Need:
    (found,) = (each.need for each in said.roles if each.role == role)
    assert found is not None
    return found


def test_ingestors_hold_each_copy_in_memory_and_for_a_while_on_disk() -> None:
    ingestors = need(under(put("metrics.local_retention", "1d")), "receive-ingestor")
    assert ingestors.memory == pytest.approx(3 * (2 * GI + 10_000 * 3 * 3_600 * 3))
    assert ingestors.volume == 3 * 10_000 * DAY * 2
    assert ingestors.replicas == 3


def test_the_compactor_has_room_for_two_weeks_twice() -> None:
    compact = need(under(), "compact")
    assert (compact.cpu, compact.volume) == (1_000, 2 * 14 * DAY * 10_000 * 2)


@pytest.mark.parametrize(("downsampling", "joined"), [(True, 3 * 2), (False, 2)])
def test_a_store_keeps_six_megabytes_of_each_block(downsampling: bool, joined: int) -> None:
    fine = all_of(put("metrics.retention", "28d"), put("metrics.downsampling", downsampling))
    store = need(under(fine), "store-gateway")
    assert store.volume == 2 * 10 * (joined + 7 + 24 * 3) * 6_000_000


@pytest.mark.parametrize(("downsampling", "resolutions"), [(True, 3), (False, 1)])
def test_each_resolution_takes_the_bucket_as_much_again(downsampling: bool, resolutions: int) -> None:
    (bucket,) = under(put("metrics.downsampling", downsampling)).buckets
    assert bucket.name == "dts-metrics-prod-blocks"
    assert bucket.growth.bytes_per_day == resolutions * 10_000 * DAY * 2
    assert bucket.kept_days == 730


def test_what_no_page_says_is_never_too_much() -> None:
    said = {each.role: each.state for each in under(environment="dev").roles if each.backend == "Thanos"}
    assert {said[role] for role in ("query", "receive-router", "prometheus", "rule", "alertmanager")} == {State.UNKNOWN}
    sizes = {"replicas": 3, "cpu": "4", "memory": "6Gi", "memory_limit": "8Gi", "volume": "40Gi"}
    ample = put("metrics.roles.receive-ingestor", sizes)
    (ingestors,) = (each for each in under(ample).roles if each.role == "receive-ingestor")
    assert ingestors.state is State.FITS


def test_what_was_measured_stands_alone_where_no_rule_says_it() -> None:
    """The compactor, of whose CPU a rule speaks, was not measured."""
    said = under()
    (needs,) = (each.need for each in said.roles if each.role == "receive-ingestor")
    measured = Measured(cpu=500, memory=1 * GI, scope="this", where="here", roles=MEASURED.roles)
    needed = tuple(each.need for each in said.roles if each.need is not None and each.backend == "Thanos")
    found = compared("Thanos", Sizing(needed, (), measured=measured))
    assert found is not None and needs is not None
    assert (found.cpu, found.memory, found.unsaid) == (0, needs.memory, ("CPU",))
    assert not any("CPU" in line for line in found.warnings())
    shown = replace(said, comparisons=(found,))
    assert "| Thanos | no rule | 500m |  |" in tables.measured(shown).markdown()
    assert "none says how much CPU these roles take" in tables.measured_lines(shown)[0]
    assert tables.document(Proposal(shown, load_stack("prod")))["measured"][0]["by_the_rules"]["cpu"] is None


def test_limits_that_would_refuse_some_of_the_series_are_named_and_no_limit_is_none() -> None:
    def granted(*most: int | None) -> Change:
        tenants = [
            {"id": f"t{number}", "display_name": f"T{number}", "limits": {"metrics": {"max_series": each}}}
            for number, each in enumerate(most)
        ]
        return all_of(put("tenants", tenants), put("monitoring.tenant", "t0"), put("load.tenants", len(most)))

    (narrow,) = under(granted(1_000_000, 1_500_000)).limits
    assert "max_series: 2,500,000 for all together, but telemetry:load is 3,000,000" in narrow
    assert under(granted(1_000_000, 2_000_000)).limits == ()
    assert under(granted(1_000_000, None)).limits == ()


def test_a_stores_disk_is_counted_with_the_ingestors_that_are_proposed() -> None:
    """Each ingestor makes blocks of its own, of which every store keeps something: more in all than it has now."""
    load = put("load", {"metrics": {"samples_per_second": 1_000_000, "active_series": 15_000_000}, "tenants": 5})
    tree = changed_tree("prod", WITH_THANOS_IN_PROD, load)
    alone = {each.role: each for each in report(load_tree(tree, "prod")[0]).roles}
    assert alone["store-gateway"].settings == {}
    found = {each.role: each for each in propose(as_engine_gives(tree), "prod").report.roles}
    assert found["receive-ingestor"].settings["replicas"] == 25
    blocks = 5 * (3 * 53 + 7 + 24 * 25)
    store = found["store-gateway"]
    assert store.need is not None
    assert store.need.volume == 2 * blocks * 6_000_000
    assert parse_bytes(store.settings["volume"]) >= blocks * 6_000_000
