"""The operational checklist: every item of R46 is there, and each tells done from open from what nobody sees."""

import json
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
import yaml
from kubernetes.client import ApiClient
from rich.console import Console

from telemetry.cli import checklist as checklist_command
from telemetry.clients.kubernetes import connect
from telemetry.clients.target import Tenant
from telemetry.gateway.secrets import mounted_secrets
from telemetry.monitoring.operator import GROUP, VERSION, pod_monitors, prometheus_rules
from telemetry.monitoring.rules import groups_of
from telemetry.operations.checklist import activity, items, metrics, objects, report, rules, scraping, secrets
from telemetry.operations.checklist.model import ChecklistFinding, Given, State, Ticked
from telemetry.operations.validation.target import StackTarget
from telemetry.spec.checks import CheckFailed, CheckSkipped
from telemetry.stack import ConfigError
from tests.doubles import Answer, answering, by_path, kubeconfig
from tests.support import (
    EVERY_SIGNAL,
    WITH_THANOS_IN_PROD,
    Change,
    all_of,
    credentials,
    drop,
    load_stack,
    put,
    unwatched,
    with_ruler,
)

RULER = with_ruler
OBJECTS = put("monitoring.rules", "prometheus-rule")
TODAY = date(2026, 11, 21)
Answers = dict[str, Any]


