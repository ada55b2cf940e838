"""Before the first change Grafana is asked whether our login may manage datasources wherever the stack puts some."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from sandbox.world.grafana import Handler, Server
from telemetry.config.credentials import GrafanaIdentity
from telemetry.config.gateway import Federation, Gateway
from telemetry.operations.preflight import grafana
from telemetry.operations.preflight.grafana import organisations
from telemetry.stack import Stack
from telemetry.stack.tenants import Tenant
from tests.support import load_stack, put

PASSWORD = "pw0-fake"
WRONG = "pw1-fake"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), tmp_path, f"admin:{PASSWORD}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


def stack_of(url: str, *orgs: int | None, gateway: Gateway | None = None) -> Stack:
    """Return a stack with a tenant in each of these organisations."""
    tenants = [Tenant(id=f"t{number}", display_name=f"T{number}", grafana_org=org) for number, org in enumerate(orgs)]
    return load_stack("dev", put("grafana.url", url)).model_copy(update={"tenants": tenants, "gateway": gateway})


def check(stack: Stack, auth: str = f"admin:{PASSWORD}") -> list[str]:
    found = grafana.check(stack, GrafanaIdentity(auth=SecretStr(auth)))
    assert not any(secret in line or "\n" in line for line in found for secret in (PASSWORD, WRONG, "glsa_"))
    return found


def token(url: str, org: int) -> str:
    """Return the token of a service account that is an Admin of an organisation."""
    with httpx.Client(base_url=f"{url}/api", auth=("admin", PASSWORD), headers={"X-Grafana-Org-Id": str(org)}) as api:
        account = api.post("/serviceaccounts", json={"name": "sa", "role": "Admin"}).json()["id"]
        return str(api.post(f"/serviceaccounts/{account}/tokens", json={"name": "t"}).json()["key"])


@pytest.mark.parametrize(
    ("orgs", "gateway", "named"),
    [
        ((), None, {None: "credentials.grafana.auth"}),
        ((2, 3, 2), None, {2: "tenants.0.grafana_org", 3: "tenants.1.grafana_org", None: "credentials.grafana.auth"}),
        ((2,), Gateway(federation=None), {2: "tenants.0.grafana_org"}),
        ((2, None), Gateway(), {2: "tenants.0.grafana_org", None: "tenants.1.grafana_org"}),
        (
            (2,),
            Gateway(federation=Federation(grafana_org=7)),
            {2: "tenants.0.grafana_org", 7: "gateway.federation.grafana_org"},
        ),
    ],
)
def test_each_organisation_is_asked_for_once(
    orgs: tuple[int | None, ...], gateway: Gateway | None, named: dict[int | None, str]
) -> None:
    found = organisations(stack_of("http://grafana", *orgs, gateway=gateway))
    assert found == {org: f"telemetry:{key}" for org, key in named.items()}


def test_a_login_that_is_in_all_of_them_is_fine(server: Server, url: str) -> None:
    for name in ("A", "B"):
        server.organisations.add({"name": name})
    assert check(stack_of(url, 2, 3, None)) == []


def test_what_stands_in_the_way_is_one_line_for_each(server: Server, url: str) -> None:
    server.organisations.add({"name": "Ours"})
    server.organisations.add({"name": "Theirs"}, member=False)
    assert check(stack_of(url, 9, 2, 3, 9)) == [
        "telemetry:tenants.0.grafana_org: organisation 9 does not exist in Grafana; make it, or correct its number",
        "telemetry:tenants.2.grafana_org: our login is no Admin of organisation 3; make it one",
    ]


def test_a_token_serves_its_own_organisation_only(server: Server, url: str) -> None:
    server.organisations.add({"name": "A"})
    own = token(url, 2)
    alone = Gateway(federation=None)
    assert check(stack_of(url, 2, gateway=alone), own) == []
    assert check(stack_of(url, 2, None), own) == []  # where none is named, a token is in its own
    (line,) = check(stack_of(url, 2, 1, gateway=alone), own)
    assert line.startswith("telemetry:tenants.1.grafana_org: the service account that is our login")
    assert "belongs to another organisation than 1; set a user:password" in line


def test_who_is_no_server_admin_is_not_told_whether_it_exists(server: Server, url: str) -> None:
    server.organisations.add({"name": "Theirs"})
    account = httpx.post(f"{url}/api/serviceaccounts", auth=("admin", PASSWORD), json={"name": "sa"}).json()["id"]
    key = httpx.post(f"{url}/api/serviceaccounts/{account}/tokens", auth=("admin", PASSWORD), json={"name": "t"}).json()
    (line,) = check(stack_of(url, 1, gateway=Gateway(federation=None)), key["key"])
    assert line.endswith("organisation 1 does not exist, or our login is no Admin of it; make it one")


def test_a_wrong_password_is_tried_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Grafana locks a user out after a few."""
    asked = []
    monkeypatch.setattr(Handler, "log_message", lambda _, *message: asked.append(message))
    (line,) = check(stack_of(url, *range(1, 50)), f"admin:{WRONG}")
    assert line.startswith(f"telemetry:credentials.grafana.auth: {url} refused it (401)")
    assert len(asked) == 1
