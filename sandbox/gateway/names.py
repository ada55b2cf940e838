"""Stands in for the cluster's DNS: a server on a loopback UDP port whose answers can be changed while it runs."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from dnslib import AAAA, QTYPE, RCODE, RR, A, DNSRecord
from dnslib.server import DNSLogger, DNSServer

_TTL = 1
"""Seconds; Kubernetes' own is 5 to 30."""
_IN_EVERY_CLUSTER = "kubernetes.default.svc.cluster.local"


class Names:
    """Names and their addresses. What is not among them does not exist; `*.domain` stands for all below a domain."""

    def __init__(self, address: str, port: int = 5353) -> None:
        self.server = f"{address}:{port}"
        self._addresses: dict[str, Sequence[str]] = {_IN_EVERY_CLUSTER: ("127.0.0.1",)}
        self._dns = DNSServer(self, port=port, address=address, logger=DNSLogger(logf=_quiet))

    def set(self, name: str, addresses: Sequence[str]) -> None:
        """Give a name its addresses."""
        self._addresses[name.rstrip(".")] = tuple(addresses)

    def forget(self, name: str) -> None:
        """Let a name not exist any more."""
        del self._addresses[name.rstrip(".")]

    def _find(self, name: str) -> Sequence[str] | None:
        _, _, domain = name.partition(".")
        while name not in self._addresses and domain:
            if f"*.{domain}" in self._addresses:
                return self._addresses[f"*.{domain}"]
            _, _, domain = domain.partition(".")
        return self._addresses.get(name)

    def resolve(self, request: DNSRecord, handler: Any) -> DNSRecord:  # noqa: ARG002 - dnslib's signature
        """Answer one question; a name that exists has no other records than addresses."""
        reply, question = request.reply(), request.q.qname
        addresses = self._find(str(question).rstrip("."))
        if addresses is None:
            reply.header.rcode = RCODE.NXDOMAIN
            return reply
        for address in addresses:
            kind, record = (QTYPE.AAAA, AAAA) if ":" in address else (QTYPE.A, A)
            if request.q.qtype == kind:
                reply.add_answer(RR(question, kind, rdata=record(address), ttl=_TTL))
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
