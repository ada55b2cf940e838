"""How many replicas of a ring must be there, and how many may be lost (docs/decisions.md has the table).

Mimir writes to all RF ingesters of a series and needs a majority of them: RF // 2 + 1 (dskit's default strategy). Loki
does the same; so does Tempo, except for RF 2, where one answer is enough (charts.md 2.3). So RF 2 survives a lost
ingester in Tempo, and none in Mimir (grafana/mimir#4993) and Loki.
"""

from typing import Literal

Backend = Literal["traces", "metrics", "logs"]


def quorum(backend: Backend, replication_factor: int) -> int:
    """Return how many of the RF ingesters that hold the same data must answer."""
    if backend == "traces" and replication_factor == 2:
        return 1
    return replication_factor // 2 + 1


def losses_survived(backend: Backend, replication_factor: int) -> int:
    """Return how many ingesters may be lost at once, whichever they are."""
    return replication_factor - quorum(backend, replication_factor)


def min_available(backend: Backend, *, replicas: int, replication_factor: int) -> int:
    """Return how many of the ingesters must be there for every read and write to succeed."""
    return replicas - losses_survived(backend, replication_factor)