def given(*changes: Change, answers: Answers | None = None, validation: Any = "none", today: date = TODAY) -> Given:
    """Return what there is to look at in prod; `answers` are Mimir's, by path."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = (answers or {}).get(request.url.path)
        if callable(found):
            found = found(request)
        return httpx.Response(404) if found is None else httpx.Response(200, text=found)

    target = SimpleNamespace(
        addresses={"metrics.query": "https://gateway.x.svc/prometheus"},
        tenants=[Tenant("platform", "t0-fake")],
        client=lambda _: httpx.Client(transport=httpx.MockTransport(answer)),
        behind_gateway=False,
    )
    stack = load_stack("prod", *changes)
    return Given(stack, credentials(), cast(ApiClient, None), cast(StackTarget, target), validation, today)


def test_the_list_has_every_item() -> None:
    assert [item.text.split("(")[0].strip(" .") for item in items.ITEMS] == [
        "Certificates rotated and secrets updated",
        "Prometheus scrape succeeds",
        "Tempo and Loki report tenant activity",
        "Retention policy tested by uploading sample data and verifying expiry",
        "Alerts wired into SLO evaluator",
        "Component rule packs imported",
    ]


# ---- Secrets.


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """The Secrets of a cluster in which everything is as it should be, to be changed."""
    found = {name: dict(data) for name, data in secrets._derived(given())}
    monkeypatch.setattr(secrets, "_live", lambda _, name: found.get(name))
    return found


def test_secrets_as_the_settings_say_are_done(live: dict[str, dict[str, str]]) -> None:
    assert {"mimir-s3", "tempo-s3", "gateway-tls", "gateway-tenants", "tenant-platform"} <= live.keys()
    assert secrets.look(given()) == ChecklistFinding(
        "done", f"{len(live)} Secrets are as the settings say; the first certificate ends on 2027-12-02"
    )


@pytest.mark.parametrize("change", [EVERY_SIGNAL["prod"], WITH_THANOS_IN_PROD], ids=["default backends", "Thanos"])
def test_the_s3_secrets_of_every_backend_are_looked_at(change: Change) -> None:
    every = given(change)
    wanted = dict(secrets._derived(every))
    for backend in every.stack.backends:
        pair = getattr(every.credentials, backend.signal)
        assert wanted[backend.of.secret]["AWS_SECRET_ACCESS_KEY"] == pair.secret_key.get_secret_value()


@pytest.mark.parametrize("name", ["mimir-s3", "gateway-tenants", "tenant-platform"])
def test_a_secret_that_is_missing_or_old_is_open_and_not_shown(live: dict[str, dict[str, str]], name: str) -> None:
    key = next(iter(live[name]))
    live[name][key] = "older0-fake"
    old = secrets.look(given())
    assert (old.state, old.detail) == ("open", f"Secret {name} is not as the settings say ({key})")
    del live[name]
    assert secrets.look(given()) == ChecklistFinding("open", f"Secret {name} is not there")


def test_a_certificate_that_ends_soon_is_open(live: dict[str, dict[str, str]]) -> None:
    assert live
    found = secrets.look(given(today=date(2027, 11, 12)))
    assert (found.state, found.detail) == ("open", "the certificate in gateway-tls ends on 2027-12-02")
    assert secrets.look(given(today=date(2027, 11, 10))).state == "done"


def test_a_token_that_ends_soon_is_open(live: dict[str, dict[str, str]]) -> None:
    ends = {"token": {"issued_on": "2026-11-01", "valid_for": "90d"}}
    ending = put("tenants", [{"id": "platform", "display_name": "Platform team", "access": ends}])
    live |= {name: dict(data) for name, data in secrets._derived(given(ending))}
    found = secrets.look(given(ending, today=date(2027, 1, 9)))
    assert (found.state, found.detail) == ("open", "the token of platform ends on 2027-01-30")
    assert secrets.look(given(ending, today=date(2027, 1, 8))).state == "done"


def test_somebody_elses_certificate_is_looked_at_too(live: dict[str, dict[str, str]]) -> None:
    theirs = put("gateway.certificate", {"source": "existing", "secret": "ours"})
    assert "Secret ours is not there" in secrets.look(given(theirs)).detail
    live["ours"] = live["gateway-tls"]
    assert secrets.look(given(theirs)).state == "done"
    names = [each.name for each in mounted_secrets(load_stack("prod"), load_stack("prod").gateway, "k" * 32)]  # type: ignore[arg-type]
    assert "gateway-tls" in names


def test_secrets_that_exist_already_are_to_be_there_and_their_certificates_valid(
    live: dict[str, dict[str, str]],
) -> None:
    theirs = all_of(
        put("gateway.certificate", {"source": "existing", "secret": {"name": "theirs", "certificate": "cert"}}),
        put("object_store.secrets.traces", "tempo-bucket"),
        drop("credentials.traces"),
    )
    live["theirs"] = {"cert": live.pop("gateway-tls")["tls.crt"]}
    del live["tempo-s3"]
    assert secrets.look(given(theirs)).detail == "Secret tempo-bucket is not there"
    live["tempo-bucket"] = {}
    assert secrets.look(given(theirs)).state == "done"
    found = secrets.look(given(theirs, today=date(2027, 11, 12)))
    assert found.detail == "the certificate in theirs ends on 2027-12-02"


# ---- Metrics.


def counted(mimir: int, tempo: int) -> Answers:
    def answer(request: httpx.Request) -> str:
        number = mimir if "cortex" in request.url.params["query"] else tempo
        return json.dumps({"data": {"result": [{"value": [0, str(number)]}] if number else []}})

    return {"/prometheus/api/v1/query": answer}


@pytest.mark.parametrize(
    ("mimir", "tempo", "state", "said"),
    [(10, 14, "done", "14 pods of Tempo, 10 pods of Mimir"), (0, 14, "open", "no metrics of Mimir within")],
)
def test_metrics_that_do_not_arrive_are_seen(mimir: int, tempo: int, state: State, said: str) -> None:
    found = metrics.look(given(RULER, answers=counted(mimir, tempo)))
    assert found.state == state
    assert said in found.detail


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (unwatched, "nothing says where"),
        (all_of(RULER, put("dashboards", {"datasource": "theirs"})), "in another Prometheus (datasource theirs)"),
    ],
)
def test_metrics_that_are_elsewhere_are_for_people(change: Change, why: str) -> None:
    with pytest.raises(CheckSkipped) as skipped:
        metrics.look(given(change, answers=counted(1, 1)))
    assert why in str(skipped.value)


OPERATOR = put("monitoring.scrape", "operator")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What an operator is told in a cluster in which everything is as it should be, to be changed: specs and pods."""
    specs = {each.name: each.spec for each in pod_monitors(given(OPERATOR).stack)}
    found: dict[str, Any] = {**specs, "pods": dict.fromkeys((8080, 3200), 9)}
    monkeypatch.setattr(scraping, "live_spec", lambda _, wanted: found.get(wanted.name))
    monkeypatch.setattr(scraping, "ready_pods", lambda _, __, ___, port: found["pods"][port])
    return found


