"""Checks that Grafana answers, and lets us manage datasources in each organisation that the stack names.

Who may list an organisation's datasources may manage them: Grafana gives both rights to its Admins. What it says to
others is from its source (pkg/services/authn): a user without membership gets 403, whether the organisation exists or
not; a service account's token gets 401 for every organisation but its own.
"""

from concurrent.futures import ThreadPoolExecutor

import httpx

from telemetry.clients import trust
from telemetry.clients.grafana import connect, in_org
from telemetry.config.credentials import GrafanaIdentity
from telemetry.config.targets import pulumi_config
from telemetry.stack import Stack

_AT_ONCE = 8
_AUTH = "telemetry:credentials.grafana.auth"
_OTHER_ORGANISATION = "api-key.organization-mismatch"


class _UnusableError(Exception):
    """Grafana cannot be used for any organisation."""


class _RefusedError(Exception):
    """Nor can our login; the text says who refused it."""


def check(stack: Stack, identity: GrafanaIdentity) -> list[str]:
    """Return what stands in the way."""
    first, *others = organisations(stack).items()
    try:
        with connect(stack.grafana.url, identity, stack.trust) as client, ThreadPoolExecutor(_AT_ONCE) as pool:
            # The first by itself: a wrong password that is tried too often locks the user out.
            found = [_finding(client, *first), *pool.map(lambda one: _finding(client, *one), others)]
    except _UnusableError as error:
        return [str(error)]
    except _RefusedError as error:
        key, how = _login(stack)
        return [f"{key}: {error}; set a service account token that may manage datasources: {how}"]
    except httpx.HTTPError as error:
        if certificate := trust.distrusted(error):
            where = f"telemetry:grafana.url: {stack.grafana.url}"
            return [f"{where} shows a certificate that is not trusted ({certificate}); {trust.MEND}"]
        return [
            f"telemetry:grafana.url: {stack.grafana.url} does not answer ({type(error).__name__}); "
            "check the network and the address"
        ]
    return [finding for finding in found if finding is not None]


def organisations(stack: Stack) -> dict[int | None, str]:
    """Return the organisations that the stack's datasources belong to, each with the key that names it first.

    None is the one that the provider is in when none is named.
    """
    if not stack.tenants:
        return {None: _login(stack)[0]}
    named: dict[int | None, str] = {}
    for index, tenant in enumerate(stack.tenants):
        named.setdefault(tenant.grafana_org, f"telemetry:tenants.{index}.grafana_org")
    if stack.gateway is None:
        named.setdefault(None, _login(stack)[0])
    elif stack.gateway.federation is not None:
        named.setdefault(stack.gateway.federation.grafana_org, "telemetry:gateway.federation.grafana_org")
    return named


def _login(stack: Stack) -> tuple[str, str]:
    """Return the key that says where our login is, and how another one is set."""
    if stack.grafana.secret is None:
        return _AUTH, f"{pulumi_config('set', stack.environment)} --secret --path {_AUTH}"
    return "telemetry:grafana.secret", "put it into that Secret, and set GRAFANA_AUTH to it where Pulumi runs"


def _finding(client: httpx.Client, org: int | None, key: str) -> str | None:
    """Return why there can be no datasources in an organisation.

    Raises _UnusableError, _RefusedError, httpx.HTTPError.
    """
    answer = client.get("/api/datasources", headers=in_org(org))
    if answer.status_code == httpx.codes.UNAUTHORIZED and _OTHER_ORGANISATION in answer.text:
        return (
            f"{key}: the service account that is our login belongs to another organisation than {org}; set a "
            "user:password that is an Admin of every organisation that the stack names"
        )
    if answer.status_code == httpx.codes.FORBIDDEN and org is not None:
        return f"{key}: {_why_not(client, org)}"
    _refuse(str(client.base_url).rstrip("/"), answer)
    return None


def _why_not(client: httpx.Client, org: int) -> str:
    """Return why an organisation does not let us in; only a server admin learns whether it exists."""
    match client.get(f"/api/orgs/{org}").status_code:
        case httpx.codes.OK:
            return f"our login is no Admin of organisation {org}; make it one"
        case httpx.codes.NOT_FOUND:
            return f"organisation {org} does not exist in Grafana; make it, or correct its number"
        case _:
            return f"organisation {org} does not exist, or our login is no Admin of it; make it one"


def _refuse(url: str, answer: httpx.Response) -> None:
    """Raise _UnusableError or _RefusedError where an answer is none of Grafana's about datasources."""
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise _RefusedError(f"{url} refused it ({answer.status_code})")
    if answer.is_server_error:
        raise _UnusableError(
            f"telemetry:grafana.url: {url} answered {answer.status_code}; try again, or look at its log"
        )
    if not answer.is_success or "json" not in answer.headers.get("Content-Type", ""):
        raise _UnusableError(
            f"telemetry:grafana.url: {url}/api/datasources gave no datasources ({answer.status_code}); "
            "it must be Grafana's root address"
        )
