"""Grafana Tempo: traces."""

import pulumi

from components.release import credentials_secret, release
from helm import tempo
from settings import S3Identity, Stack

RELEASE = "tempo"
_SECRET = "tempo-s3"  # noqa: S105 - a Secret's name


class Tempo(pulumi.ComponentResource):
    """Tempo as a single binary."""

    otlp_grpc_address: str
    """`host:port` for OTLP over gRPC, in the cluster."""
    otlp_http_url: str
    """Where OTLP traces over HTTP go, in the cluster."""
    query_url: str
    """Tempo's query API, in the cluster."""
    status: pulumi.Output[str]
    """Helm's word for the release; `deployed` is the only good one (facts/providers.md)."""

    def __init__(
        self,
        name: str,
        *,
        stack: Stack,
        identity: S3Identity,
        remote_write_url: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("telemetry:traces:Tempo", name, opts=opts)
        namespace = stack.namespace.name
        host = f"{RELEASE}.{namespace}.svc"
        self.otlp_grpc_address = f"{host}:4317"
        self.otlp_http_url = f"http://{host}:4318/v1/traces"
        self.query_url = f"http://{host}:3200"
        secret = credentials_secret(_SECRET, namespace=namespace, identity=identity, parent=self)
        deployed = release(
            RELEASE,
            namespace=namespace,
            chart=stack.traces.chart,
            values=tempo.values(stack, secret_name=_SECRET, remote_write_url=remote_write_url),
            secret=secret,
            parent=self,
        )
        self.status = deployed.status.apply(lambda status: str(status.status))
        self.register_outputs(
            {
                "otlp_grpc_address": self.otlp_grpc_address,
                "otlp_http_url": self.otlp_http_url,
                "query_url": self.query_url,
                "status": self.status,
            }
        )
