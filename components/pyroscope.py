"""Grafana Pyroscope: profiles."""

import pulumi

from components.kubernetes import credentials_secret, release
from components.service_account import service_account
from telemetry.backends.pyroscope.values import RELEASE as PYROSCOPE
from telemetry.backends.pyroscope.values import SECRET as PYROSCOPE_SECRET
from telemetry.backends.pyroscope.values import SERVICE_ACCOUNT
from telemetry.config.credentials import S3Identity
from telemetry.stack import Stack


class Pyroscope(pulumi.ComponentResource):
    """Pyroscope as a single binary, or each of its roles by itself; at the Services of its chart."""

    push_url: str
    """What the paths that take profiles are below, in the cluster."""
    query_url: str
    """What Pyroscope's query API is below, in the cluster."""
    releases: pulumi.Output[dict[str, str]]
    """Helm's word for the release; `deployed` is the only good one (facts/providers.md)."""

    def __init__(
        self, name: str, *, stack: Stack, identity: S3Identity, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("telemetry:profiles:Pyroscope", name, opts=opts)
        backend, namespace = stack.backend("profiles"), stack.namespace.name
        own = backend.endpoints
        self.push_url = own.push
        self.query_url = own.query
        secret = credentials_secret(PYROSCOPE_SECRET, namespace=namespace, identity=identity, parent=self)
        account = service_account(SERVICE_ACCOUNT, namespace=namespace, parent=self)
        wanted = backend.releases[0].with_key(identity)
        deployed = release(wanted, namespace=namespace, after=[secret, account], parent=self)
        self.releases = pulumi.Output.all(**{PYROSCOPE: deployed.status.apply(lambda status: str(status.status))})
        self.register_outputs({"push_url": self.push_url, "query_url": self.query_url, "releases": self.releases})
