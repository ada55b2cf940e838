"""How receivers of alerts fit the rest of the stack."""

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from telemetry.config.alerting import Alerting, Receiver
from telemetry.config.base import SettingError, did_you_mean
from telemetry.config.network import Destination

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


def check(stack: "Stack", alerting: Alerting) -> None:
    """Refuse what does not fit together (SettingError)."""
    backend, opened = stack.backend("metrics").of, stack.security.alert_receivers
    if backend.alertmanager is None:
        raise SettingError("alerting", f"is for an Alertmanager, and {backend.title} has none; remove it")
    if opened is None and stack.security.network_policies:
        ports = sorted({each.port for each in alerting.receivers})
        raise SettingError(
            "security.alert_receivers",
            "is not set, and NetworkPolicies let the alertmanager reach nobody; say where the receivers of alerting "
            f"are: {{cidrs: […], ports: {ports}}}",
        )
    if opened is not None:
        for index, receiver in enumerate(alerting.receivers):
            _check_reach(f"alerting.receivers.{index}", receiver, opened)
    ids = [tenant.id for tenant in stack.tenants]
    for index, route in enumerate(alerting.routes):
        for each in route.tenants:
            if each not in ids:
                hint = did_you_mean(each, ids)
                raise SettingError(
                    f"alerting.routes.{index}.tenants", f"{each} is no tenant of this stack{hint}; correct it"
                )


def _check_reach(key: str, receiver: Receiver, opened: Destination) -> None:
    """Refuse a receiver on a port, or at an address, that is not opened; where a name leads nobody knows here."""
    if receiver.port not in opened.ports:
        raise SettingError(
            key,
            f"{receiver.name} is called on port {receiver.port}, and security.alert_receivers.ports has only "
            f"{', '.join(map(str, opened.ports))}; add it there",
        )
    try:
        address = ip_address(receiver.host or "")
    except ValueError:
        return
    if not any(address in ip_network(each) for each in opened.cidrs):
        raise SettingError(
            key, f"{receiver.name} is at {address}, which is in none of security.alert_receivers.cidrs; add it there"
        )
