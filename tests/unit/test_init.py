"""Setting up a new stack: what is asked, what is taken, what is refused and in which words, and what is written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry.backends import BACKENDS
from telemetry.operations.init import questions, trials
from telemetry.operations.init.cluster import Cluster
from telemetry.operations.init.draft import Draft
from telemetry.operations.init.interview import Interview
from telemetry.operations.init.question import Question
from telemetry.operations.init.questions import QUESTIONS
from telemetry.stack import load
from telemetry.stack.file import as_given
from tests.support import ENVIRONMENTS, REPO

GIVEN = {
    "kubernetes.context": "ours",
    "kubernetes.platform": "kubernetes",
    "namespace.name": "telemetry",
    "object_store.provisioning_endpoint": "https://s3.example.org",
    "object_store.endpoint": "http://seaweedfs-s3.storage.svc:8333",
    "object_store.seaweedfs_version": "4.44",
    "grafana.url": "https://grafana.example.org",
    "credentials.grafana.auth": "ga0-fake",
}
"""The least that has to be answered."""


class Person:
    """Answers from a script, several times where there are several answers, and notes what is said."""

    def __init__(self, script: Mapping[str, Sequence[str]], insists: Sequence[bool] = ()) -> None:
        self._script = {key: [*answers] for key, answers in script.items()}
        self._insists = [*insists]
        self.asked: list[str] = []
        self.found: dict[str, Sequence[str]] = {}
        self.told: list[str] = []

    def answer(self, question: Question, found: Sequence[str]) -> str:
        self.asked.append(question.key)
        self.found[question.key] = found
        answers = self._script.get(question.key, [])
        return answers.pop(0) if answers else next(iter(found), "")

    def refuse(self, findings: Sequence[str]) -> None:
        self.told += findings

    def insists(self) -> bool:
        return self._insists.pop(0)


@pytest.fixture(autouse=True)
def one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kubeconfig of whoever runs the tests is nobody's business."""
    monkeypatch.setattr(questions, "contexts", lambda: ("ours", "other"))


def interviewed(environment: str = "dev", **options: Any) -> Interview:
    interview = Interview(
        Draft(environment), **{"given": GIVEN, "user": None, "tries": False, "makes": True, **options}
    )
    interview.run()
    return interview


def written(draft: Draft, file: Path = REPO / "Pulumi.dev.yaml") -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(draft.text(file, {"encryptionsalt": "v1:salt"}))
    return content


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("more", [{}, {"signals": "logs, profiles", "tenants": "payments:2 search:3"}])
def test_what_is_written_is_what_the_program_takes(environment: str, more: Mapping[str, str]) -> None:
    interview = interviewed(environment, given={**GIVEN, **more})
    assert (interview.missing, interview.refused) == ({}, [])
    config = written(interview.draft)["config"]
    credentials: dict[str, Any] = {}
    for key, secret in interview.draft.secrets().items():
        _, name, part = key.split(".")
        credentials.setdefault(name, {})[part] = secret
    given = as_given({**config, "telemetry:credentials": credentials})
    stack, _ = load(given, ["telemetry:credentials"], environment)
    assert stack.traces.survives_a_lost_ingester == stack.metrics.survives_a_lost_ingester == (environment == "prod")
    assert (stack.gateway is not None) == ("tenants" in more)
    assert {tenant.id: tenant.grafana_org for tenant in stack.tenants} == ({"payments": 2, "search": 3} if more else {})


def test_no_secret_is_in_the_text_and_the_engines_keys_and_the_schema_are() -> None:
    draft = interviewed().draft
    text = draft.text(REPO / "stacks" / "Pulumi.dev.yaml", {"encryptionsalt": "v1:salt"})
    assert text.startswith("# yaml-language-server: $schema=../docs/stack.schema.json\n")
    assert "encryptionsalt: v1:salt\n" in text
    assert len(draft.secrets()) == 7
    assert [key for key, secret in draft.secrets().items() if secret in text] == []


def test_without_a_user_what_is_missing_is_named_with_what_was_found() -> None:
    interview = interviewed(given={}, makes=False)
    assert {"grafana.url", "credentials.traces.secret_key", "kubernetes.platform"} <= interview.missing.keys()
    assert interview.missing["kubernetes.context"] == ("ours", "other")
    assert "credentials.logs.access_key" not in interview.missing
    assert "tenants" not in interview.missing


