"""Errors of a repair."""


class RepairError(Exception):
    """The stack cannot be repaired now; the message says why, and what to do."""
