"""Datasources for the data of other clusters, made of what their stacks tell (docs/outputs.md)."""

from collections.abc import Mapping
from typing import Any

from telemetry.grafana.datasources import Datasource, datasources_of
from telemetry.grafana.views import View
from telemetry.spec.context import TENANT_HEADER
from telemetry.stack import Stack


class UnreadableError(Exception):
    """The outputs of a stack are none that datasources can be made of; the message says what to do."""


def view_of(stack: Stack, cluster: str, token: str | None) -> View:
    """Return what the datasources of a cluster are called, and the credential that they come with."""
    other = stack.clusters[cluster]
    headers = {
        **({TENANT_HEADER: other.tenant} if other.tenant else {}),
        **({"Authorization": f"Bearer {token}"} if token else {}),
    }
    title = f"({cluster})"
    return View(stack.environment, f"_{cluster}", title, tenant=cluster, org=other.grafana_org, headers=headers)


def datasources_of_cluster(
    stack: Stack, cluster: str, outputs: Mapping[str, Any], *, version: int, token: str | None
) -> dict[str, Datasource]:
    """Return the datasources of a cluster by signal, each described as this stack's own of that signal.

    Args:
        stack: the settings of the stack that shows them.
        cluster: the key in `telemetry:clusters`.
        outputs: the other stack's; empty where it was never deployed.
        version: what they have to be of.
        token: what its gateway lets Grafana in by; None without one.

    Raises:
        UnreadableError: nothing can be made of these outputs.
    """
    key, other = f"telemetry:clusters.{cluster}", stack.clusters[cluster]
    _check(f"{key}.stack: {other.stack}", outputs, version)
    urls: dict[str, str] = {}
    for signal in other.signals:
        if (offered := outputs["endpoints"].get(signal)) is None:
            raise UnreadableError(f"{key}.signals: {other.stack} stores no {signal}; leave that out")
        urls[signal] = str(offered["query"])
    authority = outputs.get("certificate_authority") or None
    # What others run beside this stack has nothing to do with another cluster's data.
    apart = stack.model_copy(update={"existing": {}})
    (found,) = datasources_of(apart, [view_of(stack, cluster, token)], urls=urls, authority=authority)
    return found


def _check(named: str, outputs: Mapping[str, Any], version: int) -> None:
    if not outputs:
        raise UnreadableError(f"{named} has no outputs; deploy it first, or remove it here")
    found = outputs.get("schema_version")
    if found != version:
        told = f"outputs of version {found:g}" if isinstance(found, int | float) else "no schema_version"
        raise UnreadableError(
            f"{named} has {told}, and this program reads version {version}; deploy both with one version of it"
        )
