"""The report is what the rendered charts ask for: to the millicore, the byte and the pod."""

from dataclasses import replace

import pytest

from sandbox.paths import REPO
from sandbox.toolchain import Toolchain
from telemetry.capacity.footprint import Footprint, of_stack
from telemetry.config.quantities import parse_bytes
from telemetry.operations.compare.charts import ChartDifference, compare, of_gateway
from telemetry.releases import releases_of
from telemetry.spec.release import Release
from tests.support import WITH_THANOS, WITH_THANOS_IN_PROD, Change, all_of, drop, load_stack, put

pytestmark = pytest.mark.sandbox

_NAMES = ("tempo", "tempo-distributed", "mimir-distributed", "prometheus", "thanos", "alertmanager")
CHARTS = [REPO / "sandbox" / "charts" / name for name in _NAMES]
SCALES = {
    "traces": ("distributor", "querier", "query-frontend", "compactor"),
    "metrics": ("distributor", "querier", "query-frontend"),
}
SCALED = all_of(
    *(
        all_of(drop(f"{signal}.roles.{role}.replicas"), put(f"{signal}.roles.{role}.autoscaling", {}))
        for signal, roles in SCALES.items()
        for role in roles
    )
)
BY_METRICS = all_of(
    drop("traces.roles.querier.replicas"),
    put("traces.roles.querier.autoscaling", {"metrics": [{"type": "pods", "name": "inflight", "average_value": 20}]}),
)
MOVING = put(
    "traces.moving_from", {"chart": {"name": "tempo", "version": "2.2.4", "reference": "./sandbox/charts/tempo"}}
)


@pytest.fixture(scope="module")
def helm() -> str:
    toolchain = Toolchain()
    toolchain.ensure(["helm"])
    return str(toolchain.path("helm"))


def differences(helm: str, some: tuple[Release, ...]) -> list[ChartDifference]:
    return [each for release in some for each in compare(release, CHARTS, namespace="here", helm=helm)]


@pytest.mark.parametrize(
    ("environment", "changes"),
    [
        ("dev", ()),
        ("test", ()),
        ("prod", ()),
        ("prod", (SCALED,)),
        ("prod", (BY_METRICS,)),
        ("prod", (MOVING,)),
        ("dev", (put("metrics.total", {"cpu": "1", "memory": "4Gi"}),)),
        ("dev", (WITH_THANOS,)),
        ("prod", (WITH_THANOS_IN_PROD,)),
    ],
    ids=[
        "dev",
        "test",
        "prod",
        "prod autoscaled",
        "prod autoscaled by metrics",
        "prod moving",
        "dev by total",
        "dev, Thanos",
        "prod, Thanos",
    ],
)
def test_the_charts_ask_for_exactly_what_the_report_says(
    helm: str, environment: str, changes: tuple[Change, ...]
) -> None:
    stack = load_stack(environment, *changes)
    found = [*differences(helm, releases_of(stack)), *of_gateway(stack)]
    assert [(each.release, each.amount) for each in found if each.amount != Footprint()] == []
    asked = sum((each.asked for each in found), Footprint())
    if changes == (BY_METRICS,):
        assert [each.at_most for each in found if each.release == "tempo-distributed"] == [False, True]
    elif changes == (SCALED,):
        once = sum((each.asked for each in of_gateway(stack)), Footprint())  # it does not scale
        assert asked + once == of_stack(stack) + of_stack(stack, at_most=True), "each at its fewest and at its most"
        assert of_stack(stack, at_most=True).pods == of_stack(stack).pods + 7 * 8
    else:
        assert asked == of_stack(stack)


def test_a_part_of_the_chart_that_nobody_sized_is_a_difference(helm: str) -> None:
    [_, mimir] = releases_of(load_stack("prod"))
    values = {**mimir.values, "rollout_operator": {"enabled": True}}
    [found] = differences(helm, (replace(mimir, rendered=values),))
    assert found.amount == Footprint(cpu=100, memory=parse_bytes("100Mi"), pods=1)


def test_what_autoscales_without_an_autoscaler_is_a_difference(helm: str) -> None:
    """Told `replicas: null`, Mimir's chart leaves the number to whoever sets it; without our autoscaler that is 1."""
    stack = load_stack("prod", SCALED)
    [_, mimir] = releases_of(stack)
    fewest, most = differences(helm, (replace(mimir, added=()),))
    assert (fewest.amount.pods, most.amount.pods) == (-3, -27)
