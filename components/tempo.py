"""Grafana Tempo: traces."""

import pulumi
import pulumi_kubernetes as k8s
import yaml

from components.kubernetes import credentials_secret, release
from components.service import service
from telemetry.backends.tempo.endpoints import HTTP_PORT, TRACES_INGEST, TRACES_QUERY
from telemetry.backends.tempo.release import TEMPO
from telemetry.backends.tempo.settings import Topology
from telemetry.backends.tempo.values_common import SECRET as TEMPO_SECRET
from telemetry.backends.tempo.values_common import TENANTS_CONFIG_MAP, tenant_overrides
from telemetry.backends.tempo.values_monolithic import OVERRIDES_FILE
from telemetry.config.credentials import S3Identity
from telemetry.spec.ports import OTLP_GRPC, OTLP_HTTP, twin
from telemetry.stack import Stack


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
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("telemetry:traces:Tempo", name, opts=opts)
        namespace = stack.namespace.name
        backend = stack.backend("traces")
        own = backend.endpoints
        self.otlp_grpc_address = own.otlp_grpc
        self.otlp_http_url = own.otlp_http
        self.query_url = own.query
        secret = credentials_secret(TEMPO_SECRET, namespace=namespace, identity=identity, parent=self)
        mounted = [secret, *self._tenants(stack)]
        keyed = (each.with_key(identity) for each in backend.releases)
        deployed = {each.name: release(each, namespace=namespace, after=mounted, parent=self) for each in keyed}
        self._services(stack, deployed[TEMPO[stack.traces.topology]])
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

    def _tenants(self, stack: Stack) -> list[pulumi.Resource]:
        """Register the limits of tenants for the single binary, whose own chart would restart it at each change."""
        single = [shape for shape in stack.traces.shapes if shape.topology == "monolithic"]
        if not stack.tenants or not single:
            return []
        overrides = tenant_overrides(stack.backend("traces").context, generates="metrics-generator" in single[0].runs)
        return [
            k8s.core.v1.ConfigMap(
                TENANTS_CONFIG_MAP,
                metadata={"name": TENANTS_CONFIG_MAP, "namespace": stack.namespace.name},
                data={OVERRIDES_FILE: yaml.safe_dump({"overrides": overrides}, sort_keys=False)},
                opts=pulumi.ResourceOptions(parent=self),
            )
        ]

    def _services(self, stack: Stack, current: k8s.helm.v3.Release) -> None:
        """Register the addresses. After the release: they never turn to pods that are not ready.

        The gateway chooses among the pods by itself, so for it there is a headless twin of each.
        """
        topology = stack.traces.topology
        pods = {"app.kubernetes.io/name": "tempo", "app.kubernetes.io/instance": TEMPO[topology]}
        for name, ports, role in (
            (TRACES_INGEST, {"otlp-grpc": OTLP_GRPC, "otlp-http": OTLP_HTTP}, "distributor"),
            (TRACES_QUERY, {"http": HTTP_PORT}, "query-frontend"),
        ):
            component = {} if topology == "monolithic" else {"app.kubernetes.io/component": role}
            for headless in (False, True) if stack.gateway else (False,):
                service(
                    twin(name) if headless else name,
                    namespace=stack.namespace.name,
                    ports=ports,
                    selector={**pods, **component},
                    parent=self,
                    after=current,
                    headless=headless,
                )

    def _announce(self, old: Topology, new: Topology) -> None:
        pulumi.log.info(
            f"traces are moving from {old} to {new}: new traces go to release {TEMPO[new]} as soon as it is ready; "
            f"release {TEMPO[old]} stays as it is and flushes what it has, until traces.moving_from is removed",
            self,
        )
