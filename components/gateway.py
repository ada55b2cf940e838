"""The gateway: nginx in front of every backend, which knows tenants by their credentials; and the backends' own TLS."""

from typing import Self

import pulumi
import pulumi_kubernetes as k8s

from components.kubernetes import added
from telemetry.config.credentials import Credentials
from telemetry.config.roles import Role
from telemetry.gateway import access, workload
from telemetry.gateway.addresses import SERVICE, client_endpoints, hosts
from telemetry.gateway.secrets import (
    CONFIG_MAP,
    SCRIPTS,
    TENANT_ANNOTATION,
    SecretContent,
    backends_secret,
    config_map,
    mounted_secrets,
    tenant_secrets,
)
from telemetry.spec.scaling import autoscaler
from telemetry.spec.values.common import Values
from telemetry.spec.values.transport import serves_tls
from telemetry.stack import Stack


class Gateway(pulumi.ComponentResource):
    """nginx, its configuration, and each tenant's credentials.

    It needs no backend to start, so that nothing of a backend's stands in the way of a changed credential.
    """

    endpoints: dict[str, dict[str, str]]
    """Where clients reach the backends through it, by signal and use."""
    authority: str | None
    """PEM of the authority that clients must trust; None for a public one."""
    tenant_secrets: dict[str, str]
    """By tenant id the Secret with its credentials, of tenants that are given any."""

    def __init__(
        self,
        name: str,
        *,
        stack: Stack,
        credentials: Credentials,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("telemetry:gateway:Gateway", name, opts=opts)
        key, previous = credentials.gateway_key, credentials.previous_gateway_key
        settings, role = stack.gateway, stack.gateway_role
        assert settings is not None  # noqa: S101 - whoever makes the component has asked
        assert role is not None  # noqa: S101 - as above
        self._namespace = stack.namespace.name
        files, domain = config_map(stack, settings), stack.kubernetes.cluster_domain
        mounted = [
            self._config_map(files),
            *(
                _secret(each, namespace=self._namespace, parent=self)
                for each in mounted_secrets(stack, settings, key, previous)
            ),
            *self._certificate(workload.certificate(settings, hosts(settings, self._namespace, domain))),
        ]
        handed_over = list(tenant_secrets(stack, key, previous))
        for each in handed_over:
            _secret(each, namespace=self._namespace, parent=self)
        self.authority = access.authority_of(stack, key, previous)
        self.tenant_secrets = {each.annotations[TENANT_ANNOTATION]: each.name for each in handed_over}
        spec = workload.deployment(stack, settings, role, watch="".join(files[name] for name in SCRIPTS))
        self._workload(spec, role, mounted)
        self.endpoints = {each.signal: client_endpoints(each)._asdict() for each in stack.backends}
        self.register_outputs(
            {"endpoints": self.endpoints, "authority": self.authority, "tenant_secrets": self.tenant_secrets}
        )

    @classmethod
    def of(cls, stack: Stack, credentials: Credentials, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the gateway of a stack; None where the charts' own serve."""
        return cls("gateway", stack=stack, credentials=credentials, opts=opts) if stack.gateway else None

    def _config_map(self, files: dict[str, str]) -> k8s.core.v1.ConfigMap:
        return k8s.core.v1.ConfigMap(
            CONFIG_MAP, metadata=self._metadata(CONFIG_MAP), data=files, opts=pulumi.ResourceOptions(parent=self)
        )

    def _certificate(self, spec: Values | None) -> list[pulumi.Resource]:
        """Register what cert-manager is to fulfil, if anything; the pods wait for the Secret that it makes."""
        if spec is None:
            return []
        return [
            k8s.apiextensions.CustomResource(
                SERVICE,
                api_version="cert-manager.io/v1",
                kind="Certificate",
                metadata=self._metadata(SERVICE),
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self),
            )
        ]

    def _workload(self, deployment: Values, role: Role, mounted: list[pulumi.Resource]) -> None:
        """Register the pods after what they mount, and the address after the pods."""
        metadata = self._metadata(SERVICE)
        deployed = k8s.apps.v1.Deployment(
            SERVICE,
            metadata=metadata,
            spec=deployment,
            opts=pulumi.ResourceOptions(parent=self, depends_on=mounted),
        )
        k8s.core.v1.Service(
            SERVICE,
            metadata=metadata,
            spec=workload.service(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[deployed]),
        )
        if role.autoscaling is not None:
            added(autoscaler(SERVICE, role.autoscaling), namespace=self._namespace, parent=self, after=deployed)
        if (budget := workload.disruption_budget(role)) is not None:
            k8s.policy.v1.PodDisruptionBudget(
                SERVICE, metadata=metadata, spec=budget, opts=pulumi.ResourceOptions(parent=self)
            )

    def _metadata(self, name: str) -> k8s.meta.v1.ObjectMetaArgsDict:
        return {"name": name, "namespace": self._namespace, "labels": workload.LABELS}


class BackendCertificate(pulumi.ComponentResource):
    """The backends' certificate, key and authority in a Secret; nothing where the settings name one.

    A component of its own, because Tempo and Mimir wait for it, and the gateway must wait for neither.
    """

    def __init__(self, name: str, *, stack: Stack, key: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:gateway:BackendCertificate", name, opts=opts)
        content = backends_secret(stack, key)
        if content is not None:
            _secret(content, namespace=stack.namespace.name, parent=self)
        self.register_outputs({})

    @classmethod
    def of(cls, stack: Stack, credentials: Credentials, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the certificate of a stack's backends; None where they speak no TLS."""
        if not serves_tls(stack):
            return None
        return cls("backend-certificate", stack=stack, key=credentials.gateway_key, opts=opts)


def _secret(content: SecretContent, *, namespace: str, parent: pulumi.Resource) -> k8s.core.v1.Secret:
    """Register a Secret; every value of it is marked as secret."""
    annotations = {"annotations": content.annotations} if content.annotations else {}
    return k8s.core.v1.Secret(
        content.name,
        metadata={"name": content.name, "namespace": namespace, "labels": workload.LABELS, **annotations},
        type=content.type,
        string_data={file: pulumi.Output.secret(text) for file, text in content.data.items()},
        opts=pulumi.ResourceOptions(parent=parent),
    )
