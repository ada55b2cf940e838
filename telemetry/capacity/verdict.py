"""What speaks against deploying a stack."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What to tell the user, a line each: the key's path, the sums, and how to mend it."""

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
