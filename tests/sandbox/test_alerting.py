"""From a rule that fires to a message in somebody's hands: real Mimirs, SMTP and HTTP with TLS, and amtool."""

import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import yaml

from sandbox.gateway.pair import written
from sandbox.mimir_ring import Deployed, Member, free_ports, ring
from sandbox.toolchain import Toolchain
from telemetry.backends.mimir.ruler import Ruler
from telemetry.config.gateway import Issued
from telemetry.gateway.certificates import Authority
from telemetry.grafana.datasources import Datasource, datasources_of
from telemetry.grafana.views import views
from telemetry.monitoring.rules import groups_of
from telemetry.spec.alertmanager import FOLDER, configuration
from telemetry.spec.datasource import ALERTS
from telemetry.spec.promql import equal
from telemetry.stack import Stack
from tests.engine.rich_stacks import PROD
from tests.sandbox.receivers import HOST, Told, hook_server, mail_server
from tests.sandbox.slack_and_pagerduty import (
    ENQUEUE,
    ROUTING_KEY,
    WEBHOOK,
    Doubles,
    slack_and_pagerduty,
)
from tests.support import Change, Tree, all_of, load_stack, put, with_alerting

TENANT = "platform"
AUTHORITY = Authority.of("gk0-fake-Vb7qLw2TzXnRc4Jd9sPhYm3A-fake", "dev", Issued())
SECONDS = 60
PEER_TIMEOUT = 5
"""Seconds that one alertmanager leaves another to send, before it sends itself."""
CREDENTIALS = {"mail": "am0-fake", "program": "ap0-fake", "pager": ROUTING_KEY}
"""Of the receivers; where the chat is, is known with its port."""
FIREWALL = "alertmanager_receivers_firewall_block"


# What amtool says


@pytest.fixture(scope="module")
def amtool() -> Path:
    tools = Toolchain()
    tools.ensure(["amtool"])
    return tools.path("amtool")


def asked(amtool: Path, directory: Path, *command: str, change: Change = with_alerting) -> str:
    """Return what amtool says of a configuration; it must be content with it."""
    stack, file = load_stack("prod", change), directory / "alertmanager.yaml"
    assert stack.alerting is not None
    file.write_text(configuration(stack.alerting, stack.monitoring.severities))
    flag = [f"--config.file={file}"] if command[0] == "config" else [str(file)]
    done = subprocess.run([amtool, *command, *flag], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("change", [with_alerting, PROD], ids=["usual", "all that can be said"])
def test_alertmanager_takes_it(amtool: Path, tmp_path: Path, change: Change) -> None:
    assert "SUCCESS" in asked(amtool, tmp_path, "check-config", change=change)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (["severity=critical"], "pager"),
        (["severity=warning"], "chat"),
        (["severity=none"], "mail"),
        (["severity=warning", "namespace=ca7f8f-prod"], "program"),
        (["severity=critical", "namespace=ca7f8f-prod", "tenant=platform"], "program,pager"),
        (["severity=critical", "namespace=ca7f8fxprod"], "pager"),
    ],
)
def test_an_alert_goes_to_whom_the_routes_say(amtool: Path, tmp_path: Path, labels: list[str], told: str) -> None:
    of_tenant = {"receiver": "program", "tenants": [TENANT], "proceed": True}
    of_namespaces = {"receiver": "program", "namespaces": ["ca7f8f-prod", "some.where"], "severities": ["ticket"]}

    def routes(settings: Tree) -> None:
        settings["alerting"]["routes"] = [of_tenant, of_namespaces, *settings["alerting"]["routes"]]

    said = asked(amtool, tmp_path, "config", "routes", "test", *labels, change=all_of(with_alerting, routes))
    assert said.strip() == told


# What arrives


class Site(NamedTuple):
    """A Mimir with all roles, its ruler, two alertmanagers, and who is told: in part doubles."""

    member: Member
    ruler: Ruler
    alertmanagers: list[Member]
    told: Told
    doubles: Doubles
    stack: Stack


@pytest.fixture
def site(gateway_tools: Toolchain, tmp_path: Path) -> Iterator[Site]:
    told, doubles, tls = Told(), Doubles(), written(AUTHORITY.server([HOST]), tmp_path / "tls")
    smtp, https, doubled, closed = free_ports(4)
    stack = load_stack("dev", with_alerting, _told_at(smtp, https, doubled, closed))
    credentials = {**CREDENTIALS, "chat": f"https://{HOST}:{doubled}{WEBHOOK}"}
    with (
        slack_and_pagerduty(doubled, doubles, tls),
        mail_server(smtp, told, tls, user="telemetry", password=CREDENTIALS["mail"]),
        hook_server(https, told, tls, token=CREDENTIALS["program"]),
        _running(stack, gateway_tools.path("mimir"), tmp_path, credentials) as (all_roles, *alertmanagers),
        httpx.Client(base_url=f"{all_roles.url}/prometheus", headers={"X-Scope-OrgID": TENANT}) as client,
    ):
        yield Site(all_roles, Ruler(client), alertmanagers, told, doubles, stack)


