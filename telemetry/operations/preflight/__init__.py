"""Asks the three systems, before `up` touches the first of them, whether they will let us in.

Without it an `up` against a dead API server would create buckets first and fail then. Previews do not ask: they need
no network, and so they work from a pull request.
"""

from concurrent.futures import ThreadPoolExecutor

import pulumi

from telemetry.config.credentials import Credentials
from telemetry.known_secrets import redactor_of
from telemetry.stack import Stack


def findings(stack: Stack, credentials: Credentials) -> list[str]:
    """Return one line for each system that cannot be used: the key's path, the reason, the mend."""
    # Imported here: these clients take longer to load than a preview has time for.
    from telemetry.operations.preflight import cluster, dns, grafana, placement, quota, releases, s3, tokens, volumes

    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(cluster.check, stack.kubernetes, stack.namespace),
            pool.submit(dns.check, stack.kubernetes),
            pool.submit(releases.check, stack),
            pool.submit(placement.check, stack),
            pool.submit(quota.check, stack),
            pool.submit(tokens.check, stack),
            pool.submit(s3.check, stack.object_store, credentials.identities(stack.signals), stack.trust),
            pool.submit(volumes.check, stack),
            pool.submit(grafana.check, stack, credentials.grafana),
        ]
        return [finding for answer in asked for finding in answer.result()]


def run(stack: Stack, credentials: Credentials) -> None:
    """Refuse an `up` that could only fail half-way.

    Raises:
        pulumi.RunError: with every finding; nothing has been changed by then.
    """
    if pulumi.runtime.is_dry_run():
        return
    if found := findings(stack, credentials):
        hides = redactor_of(stack, credentials)  # what a system answers may repeat what it was asked with
        again = f"once that is mended: make up STACK={stack.environment}"
        raise pulumi.RunError("\n".join(["nothing was changed, because:", *map(hides.message, found), again]))