def test_what_an_operator_is_told_is_held_against_the_settings_and_the_pods(told: dict[str, Any]) -> None:
    looked = given(OPERATOR)
    said = "3 PodMonitor objects select 9 pods of Mimir, 9 pods of Tempo, 9 pods of the gateway"
    assert metrics.look(looked) == ChecklistFinding("done", said)
    told["pods"][3200] = 0
    assert metrics.look(looked) == ChecklistFinding("open", "no pod of Tempo is ready to be scraped")
    told["telemetry-mimir"] = {**told["telemetry-mimir"], "podMetricsEndpoints": []}
    del told["telemetry-tempo"]
    open_ = metrics.look(looked).detail
    assert open_.startswith("PodMonitor telemetry-mimir is another; PodMonitor telemetry-tempo is missing")


def at(folder: Path, address: str) -> Given:
    """Return what there is to look at in a cluster at an address."""
    (folder / "kubeconfig").write_text(kubeconfig(address, "ca7f8f-prod", "kt0-fake"))
    looked = given(OPERATOR, put("kubernetes.kubeconfig", str(folder / "kubeconfig")))
    return replace(looked, cluster=connect(looked.stack.kubernetes))


def test_the_clusters_objects_are_read_as_it_has_them(tmp_path: Path) -> None:
    (monitor, *_) = pod_monitors(given(OPERATOR).stack)
    path = f"/apis/{GROUP}/{VERSION}/namespaces/{monitor.namespace}/podmonitors/{monitor.name}"
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    spec = {"containers": [{"ports": [{"containerPort": 8080}]}]}
    pods = [{"spec": spec, "status": ready}, {"spec": spec, "status": {}}, {"spec": {}, "status": ready}]
    lists = {path: {"spec": monitor.spec}, "/api/v1/namespaces/n/pods": {"items": pods}}
    secret = {"/api/v1/namespaces/ca7f8f-prod/secrets/mimir-s3": {"data": {"key": "dGV4dA=="}}}
    with by_path({**lists, **secret}) as address:
        looked = at(tmp_path, address)
        assert objects.live_spec(looked, monitor) == monitor.spec
        assert objects.ready_pods(looked, "n", "app=mimir", 8080) == 1
        assert secrets._live(looked, "mimir-s3") == {"key": "text"}
        assert secrets._live(looked, "tempo-s3") is None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(body="<html>log in</html>"), "does not answer like one"),
        (Answer(body='{"data": '), "does not answer like one"),
        (Answer(403, '{"message": "ann cannot get secrets"}'), "refused (403): ann cannot get secrets"),
    ],
)
def test_what_the_cluster_does_not_show_is_open_with_its_reason(tmp_path: Path, answer: Answer, said: str) -> None:
    with answering(answer) as address:
        first, second, *_ = items.ticked(at(tmp_path, address))
    assert [each.state for each in (first, second)] == ["open", "open"]
    assert "Secret tempo-s3 cannot be seen" in first.detail
    assert all(said in each.detail for each in (first, second))


def test_metrics_of_what_is_no_prometheus_are_open() -> None:
    looked = given(RULER, answers={"/prometheus/api/v1/query": "<html>log in</html>"})
    with pytest.raises(CheckFailed, match="does not answer like Prometheus"):
        metrics.look(looked)


# ---- What validation saw.


def validated(**states: str) -> dict[str, Any]:
    """Return what `validate` writes; states by signal, `limits` for retention."""
    names = {"metrics": "OTLP in, PromQL out", "traces": "OTLP/gRPC in, by id out"}
    checks = [
        {"lane": "platform", "signal": signal, "name": name, "state": states.get(signal, "passed"), "detail": "d"}
        for signal, name in names.items()
    ]
    limits = {
        "lane": "platform",
        "signal": "metrics",
        "name": "retention and limits in force",
        "detail": "retention 9h",
    }
    return {"stack": "prod", "checks": [*checks, {**limits, "state": states.get("limits", "passed")}]}


def test_tenants_are_active_if_all_that_they_sent_was_found() -> None:
    assert activity.look(given(validation=validated())).state == "done"
    assert activity.look(given(validation=validated(traces="failed"))).state == "open"
    for seen in (validated(traces="skipped"), validated(traces="skipped", metrics="skipped"), "nothing was validated"):
        with pytest.raises(CheckSkipped):
            activity.look(given(validation=seen))


