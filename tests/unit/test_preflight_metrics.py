"""Before the first change the cluster is asked who serves the metrics that autoscalers go by."""

from pathlib import Path
from typing import Any

import pytest

from telemetry.operations.preflight import metrics
from tests.doubles import by_path, refused
from tests.preflight import findings_at
from tests.support import Change, all_of, drop, put

CUSTOM, EXTERNAL = "custom.metrics.k8s.io", "external.metrics.k8s.io"
PODS = {"type": "pods", "name": "inflight", "average_value": 20}
QUEUE = {"type": "external", "name": "waiting", "average_value": 2}
BY_BOTH: Change = all_of(
    drop("gateway.replicas"),
    put("metrics.roles.querier", {"autoscaling": {"metrics": [PODS, PODS]}}),
    put("gateway.autoscaling", {"metrics": [PODS, QUEUE]}),
)


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def ask(answers: dict[str, Any], change: Change = BY_BOTH) -> list[str]:
        with by_path(answers) as server:
            return at(tmp_path, server, change)

    return ask


def at(folder: Path, server: str, change: Change) -> list[str]:
    return findings_at(server, folder, metrics.check, "prod", change)


def served(group: str, answer: object) -> dict[str, Any]:
    version = f"{group}/v1beta1"
    return {f"/apis/{group}": {"preferredVersion": {"groupVersion": version}}, f"/apis/{version}": answer}


def test_each_api_that_nobody_serves_is_named_once_with_the_setting_that_needs_it(ask: Any) -> None:
    custom, external = ask({})
    assert custom.startswith("telemetry:metrics.roles.querier.autoscaling.metrics.0: nobody serves custom.metrics")
    assert external.startswith("telemetry:gateway.autoscaling.metrics.1: nobody serves external.metrics.k8s.io")
    assert "have an adapter installed" in external


def test_an_adapter_that_does_not_answer_is_told_and_one_that_does_is_not(ask: Any) -> None:
    (line,) = ask({**served(CUSTOM, {}), **served(EXTERNAL, 503)})
    assert line.startswith("telemetry:gateway.autoscaling.metrics.1: the adapter that serves external.metrics.k8s.io")
    assert ask({**served(CUSTOM, {}), **served(EXTERNAL, {})}) == []


def test_nobody_is_asked_where_cpu_alone_counts_or_we_may_not_look(ask: Any, tmp_path: Path) -> None:
    assert ask({}, all_of(drop("gateway.replicas"), put("gateway.autoscaling", {}))) == []
    assert ask({f"/apis/{CUSTOM}": 403}) == []
    assert at(tmp_path, refused(), BY_BOTH) == []
