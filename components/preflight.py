"""Refuses an `up` that could only fail half-way.

Without it an `up` against a dead API server would create buckets first and fail then. Previews do not ask: they need
no network, and so they work from a pull request.
"""

import pulumi

from telemetry.config.credentials import Credentials
from telemetry.config.targets import make
from telemetry.known_secrets import redactor_of
from telemetry.operations import preflight
from telemetry.stack import Stack


def run(stack: Stack, credentials: Credentials) -> None:
    """Ask the systems that an `up` needs.

    Raises:
        pulumi.RunError: with every finding; nothing has been changed by then.
    """
    if pulumi.runtime.is_dry_run():
        return
    if found := preflight.findings(stack, credentials):
        hides = redactor_of(stack, credentials)  # what a system answers may repeat what it was asked with
        again = f"once that is mended: {make('up', stack.environment)}"
        raise pulumi.RunError("\n".join(["nothing was changed, because:", *map(hides.message, found), again]))
