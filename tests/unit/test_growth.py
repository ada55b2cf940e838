"""What buckets come to hold, by limits and retention."""

from telemetry.capacity.figures import report
from telemetry.capacity.growth import growth
from telemetry.capacity.tables import footnotes
from tests.support import WITH_LOGS, WITH_THANOS_IN_PROD, all_of, load_stack, put
from tests.unit.bad_tenants import tenant

MI = 2**20


def test_what_is_granted_is_kept_for_its_retention() -> None:
    """Of one tenant 1Mi/s of spans for 14 days and 1,000 samples/s for Mimir's 20, of the other 3Mi/s and 2,000/s."""
    limits = {"traces": {"ingestion_rate": "1Mi"}, "metrics": {"ingestion_rate": 1_000}}
    others = {"traces": {"ingestion_rate": "3Mi"}, "metrics": {"ingestion_rate": 2_000}}
    stack = load_stack(
        "dev",
        put("gateway", {"accept_shared_organisation": True}),
        put("tenants", [
            tenant(limits=limits, retention={"traces": "14d"}),
            tenant(id="b", display_name="B", limits=others, retention={"traces": "3d", "metrics": "10d"}),
        ]),
        put("metrics.retention", "20d"),
    )  # fmt: skip
    said = growth(stack)
    assert said is not None
    day = 86_400
    assert f"Tempo {4 * day / 1024:.1f}Gi a day, {(1 * 14 + 3 * 3) * day / 1024:.1f}Gi in all" in said
    assert f"Mimir {6_000 * day / MI:.1f}Mi a day" in said
    assert f"{(2_000 * 20 + 4_000 * 10) * day / 2**30:.1f}Gi in all" in said


def test_without_tenants_it_is_what_all_may_use_together_and_nothing_where_nobody_says() -> None:
    assert growth(load_stack("dev")) is None
    said = growth(load_stack("dev", all_of(WITH_LOGS, put("limits.logs.ingestion_rate", "1Mi"))))
    assert said is not None
    assert "Loki 84.4Gi a day" in said


def test_the_report_on_capacity_has_it() -> None:
    assert growth(load_stack("prod")) in footnotes(report(load_stack("prod")))


def test_of_whom_no_limit_says_it_is_told() -> None:
    said = growth(load_stack("prod", WITH_THANOS_IN_PROD))
    assert said is not None
    assert said.endswith("No limit says it of Thanos: `make size` goes by telemetry:load.")
    assert "No limit" not in str(growth(load_stack("prod")))
