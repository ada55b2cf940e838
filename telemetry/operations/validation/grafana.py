"""Checks that Grafana reaches the backends by the stack's datasources."""

from collections.abc import Mapping
from functools import partial

import httpx

from telemetry.clients.grafana import connect, in_org
from telemetry.clients.retry import retry
from telemetry.operations.validation.target import StackTarget
from telemetry.spec.checks import Check, CheckFailed, CheckSkipped


def checks(target: StackTarget, uids: Mapping[str, str], org: int | None) -> list[Check]:
    """Return a check per datasource; `uids` are by signal."""
    return [
        Check("grafana", f"datasource {uid} is healthy", partial(_healthy, target, uid, org)) for uid in uids.values()
    ]


def _healthy(target: StackTarget, uid: str, org: int | None, seconds: float) -> str:
    if target.credentials is None:
        raise CheckSkipped("Grafana's credential is not known")
    with connect(target.stack.grafana.url, target.credentials.grafana, target.stack.trust) as client:
        return retry(lambda: _ask(client, uid, org), seconds)


def _ask(client: httpx.Client, uid: str, org: int | None) -> str:
    """Ask for a datasource's health, which is the same as its button 'Save & test' (Grafana's HTTP API)."""
    path, headers = f"/api/datasources/uid/{uid}", in_org(org)
    try:
        answer = client.get(f"{path}/health", headers=headers)
        if answer.status_code == httpx.codes.NOT_FOUND and client.get(path, headers=headers).is_success:
            raise CheckSkipped(f"{uid} is there, but this Grafana has no health check for its type")
    except httpx.HTTPError as error:
        raise CheckFailed(
            f"{client.base_url}: does not answer ({type(error).__name__}); check telemetry:grafana.url"
        ) from error
    try:
        said = answer.json()
    except ValueError:
        said = {}
    message = said.get("message", "nothing more is said") if isinstance(said, dict) else ""
    if not answer.is_success or said.get("status") != "OK":
        raise CheckFailed(f"{uid}: {answer.status_code}, {message}; Grafana itself must reach the stack's addresses")
    return str(message)
