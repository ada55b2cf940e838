"""How many replicas of a ring must be there, and how many may be lost (docs/decisions.md has the table).

Backends of metrics and logs write to all RF ingesters of a series or stream and need a majority of them, RF // 2 + 1
(dskit's default strategy). That of traces confirms a span as soon as one ingester has it and gives up other writes that
are still under way, so not every trace has its RF copies; its reads are content with a majority. Measured
(docs/decisions.md), RF 2 loses traces with a lost ingester, and RF 3 none: the majority is what counts there too.
"""


def quorum(replication_factor: int) -> int:
    """Return how many of the RF ingesters that are to hold the same data must be there."""
    return replication_factor // 2 + 1


def losses_survived(replication_factor: int) -> int:
    """Return how many ingesters may be lost at once, whichever they are."""
    return replication_factor - quorum(replication_factor)


def min_available(*, replicas: int, replication_factor: int) -> int:
    """Return how many of the ingesters must be there for every read and write to succeed and for nothing to be lost."""
    return replicas - losses_survived(replication_factor)
