"""The backends of metrics that a run of load can be of; others are held against the first."""

from sandbox.load.backend import Backend
from sandbox.load.mimir import MIMIR
from sandbox.load.plan import PlanError
from sandbox.load.thanos import THANOS

BACKENDS = {each.name: each for each in (MIMIR, THANOS)}


def backend_of(name: str) -> Backend:
    """Return a backend by its name (PlanError)."""
    if name not in BACKENDS:
        raise PlanError(f"there is no backend {name}; there are {' and '.join(BACKENDS)}")
    return BACKENDS[name]
