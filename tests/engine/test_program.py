"""What the whole program does: its providers, and how it refuses before anything is registered."""

import os
from datetime import date
from functools import partial

import pulumi
import pytest

from components import stack_config
from telemetry.operations import preflight
from tests.engine.recorder import Run, run_of, run_program
from tests.support import ENVIRONMENTS, SECRETS, Change, all_of, credentials, drop, put, tree
from tests.unit.bad_collectors import DAEMON_SET

ENDING = put(
    "tenants",
    [
        {
            "id": "platform",
            "display_name": "Platform team",
            "access": {"token": {"issued_on": "2026-11-01", "valid_for": "90d"}},
        }
    ],
)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_providers_are_safe(environment: str) -> None:
    run = run_of(environment, preview=False)
    kubernetes = run.one("pulumi:providers:kubernetes", "kubernetes").plain
    assert kubernetes["context"] == kubernetes["clusterIdentifier"] == f"ca7f8f-{environment}"
    assert kubernetes["enableSecretMutable"] == "true"
    s3 = run.one("pulumi:providers:aws", "s3").plain
    switches = ("CredentialsValidation", "MetadataApiCheck", "RegionValidation", "RequestingAccountId")
    assert {s3[f"skip{switch}"] for switch in switches} | {s3["s3UsePathStyle"]} == {"true"}
    assert s3["region"] == "us-east-1"
    assert "seaweedfs" in s3["endpoints"]


def test_what_plugins_find_in_their_environment_is_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "KUBECONFIG": "/home/somebody/kubeconfig",
        "PULUMI_K8S_DELETE_UNREACHABLE": "true",
        "GRAFANA_TLS_KEY": "key-of-somebody",
        "GRAFANA_RETRIES": "17",
    }
    providers = [each.inputs for each in run_of("dev", preview=False).resources if "pulumi:providers" in each.type]
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    run = Run()
    run_program(tree(), "dev", preview=False, run=run)
    assert [each.inputs for each in run.resources if "pulumi:providers" in each.type] == providers
    assert os.environ.items() >= given.items(), "what runs beside the program still has them"


def test_a_bad_config_is_one_message_and_nothing_is_registered() -> None:
    settings, run = tree(), Run()
    all_of(put("metrics.retention", "1h"), drop("credentials.metrics"))(settings)
    with pytest.raises(pulumi.RunError) as stopped:
        run_program(settings, "dev", preview=True, run=run)
    first, *lines = str(stopped.value).splitlines()
    assert first == "Pulumi.dev.yaml cannot be used:"
    assert [line.split(": ")[0] for line in lines] == ["telemetry:metrics.retention", "telemetry:credentials.metrics"]
    assert run.resources == []


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
@pytest.mark.parametrize(
    ("change", "environment", "starts"),
    [
        (
            put("namespace.quota.memory", "1Gi"),
            "dev",
            [
                "telemetry:namespace.quota.memory: 2Gi new = 2Gi, but the quota is 1Gi; "
                "raise requests.memory by 1Gi to 2Gi"
            ],
        ),
        (
            drop("namespace.quota_increase"),
            "prod",
            [f"telemetry:namespace.quota.{resource}: " for resource in ("cpu", "memory", "storage")],
        ),
        (
            put("kubernetes.nodes", {"count": 3, "cpu": "2", "memory": "512Mi"}),
            "prod",
            [
                f"telemetry:{backend}.roles.ingester.memory: asks for 1Gi per replica; a node has 512Mi: lower it"
                for backend in ("traces", "metrics")
            ],
        ),
    ],
    ids=["larger than its quota", "prod today", "larger than a node"],
)
def test_what_does_not_fit_is_one_message_and_nothing_is_registered(
    change: Change, environment: str, starts: list[str], preview: bool
) -> None:
    settings, run = tree(environment), Run()
    change(settings)
    with pytest.raises(pulumi.RunError) as stopped:
        run_program(settings, environment, preview=preview, run=run)
    first, *lines = str(stopped.value).splitlines()
    assert first == f"Pulumi.{environment}.yaml cannot be used:"
    assert len(lines) == len(starts)
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts
    assert run.resources == []


@pytest.mark.parametrize("environment", ["test", "prod"])
@pytest.mark.parametrize(
    ("today", "said"), [(date(2027, 12, 3), "ended on 2027-12-02"), (date(2026, 10, 31), "2026-11-01 is yet to come")]
)
def test_certificates_that_would_be_of_no_use_are_refused_and_nothing_is_registered(
    monkeypatch: pytest.MonkeyPatch, environment: str, today: date, said: str
) -> None:
    monkeypatch.setattr(stack_config, "_today", lambda: today)
    settings, run = tree(environment), Run()
    with pytest.raises(pulumi.RunError, match=rf"cannot be used:\ntelemetry:gateway\.issued.*{said}"):
        run_program(settings, environment, preview=True, run=run)
    assert run.resources == []


