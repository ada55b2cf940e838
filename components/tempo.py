"""Grafana Tempo: traces."""

import pulumi
import pulumi_kubernetes as k8s

from components.release import credentials_secret, release
from components.service import service
from helm.releases import TEMPO, TEMPO_SECRET, tempo_release
from settings import S3Identity, Stack
from settings.traces import Topology

_INGEST, _QUERY = "traces-ingest", "traces-query"


class Tempo(pulumi.ComponentResource):
    """Tempo as a single binary or distributed, behind two Services whose addresses are the same for both.

    A move from one topology to the other goes in this order: the new release is ready, the Services turn to it, and
    the old release goes; with `traces.moving_from` it stays, without new traces, until that setting is removed.
    """

    otlp_grpc_address: str
    """`host:port` for OTLP over gRPC, in the cluster."""
    otlp_http_url: str
    """Where OTLP traces over HTTP go, in the cluster."""
    query_url: str
    """Tempo's query API, in the cluster."""
    releases: pulumi.Output[dict[str, str]]
    """Helm's word for each release; `deployed` is the only good one (facts/providers.md)."""

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
        self.otlp_grpc_address = f"{_INGEST}.{namespace}.svc:4317"
        self.otlp_http_url = f"http://{_INGEST}.{namespace}.svc:4318/v1/traces"
        self.query_url = f"http://{_QUERY}.{namespace}.svc:3200"
        secret = credentials_secret(TEMPO_SECRET, namespace=namespace, identity=identity, parent=self)
        wanted = (tempo_release(stack, shape, remote_write_url=remote_write_url) for shape in stack.traces.shapes)
        deployed = {each.name: release(each, namespace=namespace, secret=secret, parent=self) for each in wanted}
        self._services(namespace, stack.traces.topology, deployed[TEMPO[stack.traces.topology]])
        if stack.traces.moving_from is not None:
            self._announce(stack.traces.moving_from.topology, stack.traces.topology)
        statuses = {each: its.status.apply(lambda status: str(status.status)) for each, its in deployed.items()}
        self.releases = pulumi.Output.all(**statuses)
        self.register_outputs(
            {
                "otlp_grpc_address": self.otlp_grpc_address,
                "otlp_http_url": self.otlp_http_url,
                "query_url": self.query_url,
                "releases": self.releases,
            }
        )

    def _services(self, namespace: str, topology: Topology, current: k8s.helm.v3.Release) -> None:
        """Register the addresses. After the release: they never turn to pods that are not ready."""
        pods = {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": TEMPO[topology]}
        for name, ports, role in (
            (_INGEST, {"otlp-grpc": 4317, "otlp-http": 4318}, "distributor"),
            (_QUERY, {"http": 3200}, "query-frontend"),
        ):
            component = {} if topology == "monolithic" else {"app.kubernetes.io/component": role}
            service(name, namespace=namespace, ports=ports, selector={**pods, **component}, parent=self, after=current)

    def _announce(self, old: Topology, new: Topology) -> None:
        pulumi.log.info(
            f"traces are moving from {old} to {new}: new traces go to release {TEMPO[new]} as soon as it is ready; "
            f"release {TEMPO[old]} stays as it is and flushes what it has, until traces.moving_from is removed",
            self,
        )
