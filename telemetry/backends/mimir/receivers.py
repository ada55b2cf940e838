"""What Mimir's own firewall keeps receivers of a tenant's alertmanager from: addresses inside the platform's network.

A tenant writes its receivers itself, and a webhook goes wherever it says. Mimir can close all private addresses, or
ranges that are listed; it knows no exemption. So with a range to be opened, what is left of the private ones is listed.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from telemetry.config.network import NEVER_RECEIVERS, PRIVATE, Security
from telemetry.spec.values.common import Values

_Network = IPv4Network | IPv6Network
_ALWAYS = ("0.0.0.0/8", "100.64.0.0/10", "198.18.0.0/15", "64:ff9b::/96")
"""Ranges that Mimir does not take for private and that lead inside: this host, carriers' and some clusters' pods (RFC
6598), tests (RFC 2544), IPv4 through NAT64."""


def receivers_firewall(security: Security) -> Values:
    """Return Mimir's limits for it; a range of `alert_receivers` is opened if it lies within a private one."""
    given = [ip_network(each) for each in security.alert_receivers.cidrs] if security.alert_receivers else []
    opened = [each for each in given if any(_within(each, ip_network(private)) for private in PRIVATE)]
    closed = [ip_network(each) for each in (*_ALWAYS, *((*PRIVATE, *NEVER_RECEIVERS) if opened else ()))]
    left = sorted({str(part) for each in closed for part in _without(each, opened)})
    return {
        "alertmanager_receivers_firewall_block_private_addresses": not opened,
        "alertmanager_receivers_firewall_block_cidr_networks": ",".join(left),
    }


def _without(network: _Network, opened: Iterable[_Network]) -> Iterator[_Network]:
    """Yield what is left of a network."""
    parts = [network]
    for each in opened:
        parts = [left for part in parts for left in _less(part, each)]
    yield from parts


def _less(network: _Network, opened: _Network) -> Iterator[_Network]:
    if _within(network, opened):
        return
    if _within(opened, network):
        yield from network.address_exclude(opened)  # type: ignore[arg-type]  # of one version: it lies within
    else:
        yield network


def _within(inner: _Network, outer: _Network) -> bool:
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]
