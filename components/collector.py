"""The collector: what applications send to, and what scrapes the platform."""

from typing import Self

import pulumi
import pulumi_kubernetes as k8s

from components.kubernetes import release
from telemetry.collector.addresses import RELEASE
from telemetry.collector.config import CONFIG_MAP, FILES, configuration
from telemetry.collector.pipeline import OTLP_GRPC
from telemetry.collector.release import collector_release
from telemetry.config.collector import Collector as Wanted
from telemetry.stack import Stack


class Collector(pulumi.ComponentResource):
    """The collector's configuration as a ConfigMap and, if wanted, Alloy itself as a DaemonSet that mounts it.

    A changed configuration restarts nothing, and so loses no queue: the chart's second container has Alloy read it.
    """

    config_map: str
    """Name of the ConfigMap, for a collector that exists already."""
    otlp_grpc_address: str | None
    """`host:port` for OTLP over gRPC, in the cluster; None where the program deploys no Alloy."""

    def __init__(
        self, name: str, *, stack: Stack, settings: Wanted, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("telemetry:collector:Collector", name, opts=opts)
        namespace = stack.namespace.name
        config = k8s.core.v1.ConfigMap(
            CONFIG_MAP,
            metadata={"name": CONFIG_MAP, "namespace": namespace, "labels": {"app.kubernetes.io/part-of": "telemetry"}},
            data={FILES[settings.kind]: configuration(stack, settings)},
            opts=pulumi.ResourceOptions(parent=self),
        )
        wanted = collector_release(stack)
        if wanted is not None:
            timeout = stack.kubernetes.release_timeout
            release(wanted, namespace=namespace, timeout=timeout, after=[config], parent=self)
        self.config_map = CONFIG_MAP
        self.otlp_grpc_address = None if wanted is None else f"{RELEASE}.{namespace}.svc:{OTLP_GRPC}"
        self.register_outputs({"config_map": self.config_map, "otlp_grpc_address": self.otlp_grpc_address})

    @classmethod
    def of(cls, stack: Stack, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the collector of a stack; None where it has none."""
        return cls("collector", stack=stack, settings=stack.collector, opts=opts) if stack.collector else None
