"""The checks that ask the cluster: over one client, so that a program which logs in to it runs once."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

import urllib3
from kubernetes import client

from telemetry.clients.kubernetes import ClusterError, NoJsonError, connect
from telemetry.operations.preflight import (
    certificate,
    cluster,
    custom_resources,
    dns,
    existing_secrets,
    metrics,
    namespaces,
    node_dns,
    oidc,
    placement,
    pull_secrets,
    quota,
    releases,
    rights,
    tokens,
)
from telemetry.stack import Stack

Check = Callable[[Stack, client.ApiClient], list[str]]
CHECKS: tuple[Check, ...] = (
    cluster.check,
    dns.check,
    node_dns.check,
    releases.check,
    placement.check,
    pull_secrets.check,
    existing_secrets.check,
    custom_resources.check,
    quota.check,
    tokens.check,
    namespaces.check,
    metrics.check,
    rights.check,
    certificate.check,
    oidc.check,
)


def findings(stack: Stack, checks: Iterable[Check] = CHECKS) -> list[str]:
    """Return what stands in the way of an `up`, by all checks or by some of them."""
    try:
        api = connect(stack.kubernetes)
    except ClusterError as error:
        return [str(error)]
    with ThreadPoolExecutor() as pool:
        return [line for found in pool.map(lambda check: _ask(check, stack, api), checks) for line in found]


def _ask(check: Check, stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what a check finds; nothing where it is refused, or no API server answers, which `cluster.check` tells."""
    try:
        return check(stack, api)
    except (client.ApiException, urllib3.exceptions.HTTPError, NoJsonError):
        return []
