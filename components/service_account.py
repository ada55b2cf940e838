"""The account of pods whose chart has no key for its token."""

import pulumi
import pulumi_kubernetes as k8s


def service_account(name: str, *, namespace: str, parent: pulumi.Resource) -> k8s.core.v1.ServiceAccount:
    """Register an account that is given no token: its pods never speak with the API server."""
    return k8s.core.v1.ServiceAccount(
        name,
        metadata={"name": name, "namespace": namespace},
        automount_service_account_token=False,
        opts=pulumi.ResourceOptions(parent=parent),
    )
