"""Samples that are sent and found again: what every backend of metrics must do for each tenant."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from telemetry.clients.otlp import COLLECTOR, METRIC, PROTOBUF, REMOTE_WRITE, VIA, otlp_metric, remote_write
from telemetry.clients.reach import ask
from telemetry.clients.retry import retry
from telemetry.clients.target import Target, Tenant
from telemetry.spec.checks import Check, CheckFailed


def sample_checks(target: Target, tenant: Tenant, *, suspects: str) -> list[Check]:
    """Return a tenant's checks of each way in.

    Args:
        target: what is checked.
        tenant: who sends and asks.
        suspects: the roles to look at where what was taken is not found.
    """
    trip = _RoundTrip(target, tenant, suspects)
    ways: dict[str, Callable[[float], str]] = {"OTLP": trip.by_otlp, "remote-write": trip.by_remote_write}
    if tenant.id in target.collects_as:
        ways["collector"] = trip.by_collector
    return [Check("metrics", f"{way} in, PromQL out", run) for way, run in ways.items()]


@dataclass(frozen=True)
class _RoundTrip:
    """A sample's way in, and out again; each takes at most so many seconds (CheckFailed)."""

    target: Target
    tenant: Tenant
    suspects: str

    def by_otlp(self, seconds: float) -> str:
        value = _value()
        self._send("otlp_http", otlp_metric(value, "otlp"), PROTOBUF, seconds / 2)
        return self._found("otlp", value, seconds / 2)

    def by_remote_write(self, seconds: float) -> str:
        value = _value()
        self._send("remote_write", remote_write(value, "remote-write"), REMOTE_WRITE, seconds / 2)
        return self._found("remote-write", value, seconds / 2)

    def by_collector(self, seconds: float) -> str:
        value = _value()
        self.target.collect("metrics", otlp_metric(value, COLLECTOR), seconds / 2)
        return self._found(COLLECTOR, value, seconds / 2)

    def _send(self, address: str, body: bytes, headers: dict[str, str], seconds: float) -> None:
        url = self.target.addresses[f"metrics.{address}"]
        with self.target.client(self.tenant) as client:
            retry(lambda: ask(client, "POST", url, content=body, headers=headers), seconds)

    def _found(self, via: str, value: int, seconds: float) -> str:
        sent = time.monotonic()
        with self.target.client(self.tenant) as client:
            retry(lambda: self._find(client, via, value), seconds)
        return f"{value} found {time.monotonic() - sent:.2f} s after it was taken"

    def _find(self, client: httpx.Client, via: str, value: int) -> None:
        url = self.target.addresses["metrics.query"]
        asked = {"query": f'{METRIC}{{{VIA}="{via}"}}[5m]'}
        answer = ask(client, "GET", f"{url}/api/v1/query", params=asked)
        try:
            found = [int(float(each[1])) for series in answer.json()["data"]["result"] for each in series["values"]]
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise CheckFailed(f"{url}: does not answer like Prometheus ({type(error).__name__})") from error
        if value not in found:
            raise CheckFailed(f"{url}: does not find the sample that was taken; look at {self.suspects}")


def _value() -> int:
    """Return what no other run sends: microseconds since the epoch, which a float64 holds exactly."""
    return time.time_ns() // 1000
