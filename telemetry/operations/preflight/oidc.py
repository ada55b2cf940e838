"""Checks that the Service is there that knows an OpenID provider's tokens: without it, who shows one is told 503."""

from kubernetes import client

from telemetry.clients.kubernetes import is_missing
from telemetry.stack import Stack


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what is missing; nothing where we may not look, or it is no Service of the cluster."""
    if stack.gateway is None or stack.gateway.oidc is None:
        return []
    name, _, rest = stack.gateway.oidc.host.partition(".")
    namespace, _, domain = rest.partition(".")
    if domain not in ("svc", f"svc.{stack.kubernetes.cluster_domain}"):
        return []
    if not is_missing(api, f"/api/v1/namespaces/{namespace}/services/{name}"):
        return []
    return [
        f"telemetry:gateway.oidc.url: Service {name} is not in namespace {namespace}, so nobody would be let in by it; "
        "deploy oauth2-proxy first, or correct the address (docs/tenants.md)"
    ]