def test_retention_is_never_ticked_by_a_machine_but_a_wrong_one_is_told() -> None:
    with pytest.raises(CheckSkipped, match="in force: platform · metrics: retention 9h"):
        activity.look_at_retention(given(validation=validated()))
    assert activity.look_at_retention(given(validation=validated(limits="failed"))).state == "open"


# ---- Rules.


def loaded(groups: list[dict[str, Any]]) -> Answers:
    return {"/prometheus/config/v1/rules/telemetry": yaml.safe_dump({"telemetry": groups})}


def test_rules_in_the_ruler_are_done_missing_or_others() -> None:
    wanted = groups_of(load_stack("prod", RULER))
    there = given(RULER, answers=loaded(wanted))
    assert (rules.look_at_objectives(there).state, rules.look_at_packs(there).state) == ("done", "done")
    fewer = given(RULER, answers=loaded([each for each in wanted if each["name"] != "telemetry-slo"]))
    assert rules.look_at_objectives(fewer) == ChecklistFinding("open", "telemetry-slo is missing")
    assert rules.look_at_packs(fewer).state == "done"
    other = [{**each, "rules": each["rules"][1:]} if each["name"] == "telemetry-mimir" else each for each in wanted]
    assert rules.look_at_packs(given(RULER, answers=loaded(other))) == ChecklistFinding(
        "open", "telemetry-mimir is another"
    )
    assert rules.look_at_packs(given(RULER)).state == "open"


def test_rules_as_objects_are_compared_word_for_word(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = given(OBJECTS)
    specs = {each.name: each.spec for each in prometheus_rules(looked.stack)}
    monkeypatch.setattr(rules, "live_spec", lambda _, wanted: specs[wanted.name])
    assert rules.look_at_packs(looked).state == "done"
    monkeypatch.setattr(rules, "live_spec", lambda *_: {})  # as somebody has emptied it
    assert rules.look_at_packs(looked).state == "open"
    monkeypatch.setattr(rules, "live_spec", lambda *_: None)
    assert rules.look_at_packs(looked).state == "open"


def test_nobodys_rules_are_for_people() -> None:
    with pytest.raises(CheckSkipped):
        rules.look_at_packs(given(unwatched))


# ---- What is told.


def of(*states: State) -> list[Ticked]:
    return [Ticked(f"item {state}", state, "seen", "do it") for state in states]


@pytest.mark.parametrize(
    ("states", "allowed", "code"),
    [
        (("done",), False, 0),
        (("done", "by hand"), False, 1),
        (("done", "by hand"), True, 0),
        (("open", "by hand", "done"), True, 1),
    ],
)
def test_what_is_left_to_people_is_no_success_unless_that_is_allowed(
    states: tuple[State, ...], allowed: bool, code: int
) -> None:
    assert report.exit_code(of(*states), allow_manual=allowed) == code


def test_the_table_says_how_what_is_not_done_is_done() -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(report.table("prod", of("done", "open", "by hand")))
    shown = console.export_text()
    assert shown.count("→ do it") == 2
    assert [mark for mark in ("[x]", "[ ]", "[?]") if mark not in shown] == []
    assert report.summary(of("done", "open", "by hand")) == "3 items: 1 done, 1 open, 1 by hand"


def test_how_names_the_stack(live: dict[str, dict[str, str]]) -> None:
    live.update(secrets._derived(given(RULER)))
    found = list(items.ticked(given(RULER, answers=counted(1, 1))))
    assert [each.state for each in found] == ["done", "done", "by hand", "by hand", "open", "open"]
    told = " ".join(each.how for each in found)
    assert 'namespace="ca7f8f-prod"' in told
    assert "make validate STACK=prod ON=cluster ARGS=" in told
    assert "telemetry rules prod --output" in told


def test_a_validation_is_of_this_stack_and_of_today(tmp_path: Path) -> None:
    file = tmp_path / "validate.json"
    file.write_text(json.dumps(validated()))
    assert checklist_command._seen(file, "prod") == validated()
    with pytest.raises(ConfigError, match="is of prod, not of dev"):
        checklist_command._seen(file, "dev")
    file.write_text("[]")
    with pytest.raises(ConfigError, match="is not what `validate --output` writes"):
        checklist_command._seen(file, "prod")
    assert "nothing was validated" in str(checklist_command._seen(None, "prod"))
