"""Asks the cluster, S3 and Grafana, before `up` touches the first of them, whether they will let us in."""

from concurrent.futures import ThreadPoolExecutor

from telemetry.config.credentials import Credentials
from telemetry.stack import Stack


def findings(stack: Stack, credentials: Credentials) -> list[str]:
    """Return one line for each system that cannot be used: the key's path, the reason, the mend."""
    # Imported here: these clients take longer to load than a preview has time for.
    from telemetry.operations.preflight import (
        certificate,
        cluster,
        custom_resources,
        dns,
        existing_secrets,
        grafana,
        metrics,
        namespaces,
        oidc,
        placement,
        pull_secrets,
        quota,
        releases,
        rights,
        s3,
        tokens,
        volumes,
    )

    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(cluster.check, stack.kubernetes, stack.namespace),
            pool.submit(dns.check, stack.kubernetes),
            pool.submit(releases.check, stack),
            pool.submit(placement.check, stack),
            pool.submit(pull_secrets.check, stack),
            pool.submit(existing_secrets.check, stack),
            pool.submit(custom_resources.check, stack),
            pool.submit(quota.check, stack),
            pool.submit(tokens.check, stack),
            pool.submit(namespaces.check, stack),
            pool.submit(metrics.check, stack),
            pool.submit(rights.check, stack),
            pool.submit(certificate.check, stack),
            pool.submit(oidc.check, stack),
            pool.submit(s3.check_all, stack, credentials),
            pool.submit(volumes.check, stack),
            pool.submit(grafana.check, stack, credentials.grafana),
        ]
        return [finding for answer in asked for finding in answer.result()]
