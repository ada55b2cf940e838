"""Commands as messages name them: what to type next, in the words that act on the stack in question."""

import os

WHERE = "ON"
"""The Makefile's own variable. The sandbox sets it for what it runs; everything else acts on a cluster."""


def make(target: str, stack: str) -> str:
    """Return the command of a target that acts on a stack where the program that says so does.

    Without ``ON=cluster`` a target sets up the sandbox and acts on it; without ``STACK`` it acts on dev.
    """
    where = "" if os.environ.get(WHERE) == "sandbox" else f" {WHERE}=cluster"
    return f"make {target} STACK={stack}{where}"


def pulumi_config(action: str, stack: str) -> str:
    """Return the beginning of the engine's command that changes the stack's file, and not that of the one selected."""
    return f"pulumi config {action} -s {stack}"
