"""What every backend is made of: a Secret with its S3 credentials and a Helm release that names it."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from telemetry.config.credentials import S3Identity
from telemetry.spec.release import Release
from telemetry.spec.values.common import ACCESS_KEY_ENV, SECRET_KEY_ENV

# A Mimir ring takes minutes to settle; 300 s, the default, fails on upgrades (anchors.md B1).
_TIMEOUT_SECONDS = 900


def credentials_secret(
    name: str, *, namespace: str, identity: S3Identity, parent: pulumi.Resource
) -> k8s.core.v1.Secret:
    """Register the Secret through which the pods of a backend learn their S3 credentials."""
    return k8s.core.v1.Secret(
        name,
        metadata={"name": name, "namespace": namespace},
        string_data={
            ACCESS_KEY_ENV: pulumi.Output.secret(identity.access_key.get_secret_value()),
            SECRET_KEY_ENV: pulumi.Output.secret(identity.secret_key.get_secret_value()),
        },
        opts=pulumi.ResourceOptions(parent=parent),
    )


def release(
    wanted: Release, *, namespace: str, after: Sequence[pulumi.Resource], parent: pulumi.Resource
) -> k8s.helm.v3.Release:
    """Register a Helm release that waits until its pods are ready, after what these pods mount.

    Not atomic: a roll-back of a slow ring does more harm than a failed release that the next `up` repairs. Its
    `manifest` is never exported: the provider never sets it (facts/providers.md).
    """
    chart = wanted.chart
    repository = {"repository_opts": {"repo": chart.repository}} if chart.repository else {}
    return k8s.helm.v3.Release(
        wanted.name,
        name=wanted.name,
        namespace=namespace,
        chart=chart.source,
        version=chart.version,
        values=wanted.values,
        timeout=_TIMEOUT_SECONDS,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=after),
        **repository,
    )
