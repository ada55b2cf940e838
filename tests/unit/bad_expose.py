"""Bad ways in from outside, and what is said of them: the table of bad_inputs goes on."""

from typing import Any

from tests.support import Change, all_of, put
from tests.unit.bad_inputs import Bad

HOSTS = {"http": "telemetry.example.org", "grpc": "otlp.example.org"}
INGRESS = put("security.ingress", {"namespaces": [{"kubernetes.io/metadata.name": "ingress-nginx"}]})
PARENT = {"name": "edge", "namespace": "edge"}


def exposed(kind: str, **settings: Any) -> Change:
    """Return a stack with a tenant, and a gateway that is reached from outside."""
    return all_of(
        put("tenants", [{"id": "payments", "display_name": "Payments"}]),
        put("gateway.expose", {"kind": kind, "hosts": HOSTS, **settings}),
    )


_WITH_GATEWAY: Change = all_of(put("tenants", [{"id": "payments", "display_name": "Payments"}]), put("gateway", {}))
EXPOSE = [
    Bad(
        "one name for HTTP and gRPC where only names tell",
        exposed("route", hosts={"http": "telemetry.example.org"}),
        "gateway.expose.hosts.grpc",
        "by their name alone",
        "give gRPC another one",
    ),
    Bad(
        "a wildcard for a name",
        exposed("route", hosts={**HOSTS, "http": "*.example.org"}),
        "gateway.expose.hosts.http",
        "must match",
        "must match",
    ),
    Bad(
        "an Ingress class that nobody knows to pass TLS through",
        all_of(INGRESS, exposed("ingress", class_name="traefik")),
        "gateway.expose.class_name",
        "is 'traefik', and it is not known how",
        "give the annotations",
    ),
    Bad(
        "an Ingress without a class",
        all_of(INGRESS, exposed("ingress")),
        "gateway.expose.class_name",
        "is none, and it is not known how",
        "give the annotations",
    ),
    Bad(
        "TLSRoutes of no Gateway",
        all_of(INGRESS, exposed("gateway_api")),
        "gateway.expose.parent",
        "kind gateway_api needs it",
        "add it",
    ),
    Bad(
        "a Gateway for Routes",
        exposed("route", parent=PARENT),
        "gateway.expose.parent",
        "belongs to kind gateway_api",
        "remove it",
    ),
    Bad(
        "a class for Routes",
        exposed("route", class_name="nginx"),
        "gateway.expose.class_name",
        "belongs to kind ingress and load_balancer",
        "remove it",
    ),
    Bad(
        "Routes without OpenShift",
        all_of(put("kubernetes.platform", "kubernetes"), exposed("route")),
        "gateway.expose.kind",
        "which only OpenShift has",
        "take ingress",
    ),
    Bad(
        "a load balancer for everybody or nobody",
        exposed("load_balancer"),
        "security.clients.cidrs",
        "would let in nobody, or everybody",
        "name the addresses",
    ),
    Bad(
        "a controller that policies keep out",
        exposed("ingress", class_name="nginx"),
        "security.ingress",
        "NetworkPolicies keep out whatever brings connections",
        "say where its pods are",
    ),
    Bad(
        "an existing certificate without the names",
        all_of(
            exposed("route"),
            put("gateway.certificate", {"source": "existing", "secret": "edge-cert"}),
            put("gateway.hosts", ["telemetry.example.org", "*.apps.example.org"]),
        ),
        "gateway.hosts",
        "has no otlp.example.org, which gateway.expose has clients call",
        "Secret edge-cert",
    ),
    Bad(
        "a name of another environment",
        exposed("route", hosts={**HOSTS, "grpc": "otlp-prod.example.org"}),
        "gateway.expose.hosts",
        "belongs to prod",
        "give that of dev",
    ),
    *(
        Bad(
            f"a Grafana outside that finds no Service, {name}",
            all_of(put("security.grafana", {"cidrs": ["203.0.113.0/24"]}), change),
            "security.grafana.cidrs",
            "outside of the cluster, where no name of a Service is found",
            "add gateway.expose",
        )
        for name, change in (("without a gateway", put("environment", "dev")), ("with one", _WITH_GATEWAY))
    ),
]
