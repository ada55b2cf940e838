"""Grafana Mimir: metrics."""

import pulumi

from components.autoscaler import autoscaler
from components.kubernetes import credentials_secret, release
from components.service import service
from components.service_account import service_account
from telemetry.backends.mimir.endpoints import HTTP_PORT, METRICS_TWINS
from telemetry.backends.mimir.values import RELEASE as MIMIR
from telemetry.backends.mimir.values import SECRET as MIMIR_SECRET
from telemetry.backends.mimir.values import SERVICE_ACCOUNT
from telemetry.config.credentials import S3Identity
from telemetry.stack import Stack


class Mimir(pulumi.ComponentResource):
    """Mimir in classic architecture, behind its chart's gateway unless there is one for all backends."""

    remote_write_url: str
    """Where Prometheus remote-write goes, in the cluster."""
    otlp_url: str
    """Where OTLP metrics over HTTP go, in the cluster."""
    query_url: str
    """The Prometheus API, in the cluster."""
    releases: pulumi.Output[dict[str, str]]
    """Helm's word for the release; `deployed` is the only good one (facts/providers.md)."""

    def __init__(
        self, name: str, *, stack: Stack, identity: S3Identity, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("telemetry:metrics:Mimir", name, opts=opts)
        namespace = stack.namespace.name
        backend = stack.backend("metrics")
        own = backend.endpoints
        self.remote_write_url = own.remote_write
        self.otlp_url = own.otlp_http
        self.query_url = own.query
        secret = credentials_secret(MIMIR_SECRET, namespace=namespace, identity=identity, parent=self)
        account = service_account(SERVICE_ACCOUNT, namespace=namespace, parent=self)
        wanted = backend.releases[0].with_key(identity)
        deployed = release(wanted, namespace=namespace, after=[secret, account], parent=self)
        if stack.gateway is not None:
            self._twins(namespace, account)
        # Its chart scales by KEDA only (charts.md 3.3).
        for role, scaling in ((name, role.autoscaling) for name, role in stack.metrics.roles.items()):
            if scaling is not None:
                autoscaler(f"{MIMIR}-{role}", namespace=namespace, scaling=scaling, parent=self, after=deployed)
        self.releases = pulumi.Output.all(**{MIMIR: deployed.status.apply(lambda status: str(status.status))})
        self.register_outputs(
            {
                "remote_write_url": self.remote_write_url,
                "otlp_url": self.otlp_url,
                "query_url": self.query_url,
                "releases": self.releases,
            }
        )

    def _twins(self, namespace: str, after: pulumi.Resource) -> None:
        """Register what stands for the pods themselves, so that the gateway tries another one where it cannot connect.

        Not after the release: a gateway that runs already turns to these names as soon as it is told them.
        """
        for role, name in METRICS_TWINS.items():
            service(
                name,
                namespace=namespace,
                ports={"http": HTTP_PORT},
                selector={
                    "app.kubernetes.io/name": "mimir",
                    "app.kubernetes.io/instance": MIMIR,
                    "app.kubernetes.io/component": role,
                },
                parent=self,
                after=after,
                headless=True,
            )
