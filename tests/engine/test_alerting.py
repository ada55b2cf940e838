"""What the engine is told of receivers: their credentials as secrets, before the pods, and what Grafana shows."""

import json

import pytest

from telemetry.spec.alertmanager import SECRET
from tests.engine.recorder import Run, changed, run_of
from tests.engine.test_components import outside_of_secrets
from tests.support import ENVIRONMENTS, Change, all_of, put, with_alerting

OBJECT, DATASOURCE, RELEASE = (
    "kubernetes:core/v1:Secret",
    "grafana:oss/dataSource:DataSource",
    "kubernetes:helm.sh/v3:Release",
)
TENANTS: Change = all_of(
    put(
        "tenants",
        [
            {"id": "a", "display_name": "A", "access": {"scopes": {"metrics": ["read", "alerts"]}}},
            {"id": "b", "display_name": "B", "access": {"scopes": {"metrics": ["read", "write"]}}},
            {"id": "c", "display_name": "C", "access": {"scopes": {"metrics": ["read", "admin"]}}},
        ],
    ),
    with_alerting,
)
each_preview = pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])


def alertmanagers(run: Run) -> dict[str, dict[str, str]]:
    """Return the Alertmanagers in Grafana by uid, and what leads to each."""
    found = {each.plain["uid"]: each.plain for each in run.of(DATASOURCE)}
    settings = {uid: json.loads(each["jsonDataEncoded"]) for uid, each in found.items()}
    led = {each["alertmanagerUid"]: uid for uid, each in settings.items() if "alertmanagerUid" in each}
    return {
        uid: {"url": each["url"], "from": led[uid]} for uid, each in found.items() if each["type"] == "alertmanager"
    }


@each_preview
def test_credentials_are_secret_and_there_before_whoever_reads_them(preview: bool) -> None:
    run = changed(with_alerting, environment="prod", preview=preview)
    made = run.one(OBJECT, SECRET)
    assert made.plain["stringData"].keys() == {"mail", "chat", "program"}  # the pager's is in a Secret that exists
    assert not [text for text in outside_of_secrets(made.inputs) if "-fake" in text]
    (component,) = run.of("telemetry:monitoring:ReceiverCredentials")
    assert made.urn in run.one("telemetry:metrics:Mimir", "mimir").dependencies
    assert run.component_outputs[component.urn] == {"receivers": ["mail", "chat", "program"]}
    assert "-fake" not in json.dumps(run.one(RELEASE, "mimir").inputs)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nobody_is_told_and_nothing_is_shown_unless_it_is_asked_for(environment: str) -> None:
    run = run_of(environment, preview=True)
    assert [each.name for each in run.of(OBJECT) if each.name == SECRET] == []
    assert alertmanagers(run) == {}


@each_preview
def test_every_environment_has_an_alertmanager_in_grafana(preview: bool) -> None:
    dev, prod = (changed(with_alerting, environment=each, preview=preview) for each in ("dev", "prod"))
    assert alertmanagers(dev) == {
        "alertmanager-dev": {"url": "http://mimir-gateway.ca7f8f-dev.svc.cluster.local.", "from": "mimir-dev"}
    }
    assert alertmanagers(prod) == {
        "alertmanager-prod-platform": {
            "url": "https://gateway.ca7f8f-prod.svc.cluster.local.",
            "from": "mimir-prod-platform",
        }
    }
    (shown,) = (each.plain for each in prod.of(DATASOURCE) if each.plain["type"] == "alertmanager")
    assert shown["name"] == "Alertmanager (prod, Platform team)"
    assert json.loads(shown["jsonDataEncoded"]) == {
        "implementation": "mimir",
        "handleGrafanaManagedAlerts": False,
        "tlsAuthWithCACert": True,
    }


def test_an_alertmanager_is_no_signal_that_other_stacks_read() -> None:
    dev = changed(with_alerting, environment="dev")
    assert dev.exports["datasources"].keys() == {"metrics", "traces"}


def test_behind_the_gateway_those_see_alerts_who_may_silence_them() -> None:
    """Of all tenants at once there is none: an Alertmanager knows one tenant at a time."""
    assert alertmanagers(changed(TENANTS, environment="prod")).keys() == {"alertmanager-prod-a", "alertmanager-prod-c"}