@pytest.mark.parametrize(
    ("today", "said"), [(date(2027, 1, 30), "platform ended on 2027-01-30"), (date(2026, 10, 31), "is yet to come")]
)
def test_a_token_that_would_be_of_no_use_is_refused_and_nothing_is_registered(
    monkeypatch: pytest.MonkeyPatch, today: date, said: str
) -> None:
    monkeypatch.setattr(stack_config, "_today", lambda: today)
    settings, run = tree("prod"), Run()
    ENDING(settings)
    put("gateway.certificate", {"source": "existing", "secret": "ours"})(settings)
    with pytest.raises(pulumi.RunError, match=rf"\ntelemetry:tenants\.0\.access\.token.*{said}"):
        run_program(settings, "prod", preview=True, run=run)
    assert run.resources == []


def test_a_token_that_ends_soon_is_a_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    settings = tree("test")
    ENDING(settings)
    for today, warned in ((date(2026, 12, 30), 0), (date(2026, 12, 31), 1)):
        monkeypatch.setattr(stack_config, "_today", partial(date, today.year, today.month, today.day))
        caplog.clear()
        run_program(settings, "test", preview=True)
        warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
        assert [each.partition("; ")[0] for each in warnings] == [
            "telemetry:tenants.0.access.token: within 30 days end: token of platform on 2027-01-30"
        ] * warned


def test_certificates_that_end_soon_are_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = tree("test")
    monkeypatch.setattr(stack_config, "_today", lambda: date(2027, 11, 20))
    run_program(settings, "test", preview=True)
    (warning,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith("telemetry:gateway.issued: the certificates that the program issues end on 2027-12-02")
    caplog.clear()
    put("gateway.certificate", {"source": "existing", "secret": "ours"})(settings)  # then it issues none
    monkeypatch.setattr(stack_config, "_today", lambda: date(2030, 1, 1))
    run_program(settings, "test", preview=True)
    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


def test_values_that_alloys_chart_does_not_know_are_refused_and_nothing_is_registered() -> None:
    settings, run = tree(), Run()
    put("collector", {**DAEMON_SET, "values": {"add": {"alloy": {"hostAliasses": []}}}})(settings)
    with pytest.raises(pulumi.RunError, match=r"telemetry:collector\.values\.add\.alloy\.hostAliasses: unknown"):
        run_program(settings, "dev", preview=True, run=run)
    assert run.resources == []


def test_values_of_a_chart_whose_paths_are_not_known_are_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    settings = tree()
    all_of(put("metrics.chart.version", "6.0.6"), put("metrics.values.add.ingester.schedulerName", "ours"))(settings)
    run = run_program(settings, "dev", preview=True)
    (warning,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith("telemetry:metrics.values: the paths of the chart mimir-distributed 6.0.6 are not known")
    assert run.one("kubernetes:helm.sh/v3:Release", "mimir").plain["values"]["ingester"]["schedulerName"] == "ours"


def test_an_increase_under_way_is_a_warning_and_the_stack_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    run = run_program(tree("prod"), "prod", preview=True)
    (warning,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith("telemetry:namespace.quota_increase: requested: ")
    assert "requests.cpu needs 5990m of 4000m" in warning
    assert run.resources


def test_plain_text_secrets_stop_the_program_unseen() -> None:
    run = Run()
    with pytest.raises(pulumi.RunError, match="in plain text") as stopped:
        run_program(tree(), "dev", preview=True, encrypted=False, run=run)
    assert not any(secret in str(stopped.value) for secret in SECRETS)
    assert run.resources == []


def test_what_a_system_answers_is_told_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    key = credentials().gateway_key
    answered = f"telemetry:grafana.url: answered 401 to {key} and Authorization: Basic eDp5"
    monkeypatch.setattr(preflight, "findings", lambda *_: [answered])
    with pytest.raises(pulumi.RunError) as stopped:
        run_program(tree("test"), "test", preview=False, run=Run())
    assert "telemetry:grafana.url: answered 401 to [secret] and Authorization: Basic [secret]" in str(stopped.value)


def test_an_up_that_cannot_succeed_registers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run()
    monkeypatch.setattr(preflight, "findings", lambda *_: ["telemetry:grafana.url: does not answer; check it"])
    with pytest.raises(pulumi.RunError, match=r"nothing was changed, because:\ntelemetry:grafana\.url"):
        run_program(tree(), "dev", preview=False, run=run)
    assert run.resources == []
