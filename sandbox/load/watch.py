"""What processes use of CPU and memory while something goes on, looked at every now and then."""

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from sandbox.load.figures import Use
from sandbox.load.sender import Clock

REST = "everything else"
"""The group of what else the machine does, of which only CPU is known: where that is much, figures say little."""
_EVERY_SECONDS = 0.5


@dataclass
class Seen:
    """What has been seen so far, by group."""

    uses: dict[str, list[Use]] = field(default_factory=dict)

    def between(self, begun: float, ended: float) -> Mapping[str, tuple[Use, ...]]:
        """Return what was seen of each group in a while."""
        return {name: tuple(use for use in uses if begun <= use.at <= ended) for name, uses in self.uses.items()}


@contextmanager
def watched(groups: Mapping[str, Sequence[int]], clock: Clock) -> Iterator[Seen]:
    """Look at groups of processes, with their descendants, until it is left.

    Args:
        groups: process ids by the group's name.
        clock: the seconds of the run.
    """
    seen, stop = Seen({name: [] for name in (*groups, REST)}), threading.Event()
    watcher = threading.Thread(target=_watch, args=(groups, clock, seen, stop), daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        stop.set()
        watcher.join()


def _watch(groups: Mapping[str, Sequence[int]], clock: Clock, seen: Seen, stop: threading.Event) -> None:
    while True:
        at, ours = clock(), {name: used(pids, clock()) for name, pids in groups.items()}
        for name, use in ours.items():
            seen.uses[name].append(use)
        seen.uses[REST].append(Use(at, _busy() - sum(use.cpu for use in ours.values()), 0))
        if stop.wait(_EVERY_SECONDS):
            return


def used(pids: Sequence[int], at: float) -> Use:
    """Return what processes and their descendants have used; of this process, whose children they are, it alone."""
    cpu, memory = 0.0, 0
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            root = psutil.Process(pid)
            others = [] if pid == os.getpid() else root.children(recursive=True)
            for each in (root, *others):
                with contextlib.suppress(psutil.NoSuchProcess):
                    times = each.cpu_times()
                    cpu, memory = cpu + times.user + times.system, memory + each.memory_info().rss
    return Use(at, cpu, memory)


def _busy() -> float:
    """Return the seconds of CPU that the whole machine has used."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)
