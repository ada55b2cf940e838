"""Stands in for the cluster's DNS: a server on a loopback UDP port whose answers can be changed while it runs."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from dnslib import QTYPE, RCODE, RR, A, DNSRecord
from dnslib.server import DNSLogger, DNSServer

_TTL = 1
"""Seconds; Kubernetes' own is 5 to 30."""
_IN_EVERY_CLUSTER = "kubernetes.default.svc.cluster.local"


class Names:
    """Names and their IPv4 addresses. What is not among them does not exist."""

    def __init__(self, address: str, port: int = 5353) -> None:
        self.server = f"{address}:{port}"
        self._addresses: dict[str, Sequence[str]] = {_IN_EVERY_CLUSTER: ("127.0.0.1",)}
        self._dns = DNSServer(self, port=port, address=address, logger=DNSLogger(logf=_quiet))

    def set(self, name: str, addresses: Sequence[str]) -> None:
        """Give a name its addresses."""
        self._addresses[name.rstrip(".")] = tuple(addresses)

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:  # noqa: ARG002 - dnslib's signature
        """Answer one question; a name that exists has no other records than addresses."""
        reply, question = request.reply(), request.q.qname
        addresses = self._addresses.get(str(question).rstrip("."))
        if addresses is None:
            reply.header.rcode = RCODE.NXDOMAIN
        elif request.q.qtype == QTYPE.A:
            for address in addresses:
                reply.add_answer(RR(question, QTYPE.A, rdata=A(address), ttl=_TTL))
        return reply

    def __enter__(self) -> Self:
        self._dns.start_thread()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._dns.stop()
        self._dns.server.server_close()


def _quiet(line: str) -> None:
    """Swallow what dnslib would print of each question."""
