"""PrometheusRule objects are registered where the settings ask for them, word for word, and nowhere else."""

import os
from pathlib import Path

import pulumi
import pytest

from telemetry.monitoring.operator import prometheus_rules
from tests.engine.recorder import changed, run_of
from tests.support import Change, all_of, load_stack, put, with_ruler
from tests.unit.test_packs import RULES

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


def test_rules_of_the_users_own_are_objects_beside_ours() -> None:
    names = {each.name for each in changed(all_of(ON, RULES), preview=True).of(RULE)}
    assert names == {each.name for each in prometheus_rules(load_stack("dev", RULES))}
    assert "shop" in names


def test_a_name_that_is_taken_ends_the_run(tmp_path: Path) -> None:
    path = tmp_path / "taken.yaml"
    path.write_text("groups: [{name: telemetry-mimir, rules: [{alert: A, expr: up == 0}]}]")
    taken = put("monitoring.rule_packs", [{"path": os.path.relpath(path)}])
    with pytest.raises(pulumi.RunError, match=r"telemetry:monitoring\.rule_packs\.0\.path: .*one of the program's is"):
        changed(all_of(ON, taken), preview=True)
