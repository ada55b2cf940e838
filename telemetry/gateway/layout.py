"""Paths, addresses and ports of nginx."""

from dataclasses import dataclass

from telemetry.config.connections import Family

_ANY: dict[Family, str] = {"IPv4": "0.0.0.0", "IPv6": "[::]"}  # noqa: S104 - a pod learns its address late
_LOOPBACK: dict[Family, str] = {"IPv4": "127.0.0.1", "IPv6": "[::1]"}
_INNER = 10_000
"""How far the ports of its own servers are from those that clients use."""


@dataclass(frozen=True)
class Layout:
    """Paths, addresses and ports of nginx; the defaults are the pod's."""

    root: str = "/etc/gateway"
    """Holds config, tenants, tls, client-ca, backend-ca and existing."""
    scratch: str = "/tmp"  # noqa: S108 - an emptyDir of the pod's own
    """Where nginx may write."""
    state: str = "/run/gateway"
    """Where watch.sh writes what nginx includes, in memory: the tokens that exist already are among it."""
    families: tuple[Family, ...] = ("IPv4",)
    """Addresses that the pod has, and that backends are looked for at."""
    address: str = ""
    """Where clients find it; none is every address of its families, for a pod learns its own late."""
    inner: str = ""
    """Where its own servers listen, for itself only: who reaches them says whose request it is.

    None is the loopback address of its first family; clients of the others come to them by it as well.
    """
    https_port: int = 8443
    grpc_port: int = 4317
    health_port: int = 8080
    resolver: str = "kube-dns.kube-system.svc.cluster.local."
    """A DNS server, as `host` or `host:port`."""
    known_name: str = "kubernetes.default.svc.cluster.local"
    """A name that it knows in every cluster; readiness asks for it."""

    def listen(self, port: int) -> str:
        """Return the lines that have nginx listen at a port for whoever connects."""
        places = [self.address] if self.address else [_ANY[family] for family in self.families]
        return "\n".join(f"listen {place}:{port};" for place in places)

    def inner_address(self, port: int) -> str:
        """Return where the server behind such a port listens for nginx itself."""
        return f"{self.inner or _LOOPBACK[self.families[0]]}:{port + _INNER}"

    @property
    def asks(self) -> str:
        """What the resolver is not to ask for; without an IPv6 address, such an answer would be tried in vain."""
        return "" if "IPv6" in self.families else " ipv6=off"
