"""All faults, in the order in which they are tried: those that take a new world first, those of prod last."""

from collections.abc import Sequence

from sandbox.faults import cluster, engine_killed, grafana, machine, rollout, store
from sandbox.faults.fault import Fault


class UnknownFaultError(Exception):
    """There is no such fault; the message names those that exist."""


def catalogue() -> list[Fault]:
    """Return all faults."""
    dev = (*store.FAULTS, *engine_killed.FAULTS, *cluster.FAULTS, *grafana.FAULTS, *rollout.FAULTS, *machine.FAULTS)
    return [*sorted(dev, key=lambda fault: not fault.fresh), *rollout.PROD]


def chosen(names: Sequence[str]) -> list[Fault]:
    """Return the faults whose names begin with one of these; all of them for none.

    Raises:
        UnknownFaultError: for a name that fits none.
    """
    faults = catalogue()
    for name in names:
        if not any(fault.name.startswith(name) for fault in faults):
            there = ", ".join(fault.name for fault in faults)
            raise UnknownFaultError(f"there is no fault {name!r}; there are {there}")
    return [fault for fault in faults if not names or fault.name.startswith(tuple(names))]
