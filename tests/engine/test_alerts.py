"""PrometheusRule objects are registered where the settings ask for them, word for word, and nowhere else."""

import pytest

from telemetry.monitoring.operator import prometheus_rules
from tests.engine.recorder import changed, run_of
from tests.support import Change, all_of, load_stack, put, with_ruler

RULE = "kubernetes:monitoring.coreos.com/v1:PrometheusRule"
ON: Change = all_of(put("monitoring.rules", "prometheus-rule"), put("monitoring.labels", {"release": "monitoring"}))


def test_nothing_is_registered_unless_it_is_asked_for() -> None:
    run = run_of("dev", preview=True)
    assert run.of(RULE) == []
    assert not [each for each in run.resources if each.type.startswith("telemetry:monitoring:")]


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_the_rules_are_sent_word_for_word(preview: bool) -> None:
    sent = {each.name: each.plain for each in changed(ON, environment="prod", preview=preview).of(RULE)}
    assert {name: each["spec"] for name, each in sent.items()} == {
        each.name: each.spec for each in prometheus_rules(load_stack("prod", ON))
    }
    labels = {"app.kubernetes.io/part-of": "telemetry", "release": "monitoring"}
    assert [each["metadata"] for each in sent.values()] == [
        {"name": name, "namespace": "ca7f8f-prod", "labels": labels} for name in sent
    ]


def test_a_ruler_has_its_rules_from_the_command_alone() -> None:
    assert changed(with_ruler, environment="prod", preview=True).of(RULE) == []