def _told_at(smtp: int, https: int, doubled: int, closed: int) -> Change:
    """Have everybody on loopback told of every alert, and soon; of one, a program that is gone."""
    mail = {
        "to": ["ops@example.org"],
        "sender": "telemetry@example.org",
        "server": f"{HOST}:{smtp}",
        "user": "telemetry",
        "authority": AUTHORITY.certificate,
    }
    program = {"url": f"https://{HOST}:{https}/", "bearer_token": True, "authority": AUTHORITY.certificate}
    return all_of(
        put("tenants", [{"id": TENANT, "display_name": "Platform team"}]),
        put("security.alert_receivers.ports", [smtp, https, doubled, closed]),
        put("credentials.alerting", {**CREDENTIALS, "chat": "of the site"}),
        put("monitoring.severities", {"page": "P1", "ticket": "P4"}),  # words that PagerDuty does not know
        put(
            "alerting",
            {
                "receivers": [
                    {"name": "mail", "email": mail},
                    {"name": "program", "webhook": program},
                    {
                        "name": "chat",
                        "slack": {"channel": "#telemetry", "port": doubled, "authority": AUTHORITY.certificate},
                    },
                    {
                        "name": "pager",
                        "pagerduty": {"url": f"https://{HOST}:{doubled}{ENQUEUE}", "authority": AUTHORITY.certificate},
                    },
                    {"name": "gone", "webhook": {"url": f"http://{HOST}:{closed}/"}},
                ],
                "receiver": "mail",
                "routes": [
                    {"receiver": "gone", "labels": {"alertname": "Unheard"}},
                    *(
                        {"receiver": each, "severities": ["page", "ticket"], "proceed": True}
                        for each in ("program", "chat", "pager")
                    ),
                    {"receiver": "mail"},
                ],
                "group_wait": 0,
                "group_interval": 1,
            },
        ),
    )


@contextmanager
def _running(stack: Stack, program: Path, directory: Path, credentials: Mapping[str, str]) -> Iterator[list[Member]]:
    """Run one Mimir with all roles, and two alertmanagers, on the values of the release; files stand in for buckets."""
    (release,) = stack.backend("metrics").releases
    config, own = dict(release.values["mimir"]["structuredConfig"]), directory / "own"
    storage = {"backend": "filesystem"}
    config |= {
        "common": {"storage": storage},
        **{f"{each}_storage": {"filesystem": {"dir": str(own / each)}} for each in ("blocks", "ruler", "alertmanager")},
        # As prod has it: each tenant is on both.
        "alertmanager": {
            "sharding_ring": {"replication_factor": 2},
            "peer_timeout": f"{PEER_TIMEOUT}s",
            "poll_interval": "1s",
        },
        # How often it looks for rules that were changed; 10 seconds each by itself. And how soon it says again what an
        # alertmanager may have refused that had not read the tenant's configuration yet; a minute by itself.
        "ruler": dict.fromkeys(("inbound_sync_queue_poll_interval", "outbound_sync_queue_poll_interval"), "200ms")
        | {"resend_delay": "1s"},
        # It keeps receivers from loopback whatever is opened.
        "limits": config["limits"] | {f"{FIREWALL}_private_addresses": False, f"{FIREWALL}_cidr_networks": ""},
    }
    secrets = directory / "secrets"
    secrets.mkdir()
    for name, text in credentials.items():
        (secrets / name).write_text(text)
    fallback = release.values["alertmanager"]["fallbackConfig"].replace(FOLDER, str(secrets))
    deployed = Deployed(yaml.safe_dump(config), "{}", fallback, environment={}, bucket="")
    own.mkdir()
    with ring(deployed, 1, own, program, alertmanagers=2) as members:
        yield members


def rule_of(stack: Stack, name: str, **labels: str) -> dict[str, Any]:
    """Return a rule of the stack's own that fires where nothing is scraped, at once and under another name."""
    rules = (rule for group in groups_of(stack) for rule in group["rules"])
    (found,) = (rule for rule in rules if rule.get("alert") == "MimirNotScraped")
    return {**found, "alert": name, "for": "0s", "labels": {**found["labels"], **labels}}