@pytest.mark.parametrize(
    ("key", "wrong", "said"),
    [
        ("object_store.seaweedfs_version", "3.9", "'3.9': below 4.42 listings can leave objects out"),
        ("grafana.url", "grafana", "'grafana': not an address"),
        ("namespace.name", "ca7f8f-prod", "'ca7f8f-prod' belongs to prod, but this stack is dev"),
        ("namespace.name", "Ours", "'Ours': not allowed; it must match"),
        ("namespace.quota", "cpu=4 memory=16G storage=1Gi", "namespace.quota.memory: '16G': not a size"),
        ("namespace.quota", "much", "namespace.quota.much: unknown key"),
        ("kubernetes.platform", "nomad", "'nomad': must be 'openshift' or 'kubernetes'"),
        ("signals", "traces,smells", "telemetry:smells: unknown key"),
        ("charts", "charts", "traces.chart.reference: 'charts/tempo': neither oci://… nor a relative path"),
        ("tenants", "a b", "so a shares a Grafana organisation"),
        ("tenants", "a:x", "must be a whole number"),
        ("security.clients", "10.1.0.1/8", "has bits behind its prefix"),
        ("existing_secrets", "backend", "object_store.secrets.backend: unknown key"),
        ("grafana.secret", "login", "GRAFANA_AUTH is not set where Pulumi runs"),
        ("monitoring.scrape", "servicemonitor", "must be 'none', 'collector', 'operator' or 'annotations'"),
        ("dashboards.folder", "a/b", "telemetry:dashboards.folder: 'a/b'"),
        ("alerting", "pigeon", "alerting.receivers.0.pigeon: unknown key"),
        ("credentials.grafana.auth", "two\nlines", "has spaces around it or a line end in it"),
    ],
)
def test_an_answer_is_refused_in_the_programs_own_words_and_asked_for_again(key: str, wrong: str, said: str) -> None:
    alone = interviewed(given={**GIVEN, key: wrong})
    assert [line for line in alone.refused if said in line], alone.refused
    person = Person({each: [answer] for each, answer in GIVEN.items()})
    asked = interviewed(given={key: wrong}, user=person)
    assert said in "".join(person.told)
    assert asked.draft.findings() == ()
    assert person.asked.count(key) == 1
    assert wrong not in asked.draft.answers.values()


def test_an_address_that_no_policy_can_name_makes_a_question_more() -> None:
    outside = {**GIVEN, "object_store.endpoint": "https://s3.example.org"}
    assert "security.object_store" not in interviewed().missing
    assert [*interviewed(given=outside).missing] == ["security.object_store"]
    settled = interviewed(given={**outside, "security.object_store": "10.1.0.0/16"})
    assert written(settled.draft)["config"]["telemetry:security"]["object_store"] == {"cidrs": ["10.1.0.0/16"]}


def test_secrets_that_exist_already_are_named_and_nobody_is_asked_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {
        "tenants": "payments:2",
        "existing_secrets": "backends tenants",
        "object_store.secrets.traces": "tempo:id:secret",
        "tenants.token_secret": "teams",
        "grafana.secret": "login",
    }
    monkeypatch.setenv("GRAFANA_AUTH", "ge0-fake")
    given = {key: answer for key, answer in GIVEN.items() if key != "credentials.grafana.auth"} | named
    interview = interviewed(given=given)
    assert (interview.missing, interview.refused) == ({}, [])
    assert {key.split(".")[1] for key in interview.draft.secrets()} == {"provisioner", "gateway"}
    config = written(interview.draft)["config"]
    assert config["telemetry:object_store"]["secrets"] == {
        "traces": {"name": "tempo", "access_key": "id", "secret_key": "secret"},
        "metrics": "metrics-bucket",
    }
    assert config["telemetry:tenants"][0]["access"] == {"token_secret": {"name": "teams", "key": "payments"}}
    assert config["telemetry:grafana"]["secret"] == {"name": "login"}


