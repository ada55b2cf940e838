"""A run of load: step by step until it is no longer carried, then each way in by itself."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sandbox.load.backend import Backend
from sandbox.load.figures import Step
from sandbox.load.plan import Plan
from sandbox.load.requests import Batch, batches
from sandbox.load.sender import Sender, await_served
from sandbox.load.site import GATEWAY, Site, opened
from sandbox.load.watch import REST, Seen, used, watched
from sandbox.load.ways import Cost, compared, ways_of
from sandbox.toolchain import Toolchain

CLIENT = "client"
"""The group of this process itself, which sends: on a small machine it takes its part of the CPU."""
_CLOSER = 3
"""Steps between the last load that was carried and the first that was not."""


@dataclass(frozen=True)
class Outcome:
    """What a run has seen."""

    backend: Backend
    plan: Plan
    steps: tuple[Step, ...]
    costs: tuple[Cost, ...]
    idle: int
    """Bytes that the backend had resident before any load."""

    @property
    def series(self) -> int:
        """Series that were in memory, each as often as there were replicas that had it."""
        return self.plan.batches * self.plan.samples * self.plan.replicas

    @property
    def bytes_per_series(self) -> float:
        """Bytes by which the backend's memory has grown for each of these."""
        most = max((step.memory(*self.parts) for step in self.steps), default=0)
        return (most - self.idle) / self.series

    @property
    def servers(self) -> tuple[str, ...]:
        """What takes the load."""
        return tuple(group for group in self.groups if group not in (CLIENT, REST))

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the backend."""
        return tuple(group for group in self.servers if group != GATEWAY)

    @property
    def groups(self) -> tuple[str, ...]:
        """What there are figures of."""
        return tuple(self.steps[0].uses) if self.steps else ()


def run(
    tools: Toolchain, backend: Backend, plan: Plan, directory: Path, requests: int, say: Callable[[str], object]
) -> Outcome:
    """Run it.

    Args:
        tools: nginx and the backend's are of these.
        backend: what takes the load, behind the gateway.
        plan: what is sent.
        directory: where files of the backends go.
        requests: how many requests each way in is measured by; 0: none is.
        say: is told of each step as it ends.

    Raises:
        RuntimeError: a part did not start, or refused a request of the comparison.
    """
    sent = batches(plan)
    with ExitStack() as stack:
        site = stack.enter_context(opened(tools, backend, plan, directory))
        idle = sum(used(pids, 0).memory for pids in site.backend.parts.values())
        clients = [stack.enter_context(site.through_gateway(tenant)) for tenant in range(plan.tenants)]
        for client, batch in zip(clients, sent, strict=False):
            await_served(client, batch)
        costs = _costs(site, backend.title, sent[0], requests) if requests else []
        sender = Sender(clients)
        groups = {**site.groups, CLIENT: [os.getpid()]}
        seen = stack.enter_context(watched(groups, sender.now))
        steps = []
        for step in _steps(plan, sent, sender, seen):
            steps.append(step)
            carried = "carried" if step.is_carried else "not carried"
            slowest = step.latency(0.99)
            say(f"{step.offered:,.0f} samples/s: {step.samples:,.0f} taken, 99 % in {slowest:.3f} s, {carried}")
    return Outcome(backend, plan, tuple(steps), tuple(costs), idle)


def _steps(plan: Plan, sent: Sequence[Batch], sender: Sender, seen: Seen) -> Iterator[Step]:
    """Yield steps of more and more load up to the first that is not carried, then some between it and the last one."""
    most, least = 0.0, None
    for rate in plan.rates():
        step = _step(plan, sent, sender, seen, rate)
        yield step
        if not step.is_carried:
            least = rate
            break
        most = rate
    for _ in range(_CLOSER if least is not None and most else 0):
        middle = (most + (least or most)) / 2
        step = _step(plan, sent, sender, seen, middle)
        yield step
        most, least = (middle, least) if step.is_carried else (most, middle)


def _step(plan: Plan, sent: Sequence[Batch], sender: Sender, seen: Seen, rate: float) -> Step:
    begun = sender.now()
    answers = sender.send(sent, rate, plan.queries, plan.seconds)
    ended = begun + plan.seconds
    return Step(rate, begun, ended, tuple(answers), seen.between(begun, ended))


def _costs(site: Site, title: str, batch: Batch, requests: int) -> list[Cost]:
    ways = ways_of(site, title, batch.path)
    with ExitStack() as stack:
        for way in ways.values():
            stack.enter_context(way.client)
        return compared(ways, batch, site.groups, requests, time.perf_counter)
