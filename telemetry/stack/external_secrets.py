"""The ExternalSecrets of a stack, as plain data (https://external-secrets.io/latest/api/externalsecret/)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from telemetry.config.external_secrets import ExternalSecret, ExternalSecrets, Remote
from telemetry.spec.values.common import Values, named

if TYPE_CHECKING:
    from telemetry.stack.model import Stack

GROUP = "external-secrets.io"
KIND = "ExternalSecret"


def objects_of(stack: "Stack") -> Iterator[Values]:
    """Yield an object for each Secret that the operator is to make, both of one name."""
    wanted = stack.external_secrets
    if wanted is None:
        return
    for name, secret in wanted.secrets.items():
        yield {
            "apiVersion": f"{GROUP}/{wanted.version}",
            "kind": KIND,
            "metadata": {
                "name": name,
                "namespace": stack.namespace.name,
                "labels": {"app.kubernetes.io/part-of": "telemetry"},
                "annotations": {
                    # Kubernetes' provider waits for what the operator says of a Secret that it has made.
                    "pulumi.com/waitFor": "condition=Ready",
                    "pulumi.com/timeoutSeconds": str(wanted.timeout),
                },
            },
            "spec": _spec(wanted, name, secret),
        }


def _spec(wanted: ExternalSecrets, name: str, secret: ExternalSecret) -> Values:
    return {
        "refreshInterval": f"{wanted.refresh}s",
        "secretStoreRef": wanted.store.model_dump(),
        "target": {"name": name, "creationPolicy": "Owner", "template": {"type": secret.type}},
        "data": [{"secretKey": key, "remoteRef": _remote(remote)} for key, remote in secret.data.items()],
    }


def _remote(remote: Remote) -> Values:
    return {"key": remote.key, **named("property", remote.property or "")}