def until(what: Callable[[], Any]) -> None:
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def grafanas(site: Site, member: Member) -> Datasource:
    """Return the Alertmanager in Grafana, as if it were that of one of them."""
    shown = views(site.stack, credentials={}, federation=None)
    urls: dict[str, str] = {backend.signal: f"{member.url}/prometheus" for backend in site.stack.backends}
    mine, _ = datasources_of(site.stack, shown, urls=urls, authority=None)
    return mine[ALERTS]


def silence(site: Site, member: Member, alert: str) -> bool:
    """Silence an alert as Grafana does for the implementation that the datasource names, and return whether it is.

    An alertmanager that has not looked for the tenant's configuration yet answers 406.
    """
    source, now = grafanas(site, member), datetime.now(UTC)
    body = {
        "matchers": [{"name": "alertname", "value": alert, "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
        "createdBy": "ops",
        "comment": "known",
    }
    answer = httpx.post(f"{source.url}/alertmanager/api/v2/silences", json=body, headers=dict(source.headers))
    assert answer.status_code in (200, 406), answer.text
    return answer.is_success


def states(site: Site, member: Member) -> dict[str, str]:
    """Return how an alertmanager has each alert."""
    source = grafanas(site, member)
    answer = httpx.get(f"{source.url}/alertmanager/api/v2/alerts", headers=dict(source.headers))
    return {each["labels"]["alertname"]: each["status"]["state"] for each in answer.raise_for_status().json()}


def test_a_rule_that_fires_is_told_once_though_an_alertmanager_is_lost_and_not_where_it_is_silenced(site: Site) -> None:
    first, second = site.alertmanagers

    def arrived(alert: str) -> Callable[[], bool]:
        told, doubles, title = site.told, site.doubles, f"[FIRING:1] {alert} (dev)"
        by_title = (told.of_mails, doubles.of_messages, doubles.of_events)
        return lambda: told.of_posts()[f"firing {alert}"] >= 1 and all(counted()[title] >= 1 for counted in by_title)

    fire(site, "Unheard", "First")
    until(arrived("First"))

    until(lambda: silence(site, first, "Silenced"))
    fire(site, "Silenced", "Second")
    until(arrived("Second"))
    until(lambda: states(site, first).get("Silenced") == states(site, second).get("Silenced") == "suppressed")

    first.lose()
    fire(site, "Third")
    until(arrived("Third"))
    assert states(site, second)["Silenced"] == "suppressed"

    once = {f"[FIRING:1] {alert} (dev)": 1 for alert in ("First", "Second", "Third")}
    assert site.told.of_mails() == site.doubles.of_messages() == site.doubles.of_events() == once
    assert site.told.of_posts() == {f"firing {alert}": 1 for alert in ("First", "Second", "Third")}
    body = site.told.mails[0].get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "Nothing is known of Mimir: its metrics are not scraped." in text
    assert "Runbook: docs/runbooks.md#mimirnotscraped" in text
    assert site.doubles.refused == []
    assert site.doubles.messages[0].attachments[0].text.split() == text.split()
    event = site.doubles.events[0]
    assert (event.payload.severity, event.links[0].href) == ("warning", "docs/runbooks.md#mimirnotscraped")
    assert event.payload.custom_details["text"].split() == text.split()
    # What the alerts on those who are to be told go by.
    until(lambda: counted(second, "cortex_alertmanager_notifications_failed_total", integration="webhook"))
    assert counted(second, "cortex_alertmanager_notifications_total", integration="email") >= 1
    assert counted(site.member, "cortex_prometheus_notifications_sent_total") >= len(site.told.mails)
    assert counted(site.member, "cortex_prometheus_notifications_dropped_total") >= 1  # for the one that was lost


def counted(member: Member, metric: str, **labels: str) -> float:
    """Return what a member has counted for the tenant; what it does not count at all is nothing."""
    text = httpx.get(f"{member.url}/metrics").raise_for_status().text
    series = re.findall(rf"^{metric}(\{{.*\}}) (\S+)$", text, flags=re.MULTILINE)
    wanted = equal(user=TENANT, **labels)
    return sum(float(value) for names, value in series if all(each in names for each in wanted))


def fire(site: Site, *alerts: str) -> None:
    """Put rules into the ruler that fire at once, in a group of their own."""
    rules = [rule_of(site.stack, each) for each in alerts]
    site.ruler.put({"name": alerts[0], "interval": "1s", "rules": rules})
