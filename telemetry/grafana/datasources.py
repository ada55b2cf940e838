"""The Grafana datasources of a view, and the links between them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from telemetry.grafana.views import View
from telemetry.spec.backend import Backend
from telemetry.spec.datasource import DatasourceSettings, Uids
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first


@dataclass(frozen=True)
class Datasource:
    """A datasource as Grafana is to have it."""

    uid: str
    name: str
    kind: str
    """Grafana's type of it, such as `prometheus`."""
    url: str
    json_data: str
    """What Grafana shows to everybody."""
    secure_json_data: str | None = field(repr=False)
    """What it shows to nobody; None is nothing."""
    headers: Mapping[str, str] = field(repr=False)
    """Sent with each request; values are secret."""
    org: int | None
    """The Grafana organisation that it belongs to; None is the provider's."""
    earlier_uid: str | None
    """What it was called while the stack had no tenants, or had some; None: it never had another uid."""


def datasources_of(
    stack: Stack, views: Iterable[View], *, urls: Mapping[str, str], authority: str | None
) -> list[dict[str, Datasource]]:
    """Return the datasources of each view by signal, in the order in which they are made.

    Args:
        stack: the settings.
        views: what they show.
        urls: where Grafana finds the backends' query APIs, by signal.
        authority: PEM of the authority that Grafana is to trust there; None is those that it trusts already.
    """
    described = [(backend.of, backend.context) for backend in metrics_first(stack.backends)]
    found: list[dict[str, Datasource]] = []
    for view in views:
        uids: Uids = {backend.signal: view.uid(backend) for backend, _ in described}
        found.append(
            {
                backend.signal: _datasource(
                    view,
                    backend.datasource(context, uids),
                    backend=backend,
                    url=urls[backend.signal],
                    authority=authority,
                )
                for backend, context in described
            }
        )
    return found


def _datasource(
    view: View, settings: DatasourceSettings, *, backend: Backend[Any, Any], url: str, authority: str | None
) -> Datasource:
    secure = {**view.certificate, **({"tlsCACert": authority} if authority else {})}
    return Datasource(
        uid=view.uid(backend),
        name=view.name(backend),
        kind=settings.kind,
        url=url,
        json_data=json.dumps({**settings.json_data, **_tls(view, authority)}, sort_keys=True),
        secure_json_data=json.dumps(secure, sort_keys=True) if secure else None,
        headers=view.headers,
        org=view.org,
        earlier_uid=view.earlier_uid(backend),
    )


def _tls(view: View, authority: str | None) -> dict[str, bool]:
    flags = {"tlsAuth": bool(view.certificate), "tlsAuthWithCACert": authority is not None}
    return {flag: True for flag, on in flags.items() if on}
