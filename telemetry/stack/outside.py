"""Who is outside of the cluster, and how what is there fits the way in (gateway.expose)."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from telemetry.config.base import SettingError
from telemetry.config.gateway import Gateway
from telemetry.config.network import Place, Security

if TYPE_CHECKING:
    from telemetry.stack.model import Stack

_ROUTERS = {"policy-group.network.openshift.io/ingress": ""}
"""What OpenShift calls the namespaces of its routers."""


def check(stack: "Stack") -> None:
    """Refuse what does not fit together (SettingError)."""
    if grafana_is_outside(stack) and not _is_exposed(stack) and not stack.grafana.reaches_services:
        raise SettingError(
            "security.grafana.cidrs",
            "put Grafana outside of the cluster, where no name of a Service is found; add gateway.expose, name "
            "Grafana's namespaces in place of cidrs, or say grafana.reaches_services: true where it finds them",
        )
    if stack.gateway is None or stack.gateway.expose is None:
        return
    kind = stack.gateway.expose.kind
    if kind == "route" and stack.kubernetes.platform != "openshift":
        raise SettingError(
            "gateway.expose.kind",
            f"is route, which only OpenShift has, and platform is {stack.kubernetes.platform}; "
            "take ingress, gateway_api or load_balancer",
        )
    if kind == "load_balancer" and not source_ranges(stack.security):
        raise SettingError(
            "security.clients.cidrs",
            "is empty, and so is security.grafana.cidrs: a load balancer would let in nobody, or everybody; name the "
            "addresses that may come, 0.0.0.0/0 for all",
        )
    if kind != "load_balancer" and stack.security.network_policies and ingress_of(stack).is_nobody:
        raise SettingError(
            "security.ingress",
            f"is not set, and NetworkPolicies keep out whatever brings connections to a {kind}; say where its pods are",
        )
    _check_certificate(stack.gateway, stack.gateway.expose.names)


def grafana_is_outside(stack: "Stack") -> bool:
    """Whether Grafana queries from outside of the cluster; one that may be on both sides does if there is a way in."""
    place = stack.security.grafana
    return place is not None and bool(place.cidrs) and (not place.namespaces or _is_exposed(stack))


def ingress_of(stack: "Stack") -> Place:
    """Return where those are who bring connections from outside to the gateway; OpenShift's routers have a label."""
    if stack.security.ingress is not None:
        return stack.security.ingress
    exposed = stack.gateway.expose if stack.gateway else None
    return Place(namespaces=[_ROUTERS]) if exposed is not None and exposed.kind == "route" else Place()


def source_ranges(security: Security) -> tuple[str, ...]:
    """Return the addresses outside of the cluster that may come: clients' and Grafana's."""
    places = [place for place in (security.clients, security.grafana) if place is not None]
    return tuple(dict.fromkeys(cidr for place in places for cidr in place.cidrs))


def covers(names: Iterable[str], host: str) -> bool:
    """Whether a certificate of these names is good for a host; a wildcard is for one label (RFC 6125, 6.4.3)."""
    return bool({host, f"*.{host.partition('.')[2]}"} & {*names})


def _is_exposed(stack: "Stack") -> bool:
    return stack.gateway is not None and stack.gateway.expose is not None


def _check_certificate(gateway: Gateway, names: Iterable[str]) -> None:
    """Refuse an existing certificate that is not said to have a name; others are made with all of them."""
    if (secret := gateway.certificate.secret) is None:
        return
    for name in names:
        if not covers(gateway.hosts, name):
            raise SettingError(
                "gateway.hosts",
                f"has no {name}, which gateway.expose has clients call, and the certificate exists already; add what "
                f"Secret {secret.name} has been issued for",
            )
