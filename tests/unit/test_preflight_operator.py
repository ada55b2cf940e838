"""Before the first change the cluster is asked for the kinds of the Prometheus operator."""

from pathlib import Path
from typing import Any

import pytest

from telemetry.operations.preflight import operator
from tests.doubles import by_path, kubeconfig
from tests.support import Change, load_stack, put

RULES, MONITORS = put("monitoring.rules", "prometheus-rule"), put("monitoring.scrape", "operator")
AT = "/apis/monitoring.coreos.com/v1"


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    def ask(answers: dict[str, Any], *changes: Change) -> list[str]:
        with by_path(answers) as server:
            file = tmp_path / "kubeconfig"
            file.write_text(kubeconfig(server, "ca7f8f-dev", "kt0-fake"))
            return operator.check(load_stack("dev", put("kubernetes.kubeconfig", str(file)), *changes))

    return ask


def serving(*kinds: str) -> dict[str, Any]:
    return {AT: {"resources": [{"kind": kind} for kind in kinds]}}


def test_a_kind_that_the_cluster_does_not_know_is_named_with_the_setting(ask: Any) -> None:
    (line,) = ask(serving("PrometheusRule", "ServiceMonitor"), RULES, MONITORS)
    assert line.startswith("telemetry:monitoring.scrape: the cluster knows no PodMonitor (monitoring.coreos.com/v1)")
    assert "have a Prometheus operator installed, or choose another value" in line
    assert ask(serving("PrometheusRule", "PodMonitor"), RULES, MONITORS) == []


def test_without_an_operator_each_setting_that_needs_one_is_named(ask: Any) -> None:
    found = ask({}, RULES, MONITORS)
    assert [line.partition(": ")[0] for line in found] == ["telemetry:monitoring.rules", "telemetry:monitoring.scrape"]


def test_a_namespace_of_others_is_to_be_there(ask: Any) -> None:
    loki = put("existing", {"logs": {"namespace": "logging", "pods": {"app": "loki"}, "port": 3100}})
    (line,) = ask(serving("PodMonitor"), MONITORS, loki)
    assert line == "telemetry:existing.logs.namespace: 'logging' does not exist on the cluster; correct it"
    assert ask({**serving("PodMonitor"), "/api/v1/namespaces/logging": {}}, MONITORS, loki) == []


def test_nobody_is_asked_for_what_nobody_needs_or_may_look_at(ask: Any) -> None:
    assert ask({}) == []
    assert ask({AT: 403}, RULES, MONITORS) == []
