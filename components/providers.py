"""The three explicit providers. Default providers are disabled in every stack: no ambient cluster is ever touched."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumiverse_grafana as grafana

from telemetry.config.credentials import Credentials
from telemetry.stack import Stack

_FOR_PLUGINS = ("KUBECONFIG", "PULUMI_K8S_", "AWS_", "GRAFANA_")
"""Variables that plugins read themselves.

The SDKs would make inputs of them: the state would keep them, logins in plain text too, machines would undo each
other's, and of a KUBECONFIG with several files the Kubernetes plugin would say that the cluster cannot be reached.
"""


class Providers:
    """One provider per system that the program configures."""

    def __init__(self, *, kubernetes: k8s.Provider, s3: aws.Provider, grafana: grafana.Provider) -> None:
        self.kubernetes = kubernetes
        self.s3 = s3
        self.grafana = grafana

    @classmethod
    def of(cls, stack: Stack, credentials: Credentials) -> Self:
        """Register the providers of a stack."""
        with _without_environment():
            return cls(kubernetes=_kubernetes(stack), s3=_s3(stack, credentials), grafana=_grafana(stack, credentials))


@contextmanager
def _without_environment() -> Iterator[None]:
    """Hide from the SDKs what plugins find in their own environment."""
    hidden = {name: os.environ.pop(name) for name in tuple(os.environ) if name.startswith(_FOR_PLUGINS)}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _kubernetes(stack: Stack) -> k8s.Provider:
    """Return the cluster's provider (sources.md, Helm and Kubernetes 3 and 4).

    `cluster_identifier`: a new API server address would otherwise replace every release.
    `enable_secret_mutable`: changed credentials would otherwise delete the Secret before making it again; so too
    `enable_config_map_mutable`, for the gateway's configuration and the tenants' limits.
    """
    settings = stack.kubernetes
    return k8s.Provider(
        "kubernetes",
        context=settings.context,
        kubeconfig=settings.kubeconfig,
        cluster_identifier=settings.identity,
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
    )


def _s3(stack: Stack, credentials: Credentials) -> aws.Provider:
    """Return an AWS provider that talks to SeaweedFS only: path style, no account, no metadata."""
    return aws.Provider(
        "s3",
        region=stack.object_store.region,
        endpoints=[aws.ProviderEndpointArgs(s3=stack.object_store.provisioning_endpoint)],
        **_key_pair(stack, credentials),
        s3_use_path_style=True,
        skip_credentials_validation=True,
        skip_metadata_api_check=True,
        skip_region_validation=True,
        skip_requesting_account_id=True,
        custom_ca_bundle=stack.trust.file,
    )


def _key_pair(stack: Stack, credentials: Credentials) -> dict[str, pulumi.Output[str]]:
    """Return the provisioner's key pair; nothing where the plugin finds it in its own environment."""
    if stack.object_store.secrets.provisioner is not None:
        return {}
    pair = credentials.provisioner
    given = {"access_key": pair.access_key, "secret_key": pair.secret_key}
    return {name: pulumi.Output.secret(each.get_secret_value()) for name, each in given.items()}


def _grafana(stack: Stack, credentials: Credentials) -> grafana.Provider:
    """Return a provider with our login; without it where the plugin finds it in its own environment."""
    auth = None
    if stack.grafana.secret is None:
        auth = pulumi.Output.secret(credentials.grafana.auth.get_secret_value())
    return grafana.Provider("grafana", url=stack.grafana.url, ca_cert=stack.trust.file, auth=auth)
