"""Asks the cluster, S3 and Grafana, before `up` touches the first of them, whether they will let us in."""

from concurrent.futures import ThreadPoolExecutor

from telemetry.config.credentials import Credentials
from telemetry.stack import Stack


def findings(stack: Stack, credentials: Credentials) -> list[str]:
    """Return one line for each system that cannot be used: the key's path, the reason, the mend."""
    # Imported here: these clients take longer to load than a preview has time for.
    from telemetry.operations.preflight import grafana, in_cluster, s3, volumes

    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(in_cluster.findings, stack),
            pool.submit(s3.check_all, stack, credentials),
            pool.submit(volumes.check, stack),
            pool.submit(grafana.check, stack, credentials.grafana),
        ]
        return [finding for answer in asked for finding in answer.result()]
