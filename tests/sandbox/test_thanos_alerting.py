"""From a rule on what is pushed to a message in somebody's hands: real Receive, Query, ruler and two Alertmanagers."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from sandbox import thanos
from sandbox.gateway.pair import written
from sandbox.mimir_ring import free_ports
from sandbox.thanos import Member
from sandbox.thanos_alerting import alertmanagers
from sandbox.toolchain import Toolchain
from telemetry.clients.otlp import REMOTE_WRITE, compressed, write_request
from telemetry.config.gateway import Issued
from telemetry.gateway.certificates import Authority
from telemetry.spec.context import TENANT_HEADER
from tests.sandbox.edge import tenant
from tests.sandbox.receivers import HOST, Told, hook_server
from tests.sandbox.thanos_world import DEV, TENANT, Receive, open_world, receive, until
from tests.support import Change, all_of, put

# By day Mimir's alertmanagers, in test_alerting.py: what is of Thanos here changes with its pins alone.
pytestmark = [pytest.mark.sandbox, pytest.mark.nightly]

AUTHORITY = Authority.of("gk0-fake-Vb7qLw2TzXnRc4Jd9sPhYm3A-fake", "dev", Issued())
TOKEN = "ap0-fake"
RULES = """
groups:
- name: pushed
  interval: 1s
  rules:
  - {alert: First, expr: 'pushed{alert="First"} > 1', labels: {severity: critical}}
  - {alert: Second, expr: 'pushed{alert="Second"} > 1', labels: {severity: critical}}
"""


def _told_at(port: int) -> Change:
    """Have a program on loopback told of every alert, and soon."""
    program = {"url": f"https://{HOST}:{port}/", "bearer_token": True, "authority": AUTHORITY.certificate}
    return all_of(
        DEV,
        put("metrics.roles", {"alertmanager": {"replicas": 2}}),
        put("security.alert_receivers", {"cidrs": ["203.0.113.0/24"], "ports": [port]}),
        put("credentials.alerting", {"program": TOKEN}),
        put(
            "alerting",
            {
                "receivers": [{"name": "program", "webhook": program}],
                "receiver": "program",
                "group_wait": 0,
                "group_interval": 1,
            },
        ),
    )


@dataclass(frozen=True)
class Site:
    """Where samples are pushed, the two Alertmanagers, and who is told."""

    receive: Receive
    alertmanagers: list[Member]
    told: Told

    def push(self, alert: str) -> bool:
        """Send the sample for which an alert fires, and return whether it was taken."""
        body = compressed(write_request({"__name__": "pushed", "alert": alert}, 2, time.time()))
        headers = {**REMOTE_WRITE, TENANT_HEADER: TENANT}
        return httpx.post(f"{self.receive.push}/api/v1/receive", content=body, headers=headers).is_success


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    tools = Toolchain(console=Console(stderr=True))
    tools.ensure(["weed", "thanos", "prometheus", "alertmanager"])
    told, tls = Told(), written(AUTHORITY.server([HOST]), tmp_path / "tls")
    (port,) = free_ports(1)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "program").write_text(TOKEN)
    with ExitStack() as opened:
        opened.enter_context(hook_server(port, told, tls, token=TOKEN))
        world = opened.enter_context(open_world(tools, tmp_path, [tenant(TENANT)], _told_at(port)))
        address, program = world.net.address, tools.path("alertmanager")
        pair = opened.enter_context(alertmanagers(world.site, program, [address(), address()], credentials))
        running = opened.enter_context(receive(world, stores=0))
        ruled = replace(world.site, of=replace(world.site.of, rules={"pushed.yaml": RULES}))
        everyone = [f"--alertmanagers.url={each.url}" for each in pair]
        opened.enter_context(thanos.rule(ruled, "rule", address(), [running.query.address], *everyone))
        yield Site(running, pair, told)


def test_a_rule_that_fires_is_told_once_by_two_alertmanagers_and_by_the_one_that_is_left(site: Site) -> None:
    first, second = site.alertmanagers
    until(lambda: site.push("First"))
    until(lambda: site.told.of_posts()["firing First"] >= 1)
    # Each has decided whether to send, the later one 15 seconds after the other, by what that one has gossiped.
    until(lambda: all(counted(each, "alertmanager_nflog_queries_total") for each in (first, second)))
    sent = [counted(each, "alertmanager_notifications_total", integration="webhook") for each in (first, second)]
    assert sorted(sent) == [0, 1]

    first.lose()
    assert site.push("Second")
    until(lambda: site.told.of_posts()["firing Second"] >= 1)
    assert site.told.of_posts() == {"firing First": 1, "firing Second": 1}
    (post,) = (each for each in site.told.posts if each["commonLabels"]["alertname"] == "Second")
    assert post["commonLabels"]["tenant_id"] == TENANT
    assert "rule_replica" not in post["commonLabels"], "what tells replicas of the ruler apart would be told of twice"


def counted(member: Member, metric: str, **labels: str) -> float:
    """Return what a member has counted."""
    text = httpx.get(f"{member.url}/metrics").raise_for_status().text
    found = re.findall(rf"^{metric}(\{{.*\}})? (\S+)$", text, flags=re.MULTILINE)
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    return sum(float(value) for names, value in found if all(each in names for each in wanted))
