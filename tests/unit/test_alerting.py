"""Who is told of alerts: Alertmanager's configuration as it follows from the settings, and where it goes."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from telemetry.cli.app import app
from telemetry.config.alerting import Alerting
from telemetry.engine.preview import Preview
from telemetry.monitoring.rules import groups_of
from telemetry.network.policies import policies_of
from telemetry.operations.report.build import Found, build
from telemetry.spec.alertmanager import FOLDER, SECRET, configuration, volume
from telemetry.stack import ConfigError, Stack
from tests.support import ENVIRONMENTS, Change, all_of, load_stack, put, tree, with_alerting
from tests.unit.rendered import Values, leaves, rendered
from tests.unit.test_commands import stack_config

ROLES = "mimir-distributed"
AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def alerting(stack: Stack) -> Alerting:
    assert stack.alerting is not None
    return stack.alerting


def configured(*changes: Change, environment: str = "prod") -> dict[str, Any]:
    stack = load_stack(environment, with_alerting, *changes)
    made: dict[str, Any] = yaml.safe_load(configuration(alerting(stack), stack.monitoring.severities))
    return made


def receivers(whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each receiver's one way of being told, by name."""
    found = {}
    for each in whole["receivers"]:
        (way,) = each.keys() - {"name"}
        (found[each["name"]],) = each[way]
    return found


def test_a_credential_is_a_file_and_nothing_else() -> None:
    given = receivers(configured())
    assert given["mail"]["auth_password_file"] == f"{FOLDER}/mail"
    assert given["chat"]["api_url_file"] == f"{FOLDER}/chat"
    assert given["pager"]["routing_key_file"] == f"{FOLDER}/pager"
    assert given["program"]["http_config"] == {
        "authorization": {"type": "Bearer", "credentials_file": f"{FOLDER}/program"}
    }


def test_mail_never_goes_without_tls_and_trusts_whom_it_is_told() -> None:
    def trusting(settings: Values) -> None:
        settings["alerting"]["receivers"][0]["email"]["authority"] = AUTHORITY
        settings["alerting"]["receivers"][1]["slack"]["authority"] = AUTHORITY

    given = receivers(configured(trusting))
    assert given["mail"]["require_tls"] is True
    assert given["mail"]["tls_config"] == {"ca": AUTHORITY}
    assert given["chat"]["http_config"]["tls_config"] == {"ca": AUTHORITY}
    assert "tls_config" not in receivers(configured())["mail"]


def test_whoever_is_told_reads_where_the_runbook_is() -> None:
    given = receivers(configured())
    for text in (given["mail"]["text"], given["chat"]["text"], given["pager"]["details"]["text"]):
        assert "{{ with .Annotations.runbook_url }}Runbook: {{ . }}" in text
    assert given["pager"]["links"] == [{"href": "{{ .CommonAnnotations.runbook_url }}", "text": "Runbook"}]


def test_routes_ask_for_severity_namespace_tenant_and_labels() -> None:
    route = {
        "receiver": "chat",
        "severities": ["page", "ticket"],
        "namespaces": ["ca7f8f-prod", "a.b"],
        "tenants": ["platform"],
        "labels": {"team": 'the "first"'},
        "mute": ["nights"],
        "proceed": True,
    }
    own = put("monitoring.severities", {"page": "P1", "ticket": "P4"})
    assert configured(own, put("alerting.routes", [route]))["route"]["routes"] == [
        {
            "receiver": "chat",
            "matchers": [
                'severity=~"P1|P4"',
                'namespace=~"ca7f8f-prod|a\\\\.b"',
                'tenant="platform"',
                'team="the \\"first\\""',
            ],
            "mute_time_intervals": ["nights"],
            "continue": True,
        }
    ]


def test_what_no_route_takes_goes_to_one_receiver_in_groups() -> None:
    whole = configured(put("alerting.group_wait", 0), put("alerting.repeat_interval", "12h"))
    assert {key: value for key, value in whole["route"].items() if key != "routes"} == {
        "receiver": "mail",
        "group_by": ["alertname", "namespace"],
        "group_wait": "0s",
        "group_interval": "300s",
        "repeat_interval": "12h",
    }


def test_mute_times_and_what_holds_others_back() -> None:
    inhibition = {"source": {"alertname": "A"}, "target": {"alertname": "B"}, "equal": ["pod"]}
    night = {"weekdays": ["monday"], "hours": ["22:00-24:00", "00:00-06:00"], "zone": "Europe/Zurich"}
    whole = configured(put("alerting.inhibitions", [inhibition]), put("alerting.mute_times.nights", night))
    times = [{"start_time": "22:00", "end_time": "24:00"}, {"start_time": "00:00", "end_time": "06:00"}]
    intervals = [{"weekdays": ["monday"], "times": times, "location": "Europe/Zurich"}]
    assert whole["time_intervals"] == [{"name": "nights", "time_intervals": intervals}]
    budget, own = whole["inhibit_rules"]
    assert budget == {
        "source_matchers": ['severity="critical"', 'slo=~".+"'],
        "target_matchers": ['severity="warning"'],
        "equal": ["namespace", "slo"],
    }
    assert own == {
        "source_matchers": ['alertname="A"'],
        "target_matchers": ['alertname="B"'],
        "equal": ["pod"],
    }


