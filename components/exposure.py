"""The way in from outside of the cluster, to the gateway."""

from typing import Self

import pulumi
import pulumi_kubernetes as k8s

from telemetry.gateway.expose import objects_of
from telemetry.spec.values.common import Values
from telemetry.stack import Stack


class Exposure(pulumi.ComponentResource):
    """An Ingress, Routes, TLSRoutes or a load balancer, which pass TLS through to the gateway's Service."""

    def __init__(self, name: str, *, stack: Stack, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("telemetry:gateway:Exposure", name, opts=opts)
        for each in objects_of(stack):
            self._object(each)
        self.register_outputs({})

    @classmethod
    def of(cls, stack: Stack, *, opts: pulumi.ResourceOptions) -> Self | None:
        """Return the way in to a stack; None where it is reached in the cluster alone."""
        if stack.gateway is None or stack.gateway.expose is None:
            return None
        return cls("exposure", stack=stack, opts=opts)

    def _object(self, wanted: Values) -> None:
        """Register an object: of a kind that Kubernetes has as such, else as a custom resource."""
        name, metadata, spec = wanted["metadata"]["name"], wanted["metadata"], wanted["spec"]
        opts = pulumi.ResourceOptions(parent=self)
        if wanted["kind"] == "Ingress":
            k8s.networking.v1.Ingress(name, metadata=metadata, spec=spec, opts=opts)
        elif wanted["kind"] == "Service":
            k8s.core.v1.Service(name, metadata=metadata, spec=spec, opts=opts)
        else:
            k8s.apiextensions.CustomResource(
                name, api_version=wanted["apiVersion"], kind=wanted["kind"], metadata=metadata, spec=spec, opts=opts
            )
