"""The gateway: nginx in front of every backend, which knows tenants by their credentials."""

import pulumi
import pulumi_kubernetes as k8s

from components.secret import secret
from telemetry.config.credentials import PreviousKey
from telemetry.gateway import access, workload
from telemetry.gateway.addresses import SERVICE, client_endpoints, hosts
from telemetry.gateway.secrets import (
    CONFIG_MAP,
    SCRIPTS,
    TENANT_ANNOTATION,
    config_map,
    mounted_secrets,
    tenant_secrets,
)
from telemetry.spec.values.common import Values
from telemetry.stack import Stack


class Gateway(pulumi.ComponentResource):
    """nginx, its configuration, and each tenant's credentials.

    It needs no backend to start, so that nothing of a backend's stands in the way of a changed credential.
    """

    otlp_grpc_address: str
    """`host:port` for OTLP traces over gRPC with TLS, in the cluster."""
    otlp_http_url: str
    """Where OTLP traces over HTTP go."""
    remote_write_url: str
    """Where Prometheus remote-write goes."""
    metrics_otlp_url: str
    """Where OTLP metrics over HTTP go."""
    metrics_query_url: str
    """The Prometheus API."""
    traces_query_url: str
    """Tempo's query API."""
    authority: str | None
    """PEM of the authority that clients must trust; None for a public one."""
    tenant_secrets: dict[str, str]
    """By tenant id the Secret with its credentials, of tenants that are given any."""

    def __init__(
        self,
        name: str,
        *,
        stack: Stack,
        key: str,
        previous: PreviousKey | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("telemetry:gateway:Gateway", name, opts=opts)
        settings, role = stack.gateway, stack.gateway_role
        assert settings is not None  # noqa: S101 - whoever makes the component has asked
        assert role is not None  # noqa: S101 - as above
        self._namespace = stack.namespace.name
        addresses = self._addresses(stack)
        files, domain = config_map(stack, settings), stack.kubernetes.cluster_domain
        mounted = [
            self._config_map(files),
            *(
                secret(each, namespace=self._namespace, parent=self)
                for each in mounted_secrets(stack, settings, key, previous)
            ),
            *self._certificate(workload.certificate(settings, hosts(settings, self._namespace, domain))),
        ]
        handed_over = list(tenant_secrets(stack, key, previous))
        for each in handed_over:
            secret(each, namespace=self._namespace, parent=self)
        self.authority = access.authority_of(stack, key, previous)
        self.tenant_secrets = {each.annotations[TENANT_ANNOTATION]: each.name for each in handed_over}
        spec = workload.deployment(stack, settings, role, watch="".join(files[name] for name in SCRIPTS))
        self._workload(spec, workload.disruption_budget(role), mounted)
        self.register_outputs(addresses | {"authority": self.authority, "tenant_secrets": self.tenant_secrets})

    def _addresses(self, stack: Stack) -> dict[str, str]:
        """Set where clients find the backends that every stack has, and return it."""
        traces, metrics = (client_endpoints(stack.backend(signal)) for signal in ("traces", "metrics"))
        self.otlp_grpc_address = traces.otlp_grpc
        self.otlp_http_url = traces.otlp_http
        self.remote_write_url = metrics.remote_write
        self.metrics_otlp_url = metrics.otlp_http
        self.metrics_query_url = metrics.query
        self.traces_query_url = traces.query
        return {
            "otlp_grpc_address": self.otlp_grpc_address,
            "otlp_http_url": self.otlp_http_url,
            "remote_write_url": self.remote_write_url,
            "metrics_otlp_url": self.metrics_otlp_url,
            "metrics_query_url": self.metrics_query_url,
            "traces_query_url": self.traces_query_url,
        }

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

    def _workload(self, deployment: Values, budget: Values | None, mounted: list[pulumi.Resource]) -> None:
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
        if budget is not None:
            k8s.policy.v1.PodDisruptionBudget(
                SERVICE, metadata=metadata, spec=budget, opts=pulumi.ResourceOptions(parent=self)
            )

    def _metadata(self, name: str) -> k8s.meta.v1.ObjectMetaArgsDict:
        return {"name": name, "namespace": self._namespace, "labels": workload.LABELS}