def test_credentials_of_ours_and_of_others_are_in_one_folder() -> None:
    assert volume(alerting(load_stack("prod", with_alerting))) == {
        "name": SECRET,
        "projected": {
            "sources": [
                {"secret": {"name": SECRET}},
                {"secret": {"name": "pager", "items": [{"key": "routing-key", "path": "pager"}]}},
            ]
        },
    }
    open_mail = {"to": ["a@example.org"], "sender": "b@example.org", "server": "smtp.example.org:587"}
    nobodys = Alerting.model_validate({"receivers": [{"name": "mail", "email": open_mail}], "receiver": "mail"})
    assert volume(nobodys) is None


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_alertmanager_alone_mounts_the_credentials_and_has_the_configuration(environment: str) -> None:
    values = rendered(environment, with_alerting)[ROLES]
    stack = load_stack(environment, with_alerting)
    assert values["alertmanager"]["fallbackConfig"] == configuration(alerting(stack), stack.monitoring.severities)
    mounting = {path[0] for path, leaf in leaves(values) if leaf == FOLDER}
    assert mounting == {"alertmanager"}
    assert values["alertmanager"]["extraVolumes"] == [volume(alerting(stack))]
    secrets = [text for text in tree_secrets() if text in str(values)]
    assert secrets == []


def tree_secrets() -> list[str]:
    settings = tree()
    with_alerting(settings)
    return list(settings["credentials"]["alerting"].values())


def test_nobody_is_told_unless_the_settings_say_so() -> None:
    assert not [path for path, _ in leaves(rendered("prod")[ROLES]) if "fallbackConfig" in path]


def test_the_way_is_open_to_receivers_and_no_further() -> None:
    before, after = (policies_of(load_stack("prod", *changes)) for changes in ((), (with_alerting,)))
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"mimir-alertmanager"}
    opened = [
        each for each in after["mimir-alertmanager"]["egress"] if each not in before["mimir-alertmanager"]["egress"]
    ]
    assert opened == [
        {
            "to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}],
            "ports": [{"port": 443, "protocol": "TCP"}, {"port": 587, "protocol": "TCP"}],
        }
    ]


def test_the_api_server_reaches_the_alertmanager_where_drift_asks_what_is_loaded() -> None:
    nodes = {"namespaceSelector": {"matchLabels": {"policy-group.network.openshift.io/host-network": ""}}}

    def let_in(*changes: Change) -> bool:
        ingress = policies_of(load_stack("prod", *changes))["mimir-alertmanager"]["ingress"]
        return any(nodes in rule["from"] for rule in ingress)

    assert (let_in(with_alerting), let_in()) == (True, False)


def test_an_alert_about_a_tenant_has_its_name_in_one_label() -> None:
    """A route asks for `tenant`; what backends call it is in their series."""
    rules = [rule for group in groups_of(load_stack("prod")) for rule in group["rules"] if "alert" in rule]
    about = {rule["alert"]: rule["labels"]["tenant"] for rule in rules if "tenant" in rule["labels"]}
    named = ("TenantLimited", "TenantNearSeriesLimit", "RuleEvaluationFailing", "AlertsNotSent", "NotificationsFailing")
    assert about == {f"Mimir{each}": "{{ $labels.user }}" for each in named}
    assert [rule["alert"] for rule in rules if "(user" in rule["expr"] and rule["alert"] not in about] == []


def test_a_report_says_who_is_told_and_no_credential() -> None:
    told, untold = (
        build(load_stack("prod", *changes), Preview((), {}), {}, Found("nothing")).warnings
        for changes in ((with_alerting,), ())
    )
    (said,) = (each for each in told if each.about == "alerts")
    assert (said.level, said.text) == (
        "notice",
        "are told to pager (severity page), chat (severity ticket), mail (all else)",
    )
    assert "alerts" not in {each.about for each in untold}


def printed(directory: Path, *changes: Change) -> tuple[int, str]:
    config = stack_config(directory / "prod.yaml", "prod", *changes)
    done = CliRunner(env={"COLUMNS": "120"}).invoke(app, ["alerting", "prod", "--config-file", str(config)])
    return done.exit_code, done.output


def test_the_command_prints_what_the_stacks_own_alertmanager_has(tmp_path: Path) -> None:
    code, output = printed(tmp_path, with_alerting)
    assert code == 0
    assert yaml.safe_load(output) == configured()
    assert output.startswith(f"# {FOLDER}/mail: of Secret {SECRET}, key mail\n")
    assert f"# {FOLDER}/pager: of Secret pager, key routing-key\n" in output


def test_the_command_says_that_nobody_is_told(tmp_path: Path) -> None:
    code, output = printed(tmp_path, all_of())
    assert code == 1
    assert "telemetry:alerting: is not set, so nobody is told" in output


def test_a_webhook_is_called_by_the_address_that_was_given() -> None:
    told = {"name": "chat", "webhook": {"url": "https://chat.example.org/hook/"}}
    made = configured(put("alerting", {"receivers": [told], "receiver": "chat"}))
    assert receivers(made)["chat"]["url"] == "https://chat.example.org/hook/"


def test_a_mail_server_may_be_an_ipv6_address() -> None:
    mail = {"to": ["a@b.example"], "sender": "c@b.example", "server": "[2001:db8::1]:587"}
    given = put("alerting", {"receivers": [{"name": "mail", "email": mail}], "receiver": "mail"})
    opened = {"cidrs": ["2001:db8::/32"], "ports": [587]}
    assert receivers(configured(given, put("security.alert_receivers", opened)))["mail"]["smarthost"] == mail["server"]
    with pytest.raises(ConfigError, match="mail is at 2001:db8::1, which is in none of"):
        configured(given, put("security.alert_receivers", {**opened, "cidrs": ["192.0.2.0/24"]}))