def test_an_operator_is_proposed_and_taken_only_by_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    shown(monkeypatch)
    person = Person({**{key: [answer] for key, answer in GIVEN.items()}, "dashboards.folder": ["Ours"]})
    settings = written(interviewed(given={}, user=person, tries=True).draft)["config"]
    assert person.found["monitoring.scrape"] == ("operator", "none")
    assert settings["telemetry:monitoring"] == {"scrape": "operator", "rules": "prometheus-rule"}
    assert settings["telemetry:dashboards"] == {"folder": "Ours"}
    alone = interviewed(given={**GIVEN, "security.grafana": "*"}, tries=True)
    assert "telemetry:monitoring" not in written(alone.draft)["config"]


def test_who_is_told_of_alerts_is_asked_with_the_secret_and_the_way_there() -> None:
    told = {**GIVEN, "alerting": "slack webhook=https://hooks.example.org:8443/x"}
    told["credentials.alerting.slack"] = "os0-fake"
    assert [*interviewed(given=told).missing] == ["security.alert_receivers"]
    told["security.alert_receivers"] = "0.0.0.0/0"
    interview = interviewed(given=told)
    assert (interview.missing, interview.refused) == ({}, [])
    settings = written(interview.draft)["config"]
    assert settings["telemetry:alerting"]["receiver"] == "slack"
    assert settings["telemetry:security"]["alert_receivers"] == {"cidrs": ["0.0.0.0/0"], "ports": [443, 8443]}
    assert interview.draft.secrets()["credentials.alerting.slack"] == "os0-fake"
    del told["credentials.alerting.slack"]
    assert [*interviewed(given=told).missing] == ["credentials.alerting.slack"]


def test_a_receivers_secret_that_exists_already_is_named_in_place_of_its_credential() -> None:
    told = {**GIVEN, "alerting": "slack pagerduty", "security.alert_receivers": "0.0.0.0/0"}
    told |= {"alerting.secret.slack": "chat:url", "alerting.secret.pagerduty": "none"}
    assert [*interviewed(given=told).missing] == ["credentials.alerting.pagerduty"]
    interview = interviewed(given={**told, "credentials.alerting.pagerduty": "os0-fake"})
    assert (interview.missing, interview.refused) == ({}, [])
    receivers = written(interview.draft)["config"]["telemetry:alerting"]["receivers"]
    assert [each.get("secret") for each in receivers] == [{"name": "chat", "key": "url"}, None]
    (refused,) = interviewed(given={**told, "alerting.secret.slack": "chat"}).refused
    assert refused.startswith("telemetry:alerting.receivers.0.secret.key: is not set")


def test_with_tenants_somebody_has_the_platforms_own_metrics() -> None:
    shop = {**GIVEN, "tenants": "payments:2 search:3", "dashboards.folder": "Ours"}
    assert [*interviewed(given=shop).missing] == ["dashboards.datasource"]
    ours = written(interviewed(given={**shop, "monitoring.tenant": "search"}).draft)["config"]
    assert ours["telemetry:monitoring"] == {"tenant": "search"}
    theirs = written(interviewed(given={**shop, "dashboards.datasource": "prometheus"}).draft)["config"]
    assert theirs["telemetry:dashboards"] == {"folder": "Ours", "datasource": "prometheus"}


def test_half_a_key_pair_is_not_made_beside_a_given_one() -> None:
    given = {**GIVEN, "credentials.traces.access_key": "tk0-fake"}
    assert [*interviewed(given=given, makes=False).missing][:3] == [
        "credentials.provisioner.access_key",
        "credentials.provisioner.secret_key",
        "credentials.traces.secret_key",
    ]
    person = Person({"credentials.traces.access_key": ["tk0-fake"], "credentials.traces.secret_key": ["ts0-fake"]})
    interview = interviewed(user=person)
    assert "credentials.traces.access_key" not in interview.made
    assert {"credentials.metrics.access_key", "credentials.metrics.secret_key"} <= interview.made
    assert "credentials.metrics.secret_key" not in person.asked


class Shown(Cluster):
    """A cluster that shows what it is told to."""

    platform = "kubernetes"
    namespaces = ("a", "b-dev", "default", "kube-system", "openshift-dns", "telemetry")

    def allowed(self, namespace: str) -> Mapping[str, str]:
        return {"cpu": "4", "memory": "16Gi", "storage": "64Gi"} if namespace == "telemetry" else {}

    def used(self, namespace: str) -> Mapping[str, str]:
        return {"cpu": "100m", "memory": "1Gi", "storage": "1Gi"} if namespace == "telemetry" else {}

    operator_kinds = frozenset({"PodMonitor", "PrometheusRule"})

    def secrets(self, namespace: str) -> tuple[str, ...]:  # noqa: ARG002 - all are alike
        return ()

    def services(self, port: int) -> tuple[tuple[str, str], ...]:
        return {8333: (("weed-s3", "storage"),), 3000: (("grafana", "tools"),)}[port]


