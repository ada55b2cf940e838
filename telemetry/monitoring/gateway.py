"""Rules for the gateway. nginx itself says one thing: whether it has loaded what is mounted (gateway/health.py).

The rest is what others know of it. That it answers badly shows in the backends' own request metrics
(monitoring/slo.py); what it refuses itself is only in its access log.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import groupby

from telemetry.config.monitoring import DAY
from telemetry.gateway import access, validity
from telemetry.gateway.addresses import SERVICE
from telemetry.gateway.health import LOADED_METRIC
from telemetry.monitoring.capacity import none_of
from telemetry.monitoring.certificates import end_of
from telemetry.spec.alerts import Alert
from telemetry.spec.promql import Scope
from telemetry.stack import Stack


def rules(stack: Stack) -> Iterator[Alert]:
    """Yield the gateway's alerts; none without one."""
    if stack.gateway is None:
        return
    yield from _loaded(Scope.namespace(stack.namespace.name))
    here, exporters = Scope.namespace(stack.namespace.name), stack.monitoring.exporters
    if "kube-state-metrics" in exporters:
        available = here("kube_deployment_status_replicas_available", deployment=SERVICE)
        yield Alert(
            "GatewayDown",
            f"(sum({available}) or {none_of(here)}) < 1",
            "page",
            "2m",
            "No pod of the gateway is available: nothing gets in or out.",
            f"{{{{ $value }}}} of {stack.gateway.replicas} pods are available.",
        )
    if ends := list(_credentials_left(stack)):
        yield Alert(
            "GatewayCredentialExpires",
            f"({' or '.join(ends)}) < {stack.monitoring.certificate_days * DAY}",
            "ticket",
            "1h",
            "A token or a certificate that the gateway takes is about to end, and there is no other one yet.",
            "{{ $labels.credentials }}: {{ $value | humanizeDuration }} left. After that, it is answered with 401.",
        )
    left = seconds_left(stack)
    if left:
        yield Alert(
            "GatewayCertificateExpires",
            f"({' or '.join(left)}) < {stack.monitoring.certificate_days * DAY}",
            "page",
            "1h",
            "A certificate of the gateway is about to end, and was not renewed.",
            "{{ $labels.certificate }}: {{ $value | humanizeDuration }} left. After that, clients are refused.",
        )


def _loaded(here: Scope) -> Iterator[Alert]:
    yield Alert(
        "GatewayNotScraped",
        f"absent({here(LOADED_METRIC)})",
        "ticket",
        "15m",
        "Nothing is known of the gateway: its metrics are not scraped.",
        "GatewayConfigurationNotLoaded is blind until they are.",
    )
    yield Alert(
        "GatewayConfigurationNotLoaded",
        f"min by (pod) ({here(LOADED_METRIC)}) < 1",
        "page",
        "2m",
        "The gateway's files have changed and are not loaded: a credential that was taken away may still count.",
        "{{ $labels.pod }} serves what was mounted before; if it is about who may do what, it ends after ten minutes.",
    )


def seconds_left(stack: Stack) -> list[str]:
    """Return expressions for how long certificates are valid; none of those in a Secret that others look after."""
    left = []
    ends = access.issued_until(stack)
    if ends is not None:
        left.append(_left(ends, "certificate", "issued"))
    managed = stack.gateway is not None and stack.gateway.certificate.source == "cert-manager"
    if managed and "cert-manager" in stack.monitoring.exporters:
        expires = end_of(stack.namespace.name, SERVICE)
        left.append(f'label_replace(max({expires}) - time(), "certificate", "cert-manager", "", "")')
    return left


def _credentials_left(stack: Stack) -> Iterator[str]:
    """Yield expressions for how long credentials are taken that end, one for each day on which some do."""
    for day, ending in groupby(validity.ends(stack), key=lambda each: each.until):
        yield _left(day, "credentials", validity.listed([each.title for each in ending]))


def _left(day: date, label: str, value: str) -> str:
    """Return an expression for the seconds until a day, which is known when it is deployed: no exporter is needed."""
    midnight = int(datetime.combine(day, time(), UTC).timestamp())
    return f'label_replace(vector({midnight}) - time(), "{label}", "{value}", "", "")'
