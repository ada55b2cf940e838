"""The three explicit providers. Default providers are disabled in every stack: no ambient cluster is ever touched."""

from typing import Self

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumiverse_grafana as grafana

from telemetry.config.credentials import Credentials
from telemetry.stack import Stack


class Providers:
    """One provider per system that the program configures."""

    def __init__(self, *, kubernetes: k8s.Provider, s3: aws.Provider, grafana: grafana.Provider) -> None:
        self.kubernetes = kubernetes
        self.s3 = s3
        self.grafana = grafana

    @classmethod
    def of(cls, stack: Stack, credentials: Credentials) -> Self:
        """Register the providers of a stack."""
        return cls(kubernetes=_kubernetes(stack), s3=_s3(stack, credentials), grafana=_grafana(stack, credentials))


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
        kubeconfig=settings.kubeconfig_file,
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
        access_key=pulumi.Output.secret(credentials.provisioner.access_key.get_secret_value()),
        secret_key=pulumi.Output.secret(credentials.provisioner.secret_key.get_secret_value()),
        s3_use_path_style=True,
        skip_credentials_validation=True,
        skip_metadata_api_check=True,
        skip_region_validation=True,
        skip_requesting_account_id=True,
        custom_ca_bundle=stack.trust.file,
    )


def _grafana(stack: Stack, credentials: Credentials) -> grafana.Provider:
    return grafana.Provider(
        "grafana",
        url=stack.grafana.url,
        auth=pulumi.Output.secret(credentials.grafana.auth.get_secret_value()),
        ca_cert=stack.trust.file,
    )
