"""A Secret of the gateway's."""

import pulumi
import pulumi_kubernetes as k8s

from telemetry.gateway.secrets import SecretContent
from telemetry.gateway.workload import LABELS


def secret(content: SecretContent, *, namespace: str, parent: pulumi.Resource) -> k8s.core.v1.Secret:
    """Register a Secret; every value of it is marked as secret."""
    annotations = {"annotations": content.annotations} if content.annotations else {}
    return k8s.core.v1.Secret(
        content.name,
        metadata={"name": content.name, "namespace": namespace, "labels": LABELS, **annotations},
        type=content.type,
        string_data={file: pulumi.Output.secret(text) for file, text in content.data.items()},
        opts=pulumi.ResourceOptions(parent=parent),
    )
