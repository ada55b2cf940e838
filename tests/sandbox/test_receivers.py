"""Receivers that tenants write themselves: the real Mimir calls none inside, and drift names those tenants."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.gateway.http_sink import http_sink
from sandbox.gateway.ledger import Ledger
from sandbox.gateway.loopback import network
from sandbox.gateway.mimir import Mimir, mimir
from sandbox.toolchain import Toolchain
from telemetry.backends.mimir import values as mimir_chart
from telemetry.backends.mimir.receivers import receivers_firewall
from telemetry.clients.reach import Reach
from telemetry.config.network import Destination, Security
from telemetry.operations.drift.alerting import loaded
from telemetry.spec.checks import CheckFailed
from tests.support import Change, load_stack, put, with_alerting
from tests.waiting import until

PORT = 8080
PREFIX = "alertmanager_receivers_firewall_block"
ELSEWHERE = Security(alert_receivers=Destination(cidrs=["10.1.2.0/24", "fd00:1::/64"], ports=[443]))
OVERRIDES: Mapping[str, Mapping[str, Any]] = {
    "by-default": {},
    "opened-elsewhere": receivers_firewall(ELSEWHERE),
    "without": {f"{PREFIX}_private_addresses": False, f"{PREFIX}_cidr_networks": ""},
}
"""By tenant; that of no firewall shows that a call would arrive."""
_SECONDS = 20


@pytest.fixture(scope="module")
def running(
    gateway_tools: Toolchain, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Mimir, str, Ledger, Path]]:
    values = mimir_chart.values(load_stack("test").backend("metrics").context)
    files, ledger = tmp_path_factory.mktemp("receivers") / "mimir", Ledger()
    with network() as net:
        address, receiver = net.address(), net.address()
        config = values["mimir"]["structuredConfig"]
        config = {**config, "alertmanager": {**config["alertmanager"], "poll_interval": "1s"}}
        with (
            http_sink(receiver, (PORT,), ledger),
            mimir(gateway_tools.path("mimir"), address, files, config=config, overrides=OVERRIDES) as started,
        ):
            yield started, f"http://{receiver}:{PORT}", ledger, files / "log"


def test_a_webhook_inside_is_called_by_nobody_who_has_a_firewall(
    running: tuple[Mimir, str, Ledger, Path],
) -> None:
    started, receiver, ledger, log = running
    for tenant in OVERRIDES:
        alert(started, tenant, f"{receiver}/{tenant}")
    until(lambda: arrived(ledger) and len(refused(log)) > 1, lambda: (arrived(ledger), refused(log)))
    assert arrived(ledger) == {"/without"}
    assert refused(log) == {"by-default", "opened-elsewhere"}


def test_drift_names_those_who_have_loaded_a_configuration_and_should_not(
    running: tuple[Mimir, str, Ledger, Path],
) -> None:
    started, receiver, *_ = running
    entitled = {"id": "opened-elsewhere", "display_name": "A", "access": {"scopes": {"metrics": ["read", "admin"]}}}
    tenants = [{"id": each, "display_name": each} for each in ("by-default", "quiet")]
    stack = load_stack("prod", put("tenants", [entitled, *tenants]), with_alerting)
    place = "mimir-alertmanager-pods.ca7f8f-prod.svc:8080"

    def found(*changes: Change) -> set[str]:
        changed = load_stack("prod", put("tenants", [entitled, *tenants]), with_alerting, *changes)
        return {each.subject.rpartition(" ")[2] for each in loaded(changed, Reach({place: started.address}))}

    for tenant in ("by-default", "opened-elsewhere"):
        load(started, tenant, receiver)
    assert found() == {"by-default"}
    assert found(put("monitoring.tenant", "opened-elsewhere")) == {"by-default", "opened-elsewhere"}
    (finding,) = loaded(stack, Reach({place: started.address}))
    assert receiver not in str(finding)
    headers = {"X-Scope-OrgID": "by-default"}
    assert started.client.delete("/api/v1/alerts", headers=headers).is_success
    assert found() == set()
    with pytest.raises(CheckFailed, match="does not answer"):
        loaded(stack, Reach({place: "127.0.0.1:1"}))


def alert(started: Mimir, tenant: str, url: str) -> None:
    """Give a tenant a receiver, and an alert to tell it of."""
    load(started, tenant, url)
    headers, now = {"X-Scope-OrgID": tenant, "Content-Type": "application/json"}, datetime.now(UTC).isoformat()
    alerts = json.dumps([{"labels": {"alertname": "fake"}, "startsAt": now}])
    # The Alertmanager looks for new configurations from time to time.
    until(lambda: started.client.post("/alertmanager/api/v2/alerts", content=alerts, headers=headers).is_success)


def load(started: Mimir, tenant: str, url: str) -> None:
    """Give a tenant a configuration of its own, with a receiver."""
    route = {"receiver": "own", "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1m"}
    chosen = {"route": route, "receivers": [{"name": "own", "webhook_configs": [{"url": url}]}]}
    body = yaml.safe_dump({"alertmanager_config": yaml.safe_dump(chosen)})
    headers = {"X-Scope-OrgID": tenant}
    assert started.client.post("/api/v1/alerts", content=body, headers=headers).status_code == 201


def arrived(ledger: Ledger) -> set[str]:
    return {each.path for each in ledger.all()}


def refused(log: Path) -> set[str]:
    """Return whose notifications Mimir says that it has blocked."""
    lines = [line for line in log.read_text().splitlines() if "blocked address" in line]
    return {tenant for tenant in OVERRIDES for line in lines if f"user={tenant} " in line}