def shown(monkeypatch: pytest.MonkeyPatch, refusals: Mapping[str, Sequence[str]] | None = None) -> None:
    """Let the interview see that cluster, and no other system; `refusals` are what trials say, by key."""
    monkeypatch.setattr("telemetry.operations.init.interview.Cluster", Shown)
    said = refusals or {}
    monkeypatch.setattr(trials, "TRIALS", {each.key: lambda *_, key=each.key: said.get(key, ()) for each in QUESTIONS})


def test_what_a_cluster_shows_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    shown(monkeypatch)
    person = Person({"namespace.name": ["telemetry"], **{key: [answer] for key, answer in GIVEN.items()}})
    interview = interviewed(given={}, user=person, tries=True)
    assert person.found["namespace.name"] == ("b-dev", "a", "telemetry")
    assert person.found["namespace.quota"] == ("cpu=4 memory=16Gi storage=64Gi",)
    assert person.found["object_store.endpoint"][0] == "http://weed-s3.storage.svc:8333"
    assert person.found["security.grafana"] == ("tools", "*")
    assert "namespace.create" not in person.asked
    settings = written(interview.draft)["config"]["telemetry:namespace"]
    assert settings["quota"] == {"cpu": "4", "memory": "16Gi", "storage": "64Gi"}
    assert settings["used"] == {"cpu": "100m", "memory": "1Gi", "storage": "1Gi"}


def test_a_namespace_that_is_not_there_is_made_only_if_somebody_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    shown(monkeypatch)
    new = {**GIVEN, "namespace.name": "new", "security.grafana": "*"}
    assert interviewed(given=new, tries=True).draft.answers["namespace.create"] is False
    made = {**new, "namespace.create": "yes"}
    assert [*interviewed(given=made, tries=True).missing] == ["namespace.quota"]


def test_what_a_system_does_not_take_is_said_at_once_and_stands_only_if_the_user_insists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = "telemetry:grafana.url: https://grafana.example.org does not answer"
    later = "telemetry:credentials.grafana.auth: refused"
    shown(monkeypatch, {"grafana.url": [line, later]})
    assert interviewed(given={**GIVEN, "security.grafana": "*"}, tries=True).refused == [line]
    script = {key: [answer, answer] for key, answer in GIVEN.items()}
    person = Person(script, insists=[False, True])
    assert "grafana.url" in interviewed(given={}, user=person, tries=True).draft.answers
    assert person.asked.count("grafana.url") == 2
    assert person.told == [line] * 2


def test_of_a_pair_that_a_server_refuses_both_halves_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "telemetry:credentials.traces: https://s3.example.org refused it (InvalidAccessKeyId)"
    said = iter([[line], []])
    shown(monkeypatch)
    monkeypatch.setitem(trials.TRIALS, "credentials.traces.secret_key", lambda *_: next(said))
    script = {"credentials.traces.access_key": ["wrong", "tk0-fake"], "credentials.traces.secret_key": ["ts0-fake"] * 2}
    person = Person(script, insists=[False])
    interview = interviewed(user=person, tries=True)
    assert person.told == [line]
    assert interview.draft.secrets()["credentials.traces.access_key"] == "tk0-fake"


def test_every_backend_begins_with_a_chart_that_it_knows() -> None:
    for backend in BACKENDS:
        for environment in ENVIRONMENTS:
            section = backend.starter(environment)  # type: ignore[arg-type]
            for chart in section["charts"].values() if "charts" in section else [section["chart"]]:
                assert chart["version"] in backend.charts[chart["name"]]


def test_questions_have_keys_of_their_own_and_examples_that_hold() -> None:
    keys = [each.key for each in QUESTIONS]
    assert len(keys) == len(set(keys))
    assert [Draft(environment).findings() for environment in ENVIRONMENTS] == [(), (), ()]
