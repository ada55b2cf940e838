"""The objects of the way in from outside, in Kubernetes' own terms. They lead to ports of the gateway's Service."""

from collections.abc import Iterator

from telemetry.config.expose import Expose
from telemetry.gateway.addresses import SERVICE
from telemetry.gateway.workload import HTTPS, LABELS, OTLP_GRPC, ServicePort, service
from telemetry.spec.values.common import Values
from telemetry.stack import Stack
from telemetry.stack.outside import source_ranges

BALANCER = f"{SERVICE}-outside"
"""The Service with a load balancer: not the gateway's own, so that clients in the cluster are left alone."""
_NO_WAITING = {"pulumi.com/skipAwait": "true"}
"""Whoever gives an Ingress or a load balancer its address may do so late, and many never say that they did."""


def objects_of(stack: Stack) -> Iterator[Values]:
    """Yield the objects of a stack's way in, whole; none where it has none."""
    if stack.gateway is None or (expose := stack.gateway.expose) is None:
        return
    if expose.kind == "load_balancer":
        yield _object(stack, expose, "v1", "Service", BALANCER, _balancer(stack, expose), waits=False)
    elif expose.kind == "ingress":
        yield _object(stack, expose, "networking.k8s.io/v1", "Ingress", SERVICE, _ingress(expose), waits=False)
    else:
        for name, (host, port) in _ports(expose).items():
            yield _route(stack, expose, f"{SERVICE}-{name}", host, port)


def _ports(expose: Expose) -> dict[str, tuple[str, ServicePort]]:
    """Return the host and the port of the gateway's Service of each name that a client calls."""
    return {"http": (expose.hosts.http, HTTPS), "grpc": (expose.grpc_host, OTLP_GRPC)}


def _route(stack: Stack, expose: Expose, name: str, host: str, port: ServicePort) -> Values:
    spec: Values
    if expose.parent is None:
        spec = {
            "host": host,
            "to": {"kind": "Service", "name": SERVICE, "weight": 100},
            "port": {"targetPort": port.name},
            "tls": {"termination": "passthrough", "insecureEdgeTerminationPolicy": "None"},
            "wildcardPolicy": "None",
        }
        return _object(stack, expose, "route.openshift.io/v1", "Route", name, spec)
    parent = expose.parent
    listener = {} if parent.listener is None else {"sectionName": parent.listener}
    spec = {
        "parentRefs": [{"name": parent.name, "namespace": parent.namespace, **listener}],
        "hostnames": [host],
        "rules": [{"backendRefs": [{"name": SERVICE, "port": port.number}]}],
    }
    return _object(stack, expose, f"gateway.networking.k8s.io/{parent.version}", "TLSRoute", name, spec)


def _ingress(expose: Expose) -> Values:
    """Return an Ingress' spec. A path would need TLS to end there; OpenShift refuses one with passthrough."""
    chosen = {} if expose.class_name is None else {"ingressClassName": expose.class_name}
    return {
        **chosen,
        "tls": [{"hosts": list(expose.names)}],
        "rules": [
            {
                "host": host,
                "http": {
                    "paths": [
                        {
                            "pathType": "ImplementationSpecific",
                            "backend": {"service": {"name": SERVICE, "port": {"name": port.name}}},
                        }
                    ]
                },
            }
            for host, port in _ports(expose).values()
        ],
    }


def _balancer(stack: Stack, expose: Expose) -> Values:
    """Return a Service's spec. Clients keep their addresses, which policies and the limits of an address look at."""
    chosen = {} if expose.class_name is None else {"loadBalancerClass": expose.class_name}
    return {
        **service(),
        **chosen,
        "type": "LoadBalancer",
        "externalTrafficPolicy": "Local",
        "loadBalancerSourceRanges": list(source_ranges(stack.security)),
    }


def _object(
    stack: Stack, expose: Expose, version: str, kind: str, name: str, spec: Values, *, waits: bool = True
) -> Values:
    annotations = {**expose.passthrough, **expose.annotations, **({} if waits else _NO_WAITING)}
    metadata = {"name": name, "namespace": stack.namespace.name, "labels": LABELS}
    stated = {"annotations": annotations} if annotations else {}
    return {"apiVersion": version, "kind": kind, "metadata": {**metadata, **stated}, "spec": spec}
