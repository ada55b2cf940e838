"""A stack's Grafana datasources and the links between them: pure functions, the one place that names a uid.

A datasource's uid is what dashboards and links refer to, and changing it replaces the datasource, so
it is a constant of signal, environment and tenant. A name is not a uid: `Mimir` does not find `mimir`. Grafana finds
neither from another organisation, so a link leads to a datasource of the same one.
"""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from telemetry.stack import Stack
from telemetry.stack.tenants import Tenant

if TYPE_CHECKING:  # cryptography is slow to load, and a stack without a gateway has no use for it
    from telemetry.gateway.access import Credential

_BACKENDS = {"traces": "tempo", "metrics": "mimir", "logs": "loki", "profiles": "pyroscope"}
_KINDS = {"traces": "tempo", "metrics": "prometheus", "logs": "loki", "profiles": "grafana-pyroscope-datasource"}
_LONGEST_UID = 40
"""Characters of [a-zA-Z0-9_-] (Grafana)."""
_TRACE_ID_LABEL = "traceID"
"""The exemplar label under which Tempo's metrics-generator stores trace ids."""
_TRACE_ID_METADATA = "trace_id"
"""The structured metadata under which Loki keeps the trace id of a line that came over OTLP."""
_TRACE_ID_IN_A_LINE = r'[tT]race_?[iI][dD]"?[=:]\s*"?([0-9a-f]{16,32})'
_LINES_OF_TRACE = f'{{${{__tags}}}} | {_TRACE_ID_METADATA} = "${{__trace.traceId}}"'
_CPU_PROFILE = "process_cpu:cpu:nanoseconds:cpu:nanoseconds"
"""What most of Pyroscope's SDKs send, in any language; another one is a choice of two clicks."""
_PROFILE_STEP = "15s"
"""How often Alloy and the SDKs take a profile, unless told."""
_TENANT_HEADER = "X-Scope-OrgID"

_SPAN_RATE = "sum by (span_name) (rate(traces_spanmetrics_calls_total{$__tags}[5m]))"
_SPAN_LATENCY = "histogram_quantile(0.95, sum by (le) (rate(traces_spanmetrics_latency_bucket{$__tags}[5m])))"


@dataclass(frozen=True)
class Datasource:
    """A datasource as Grafana is to have it."""

    uid: str
    name: str
    kind: str
    """Grafana's type of it: `prometheus`, `tempo`, `loki` or `grafana-pyroscope-datasource`."""
    url: str
    json_data: str
    """What Grafana shows to everybody."""
    secure_json_data: str | None = field(repr=False)
    """What it shows to nobody; None is nothing."""
    headers: Mapping[str, str] = field(repr=False)
    """Sent with each request; values are secret."""
    org: int | None
    """The Grafana organisation that it belongs to; None is the provider's."""


@dataclass(frozen=True)
class View:
    """What a set of datasources, one per signal, lets its readers see, and by which right."""

    environment: str
    of: str
    """`-team-a`: a tenant's data; `_all`: that of all tenants; nothing: all there is, in a stack without tenants.

    What a tenant's objects are called after has no underscore, so a tenant `all` is another one.
    """
    title: str
    """How names end: `(prod, Team A)`. A tenant's ends in a parenthesis, the one of all tenants does not."""
    tenant: str | None = None
    org: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    certificate: Mapping[str, str] = field(default_factory=dict, repr=False)

    def uid(self, signal: str) -> str:
        """Return the uid of a signal's datasource: `tempo-dev`, `mimir-prod-team-a`, `mimir-prod_all` and so on.

        A longer one than Grafana takes is cut, and ends in a digest that no other has.
        """
        whole = f"{_BACKENDS[signal]}-{self.environment}{self.of}"
        if len(whole) <= _LONGEST_UID:
            return whole
        return f"{whole[: _LONGEST_UID - 9]}_{hashlib.sha256(whole.encode()).hexdigest()[:8]}"

    def name(self, signal: str) -> str:
        """Return its name in Grafana: `Tempo (dev)`, `Mimir (prod, Team A)` (R44)."""
        return f"{_BACKENDS[signal].capitalize()} {self.title}"


def views(
    stack: Stack, *, credentials: Mapping[str, "Credential"], federation: "Credential | None"
) -> tuple[View, ...]:
    """Return what is shown to whom: all there is, or each tenant's data and then that of all tenants.

    Args:
        stack: the settings.
        credentials: what the gateway knows tenants by, by tenant id; without a gateway empty.
        federation: what it knows the reader of all tenants by, if there is one.
    """
    environment = stack.environment
    if not stack.tenants:
        return (_of_everything(stack),)
    without = set(unseen(stack, credentials))
    own = (
        _of_tenant(environment, tenant, credentials.get(tenant.id))
        for tenant in stack.tenants
        if tenant.id not in without
    )
    return (*own, *_of_all(stack, federation))


def unseen(stack: Stack, credentials: Mapping[str, "Credential"]) -> list[str]:
    """Return the ids of tenants without datasources: the program does not know what the gateway knows them by."""
    if stack.gateway is None:
        return []
    return [tenant.id for tenant in stack.tenants if not _is_let_in(tenant, credentials[tenant.id])]


def of_platform(stack: Stack) -> View:
    """Return what shows the platform's own metrics, where our Mimir has them: all there is, or one tenant's data."""
    if not stack.tenants:
        return _of_everything(stack)
    (tenant,) = (each for each in stack.tenants if each.id == stack.monitoring.tenant)
    return _of_tenant(stack.environment, tenant, None)


