"""The Grafana datasources of a view, and the links between them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from telemetry.grafana.views import View
from telemetry.spec.context import TENANT_HEADER
from telemetry.spec.datasource import ALERTS, DatasourceSettings, Uids
from telemetry.stack import Stack
from telemetry.stack.backends import metrics_first
from telemetry.stack.existing import ExistingBackend, existing_of

_ALERTMANAGER = "alertmanager"
"""Grafana's type of it, and what its uids begin with."""


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
    """Return the datasources of each view by signal, and its Alertmanager, in the order in which they are made.

    Args:
        stack: the settings.
        views: what they show.
        urls: where Grafana finds the backends' query APIs, by signal; of others there is no datasource.
        authority: PEM of the authority that Grafana is to trust there; None is those that it trusts already.
    """
    described = [(each.of, each.context) for each in metrics_first(stack.backends) if each.signal in urls]
    found: list[dict[str, Datasource]] = []
    for view in views:
        uids: Uids = {
            **{backend.signal: view.uid(backend.name) for backend, _ in described},
            **dict(_uids_of_existing(stack, view)),
            **({ALERTS: view.uid(_ALERTMANAGER)} if view.alerts else {}),
        }
        of_view: dict[str, Datasource] = {}
        for backend, context in described:
            given, url = backend.datasource(context, uids), urls[backend.signal]
            of_view[backend.signal] = _datasource(
                view, given, begins=backend.name, title=backend.title, url=url, authority=authority
            )
            if backend.alertmanager is not None and ALERTS in uids:
                alerts = backend.alertmanager(url)
                of_view[ALERTS] = _datasource(
                    view,
                    _alertmanager(alerts.implementation),
                    begins=_ALERTMANAGER,
                    title="Alertmanager",
                    url=alerts.url,
                    authority=authority,
                )
        for existing in existing_of(stack):
            if existing.settings.url is not None and view.tenant is None:
                of_view[existing.signal] = _of_existing(view, existing, existing.settings.url, uids)
        found.append(of_view)
    return found


def _uids_of_existing(stack: Stack, view: View) -> Iterator[tuple[str, str]]:
    """Yield the datasources of backends of others, as far as the same people see them.

    What others keep is not kept apart by our tenants, so no tenant has a datasource of ours for it.
    """
    for existing in existing_of(stack):
        if existing.settings.url is not None and view.tenant is None:
            yield existing.signal, view.uid(existing.of.name)
        if existing.settings.datasource is not None and existing.settings.grafana_org == view.org:
            yield existing.signal, existing.settings.datasource


def _of_existing(view: View, existing: ExistingBackend, url: str, uids: Uids) -> Datasource:
    """Return our datasource of a backend of others: no credential of ours goes there."""
    tenant = existing.settings.tenant
    stranger = replace(view, headers={TENANT_HEADER: tenant} if tenant else {}, certificate={})
    return _datasource(
        stranger,
        existing.known.datasource(uids),
        begins=existing.of.name,
        title=existing.of.title,
        url=url,
        authority=None,
    )


def _alertmanager(implementation: str) -> DatasourceSettings:
    """Return how Grafana reads an Alertmanager; it is not to send the alerts of its own rules there."""
    settings = {"implementation": implementation, "handleGrafanaManagedAlerts": False}
    return DatasourceSettings(_ALERTMANAGER, settings)


def _datasource(
    view: View, settings: DatasourceSettings, *, begins: str, title: str, url: str, authority: str | None
) -> Datasource:
    secure = {**view.certificate, **({"tlsCACert": authority} if authority else {})}
    return Datasource(
        uid=view.uid(begins),
        name=view.name(title),
        kind=settings.kind,
        url=url,
        json_data=json.dumps({**settings.json_data, **_tls(view, authority)}, sort_keys=True),
        secure_json_data=json.dumps(secure, sort_keys=True) if secure else None,
        headers=view.headers,
        org=view.org,
        earlier_uid=view.earlier_uid(begins),
    )


def _tls(view: View, authority: str | None) -> dict[str, bool]:
    flags = {"tlsAuth": bool(view.certificate), "tlsAuthWithCACert": authority is not None}
    return {flag: True for flag, on in flags.items() if on}
