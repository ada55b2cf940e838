"""Mimir's firewall for receivers: closed to everything inside, but for what is opened, whatever that is."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.backends.mimir.receivers import receivers_firewall
from telemetry.config.network import NEVER_RECEIVERS, PRIVATE, Destination, Security
from tests.unit.rendered import rendered

KEY = "alertmanager_receivers_firewall_block"
INSIDE = tuple(map(ip_network, (*PRIVATE, *NEVER_RECEIVERS)))
networks = st.tuples(
    st.sampled_from([*PRIVATE, "0.0.0.0/0", "::/0"]).flatmap(lambda each: st.ip_addresses(network=each)),
    st.integers(0, 128),
).map(lambda pair: ip_network(f"{pair[0]}/{min(pair[1], pair[0].max_prefixlen)}", strict=False))


def security(*cidrs: object) -> Security:
    return (
        Security(alert_receivers=Destination(cidrs=[str(each) for each in cidrs], ports=[443])) if cidrs else Security()
    )


def blocks(firewall: dict[str, object], address: IPv4Address | IPv6Address) -> bool:
    """Return what Mimir makes of it (pkg/util/net/firewall_dialer.go)."""
    listed = [ip_network(each) for each in str(firewall[f"{KEY}_cidr_networks"]).split(",")]
    inside = any(address in each for each in INSIDE if str(each) != "100.64.0.0/10")  # not Go's idea of private
    return bool(firewall[f"{KEY}_private_addresses"] and inside) or any(address in each for each in listed)


@pytest.mark.parametrize("environment", ["dev", "test", "prod"])
def test_it_is_on_for_everybody(environment: str) -> None:
    limits = rendered(environment)["mimir-distributed"]["mimir"]["structuredConfig"]["limits"]
    assert limits[f"{KEY}_private_addresses"] is True
    for address in ("10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "fd00::1", "::1", "64:ff9b::a00:1"):
        assert blocks(limits, ip_address(address)), address
    assert not blocks(limits, ip_address("203.0.113.25"))


Network = IPv4Network | IPv6Network


def lies_within(inner: Network, ranges: tuple[str, ...]) -> bool:
    wide = [ip_network(each) for each in ranges]
    return any(inner.version == each.version and inner.subnet_of(each) for each in wide)  # type: ignore[arg-type]


lists = st.lists(networks.filter(lambda each: not lies_within(each, NEVER_RECEIVERS)), max_size=4, unique=True)


@given(lists, st.sampled_from(PRIVATE).flatmap(lambda each: st.ip_addresses(network=each)))
def test_a_private_address_is_reached_just_where_it_is_opened(opened: list[Network], address: IPv4Address) -> None:
    reached = any(address in each for each in opened if lies_within(each, PRIVATE))
    assert blocks(receivers_firewall(security(*opened)), address) != reached


@given(lists, st.sampled_from(NEVER_RECEIVERS))
def test_a_pods_own_addresses_are_never_opened(opened: list[Network], own: str) -> None:
    assert blocks(receivers_firewall(security(*opened)), ip_network(own)[-1])
    assert not blocks(receivers_firewall(security(*opened)), ip_address("203.0.113.25"))
