"""The gateway's volumes, filled with what the product itself makes of a stack's settings."""

from sandbox.gateway.mounts import Mounts
from sandbox.gateway.names import Names
from telemetry.config.credentials import PreviousKey
from telemetry.gateway import secrets as contents
from telemetry.gateway.layout import Layout
from telemetry.stack import Stack

_VOLUMES = {
    contents.TENANTS_SECRET: "tenants",
    contents.TLS_SECRET: "tls",
    contents.CLIENT_CA_SECRET: "client-ca",
}
"""Where the pod mounts the Secrets."""


def put_config(mounts: Mounts, stack: Stack, layout: Layout) -> None:
    """Write the ConfigMap's volume, as the product would for this layout."""
    assert stack.gateway is not None  # noqa: S101 - there is nothing to run without one
    mounts.put("config", contents.config_map(stack, stack.gateway, layout))


def put_secrets(mounts: Mounts, stack: Stack, key: str, previous: PreviousKey | None = None) -> None:
    """Write the Secrets' volumes, or change them; `previous` is the key before, while it counts."""
    assert stack.gateway is not None  # noqa: S101
    for secret in contents.mounted_secrets(stack, stack.gateway, key, previous):
        mounts.put(_VOLUMES[secret.name], secret.data)
    if (backends := contents.backends_secret(stack, key)) is not None:
        mounts.put("backend-ca", {"ca.crt": backends.data["ca.crt"]})


def point(names: Names, stack: Stack, *, traces: list[str], metrics: list[str]) -> None:
    """Let the backends' names lead to these addresses."""
    for upstream, place in contents.upstreams(stack).items():
        names.set(place.partition(":")[0], traces if upstream.startswith("traces") else metrics)