def datasources_of(
    view: View, *, urls: Mapping[str, str], service_map: bool, span_metrics: bool = True, authority: str | None
) -> dict[str, Datasource]:
    """Return a view's datasources by signal, in the order in which they are made.

    Args:
        view: what they show.
        urls: where Grafana finds the backends' query APIs, by signal; of logs and profiles only where there are any.
        service_map: whether metrics for a service map are made.
        span_metrics: whether metrics of spans are made, which a span leads to.
        authority: PEM of the authority that Grafana is to trust there; None is those that it trusts already.
    """
    links = {
        "metrics": _mimir_links(view),
        "traces": _tempo_links(view, service_map=service_map, span_metrics=span_metrics, others=urls.keys()),
        "logs": _loki_links(view),
        "profiles": {"minStep": _PROFILE_STEP},
    }
    secure = {**view.certificate, **({"tlsCACert": authority} if authority else {})}
    return {
        signal: Datasource(
            uid=view.uid(signal),
            name=view.name(signal),
            kind=_KINDS[signal],
            url=urls[signal],
            json_data=json.dumps({**links[signal], **_tls(view, authority)}, sort_keys=True),
            secure_json_data=json.dumps(secure, sort_keys=True) if secure else None,
            headers=view.headers,
            org=view.org,
        )
        for signal in links
        if signal in urls
    }


def _is_let_in(tenant: Tenant, credential: "Credential") -> bool:
    known = (credential.token is not None, credential.pair is not None)
    return all(known) if tenant.access.accepts == "both" else any(known)


def _of_everything(stack: Stack) -> View:
    return View(stack.environment, "", f"({stack.environment})")


def _of_tenant(environment: str, tenant: Tenant, credential: "Credential | None") -> View:
    pair = credential.pair if credential else None
    return View(
        environment,
        f"-{tenant.object_name}",
        f"({environment}, {tenant.display_name})",
        tenant=tenant.id,
        org=tenant.grafana_org,
        headers={_TENANT_HEADER: tenant.id, **_bearer(credential)},
        certificate={"tlsClientCert": pair.certificate, "tlsClientKey": pair.key} if pair else {},
    )


def _of_all(stack: Stack, federation: "Credential | None") -> Iterator[View]:
    """Yield the view of all tenants: a gateway names them itself and has to let us in, a backend is told."""
    title = f"({stack.environment}): all tenants"
    if stack.gateway is None:
        ids = "|".join(tenant.id for tenant in stack.tenants)
        yield View(stack.environment, "_all", title, headers={_TENANT_HEADER: ids})
    elif stack.gateway.federation is not None and federation is not None:
        org = stack.gateway.federation.grafana_org
        yield View(stack.environment, "_all", title, org=org, headers=_bearer(federation))


def _bearer(credential: "Credential | None") -> dict[str, str]:
    return {"Authorization": f"Bearer {credential.token}"} if credential and credential.token else {}


def _tls(view: View, authority: str | None) -> dict[str, bool]:
    flags = {"tlsAuth": bool(view.certificate), "tlsAuthWithCACert": authority is not None}
    return {flag: True for flag, on in flags.items() if on}


def _tempo_links(view: View, *, service_map: bool, span_metrics: bool, others: Collection[str]) -> dict[str, Any]:
    """Return Tempo's links to metrics, logs and profiles if there are any, and the service map if it has metrics."""
    mimir = view.uid("metrics")
    links: dict[str, Any] = {"nodeGraph": {"enabled": True}}
    if span_metrics:
        links["tracesToMetrics"] = {
            "datasourceUid": mimir,
            "spanStartTimeShift": "-2m",
            "spanEndTimeShift": "2m",
            "tags": [{"key": "service.name", "value": "service"}],
            "queries": [
                {"name": "Request rate", "query": _SPAN_RATE},
                {"name": "Latency, 95th percentile", "query": _SPAN_LATENCY},
            ],
        }
    if "logs" in others:
        links["tracesToLogsV2"] = {
            "datasourceUid": view.uid("logs"),
            "spanStartTimeShift": "-5m",
            "spanEndTimeShift": "5m",
            "tags": [{"key": "service.name", "value": "service_name"}],
            "customQuery": True,
            "query": _LINES_OF_TRACE,
        }
    if "profiles" in others:
        links["tracesToProfiles"] = {
            "datasourceUid": view.uid("profiles"),
            "tags": [{"key": "service.name", "value": "service_name"}],
            "profileTypeId": _CPU_PROFILE,
        }
    return {**links, "serviceMap": {"datasourceUid": mimir}} if service_map else links


def _loki_links(view: View) -> dict[str, Any]:
    """Return what leads from a line to its trace: its structured metadata over OTLP, else what stands in it."""
    trace = {"name": "Trace", "datasourceUid": view.uid("traces"), "url": "${__value.raw}"}
    return {
        "derivedFields": [
            {**trace, "matcherType": "label", "matcherRegex": _TRACE_ID_METADATA},
            {**trace, "name": "Trace in the line", "matcherRegex": _TRACE_ID_IN_A_LINE},
        ]
    }


def _mimir_links(view: View) -> dict[str, Any]:
    """Return Mimir's dialect, and the exemplars that lead to traces."""
    return {
        "prometheusType": "Mimir",
        "httpMethod": "POST",
        "exemplarTraceIdDestinations": [{"name": _TRACE_ID_LABEL, "datasourceUid": view.uid("traces")}],
    }
