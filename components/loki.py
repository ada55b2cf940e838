"""Grafana Loki: logs."""

import pulumi

from components.kubernetes import credentials_secret, release
from telemetry.backends.loki.values import RELEASE as LOKI
from telemetry.backends.loki.values import SECRET as LOKI_SECRET
from telemetry.config.credentials import S3Identity
from telemetry.stack import Stack


class Loki(pulumi.ComponentResource):
    """Loki as a single binary, or as read, write and backend; at the Services of its chart."""

    push_url: str
    """Where Loki's own protocol goes, in the cluster."""
    otlp_url: str
    """Where OTLP logs over HTTP go, in the cluster."""
    query_url: str
    """What Loki's API is below, in the cluster."""
    releases: pulumi.Output[dict[str, str]]
    """Helm's word for the release; `deployed` is the only good one (facts/providers.md)."""

    def __init__(
        self, name: str, *, stack: Stack, identity: S3Identity, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("telemetry:logs:Loki", name, opts=opts)
        backend, namespace = stack.backend("logs"), stack.namespace.name
        own = backend.endpoints
        self.push_url = own.push
        self.otlp_url = own.otlp_http
        self.query_url = own.query
        secret = credentials_secret(LOKI_SECRET, namespace=namespace, identity=identity, parent=self)
        wanted = backend.releases[0].with_key(identity)
        deployed = release(wanted, namespace=namespace, after=[secret], parent=self)
        self.releases = pulumi.Output.all(**{LOKI: deployed.status.apply(lambda status: str(status.status))})
        self.register_outputs(
            {
                "push_url": self.push_url,
                "otlp_url": self.otlp_url,
                "query_url": self.query_url,
                "releases": self.releases,
            }
        )
