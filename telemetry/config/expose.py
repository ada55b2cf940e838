"""A way in from outside of the cluster. TLS ends at the gateway: whatever is in between passes it through."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from telemetry.config.base import SettingError, Settings

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
Name = Annotated[str, Field(pattern=rf"^{_LABEL}(\.{_LABEL})+$", max_length=253)]
"""A whole DNS name, in lower case and without a wildcard."""
_ObjectName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]

_PASSTHROUGH = {
    "nginx": {"nginx.ingress.kubernetes.io/ssl-passthrough": "true"},
    "haproxy": {"haproxy.org/ssl-passthrough": "true", "haproxy-ingress.github.io/ssl-passthrough": "true"},
    "openshift-default": {"route.openshift.io/termination": "passthrough"},
}
"""What makes the controllers of an Ingress class pass TLS through. Two of them go by `haproxy`, and read one each."""


class Hosts(Settings):
    """The names that clients outside call. DNS is the platform's: it leads them to the way in."""

    http: Name = Field(description="For everything over HTTP: OTLP, remote-write, queries.")
    grpc: Name | None = Field(
        default=None,
        description="For OTLP over gRPC, which has a port of its own. None is the name for HTTP, which only a load "
        "balancer can do with: everybody else tells one connection from the other by the name alone.",
    )


class Parent(Settings):
    """A Gateway of the platform's (Gateway API) with a listener that passes TLS through."""

    name: _ObjectName = Field(description="Its name.")
    namespace: _ObjectName = Field(description="Its namespace; its listener must allow routes of the stack's.")
    listener: _ObjectName | None = Field(default=None, description="The listener (sectionName); none is any that fits.")
    version: Literal["v1", "v1alpha3", "v1alpha2"] = Field(
        default="v1", description="The version of TLSRoute that the cluster has: v1 from Gateway API 1.5 on."
    )


class Expose(Settings):
    """A way in from outside of the cluster."""

    kind: Literal["ingress", "route", "gateway_api", "load_balancer"] = Field(
        description="ingress: an Ingress; route: OpenShift's Routes; gateway_api: TLSRoutes at a Gateway that exists; "
        "load_balancer: a Service of that type."
    )
    hosts: Hosts = Field(description="The names that clients call; the gateway's certificate has them.")
    class_name: _ObjectName | None = Field(
        default=None,
        description="With ingress or load_balancer: the class (ingressClassName, loadBalancerClass); none is the "
        "cluster's default.",
    )
    annotations: dict[str, str] = Field(
        default_factory=dict,
        description="Of the objects that are made, as their controller asks for them. For the classes nginx, haproxy "
        "and openshift-default of Ingress those that pass TLS through are added.",
    )
    parent: Parent | None = Field(default=None, description="With gateway_api: the Gateway that the routes are of.")

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind == "gateway_api" and self.parent is None:
            raise SettingError("parent", "is not set, and kind gateway_api needs it; add it")
        if self.kind != "gateway_api" and self.parent is not None:
            raise SettingError("parent", self._belongs("gateway_api"))
        if self.class_name is not None and self.kind not in ("ingress", "load_balancer"):
            raise SettingError("class_name", self._belongs("ingress and load_balancer"))
        return self

    @model_validator(mode="after")
    def _tells_http_from_grpc(self) -> Self:
        if self.kind != "load_balancer" and self.hosts.grpc in (None, self.hosts.http):
            raise SettingError(
                "hosts.grpc",
                f"is that of HTTP, and {self.kind} tells connections apart by their name alone; give gRPC another one",
            )
        return self

    @model_validator(mode="after")
    def _passes_tls_through(self) -> Self:
        if self.kind == "ingress" and not self.passthrough and not self.annotations:
            chosen = "none" if self.class_name is None else repr(self.class_name)
            raise SettingError(
                "class_name",
                f"is {chosen}, and it is not known how its controller passes TLS through ({', '.join(_PASSTHROUGH)} "
                "are known); give the annotations that make it, or take another kind",
            )
        return self

    @property
    def grpc_host(self) -> str:
        """The name for OTLP over gRPC."""
        return self.hosts.grpc or self.hosts.http

    @property
    def names(self) -> tuple[str, ...]:
        """All names that clients call."""
        return tuple(dict.fromkeys((self.hosts.http, self.grpc_host)))

    @property
    def passthrough(self) -> dict[str, str]:
        """The annotations by which an Ingress' class passes TLS through, as far as they are known."""
        return _PASSTHROUGH.get(self.class_name or "", {}) if self.kind == "ingress" else {}

    def _belongs(self, kinds: str) -> str:
        return f"belongs to kind {kinds}, but kind is {self.kind}; remove it"
