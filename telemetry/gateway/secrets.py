"""Contents of the gateway's ConfigMap and Secrets, and their names; what mounts them is in gateway/workload.py."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from telemetry.config.credentials import PreviousKey
from telemetry.config.gateway import Gateway
from telemetry.gateway import accepted, access
from telemetry.gateway.layout import Layout
from telemetry.gateway.nginx import nginx_conf
from telemetry.gateway.oidc import AUTHORITY_FILE
from telemetry.gateway.routes import routes_of
from telemetry.gateway.tenant_maps import tenants_conf
from telemetry.spec.values.common import absolute_name
from telemetry.spec.values.transport import BACKENDS_SECRET, server_name
from telemetry.stack import Stack
from telemetry.stack.tenants import Tenant

CONFIG_MAP = "gateway"
SCRIPTS = "log.sh", "watch.sh"
"""What a pod runs: the first one, which runs the other."""
TENANTS_SECRET = "gateway-tenants"  # noqa: S105 - a Secret's name
TLS_SECRET = "gateway-tls"  # noqa: S105 - a Secret's name
CERT_MANAGER_SECRET = "gateway-cert-manager-tls"  # noqa: S105 - a Secret's name
"""Not the name of ours: cert-manager leaves its Secret behind, and would make ours anew while it goes."""
CLIENT_CA_SECRET = "gateway-client-ca"  # noqa: S105 - a Secret's name
TENANT_SECRET_PREFIX = "tenant-"  # noqa: S105 - how the names of tenants' Secrets begin
TENANT_ANNOTATION = "telemetry/tenant"
"""Names the tenant whose credentials a Secret holds: an id does not fit into every Secret's name."""
END_ANNOTATION = "telemetry/token-until"
"""Tells whom a Secret is handed over to until when its token is taken."""
_MOST_BYTES = 1_000_000
"""A little less than Kubernetes' 1 MiB for a Secret with all its keys."""


@dataclass(frozen=True)
class SecretContent:
    """A Secret: its name and what it holds."""

    name: str
    data: dict[str, str] = field(repr=False)
    type: Literal["Opaque", "kubernetes.io/tls"] = "Opaque"
    annotations: dict[str, str] = field(default_factory=dict)


def config_map(stack: Stack, gateway: Gateway, layout: Layout | None = None) -> dict[str, str]:
    """Return the files of the ConfigMap: nginx's configuration, and what starts nginx; without a layout, the pods'."""
    namespace = stack.namespace.name
    return {
        "nginx.conf": nginx_conf(
            routes=routes_of(backend.of for backend in stack.backends),
            upstreams=upstreams(stack),
            layout=layout or pod_layout(stack),
            gateway=gateway,
            max_body=max(tenant.limits.max_body or stack.traces.max_message_size for tenant in stack.tenants),
            client_certificates=access.takes_certificates(stack),
            backend_tls=None if gateway.backend_tls is None else server_name(namespace),
            existing_tokens=any(tenant.access.token_secret for tenant in stack.tenants),
            identities=_identities(stack, gateway),
        ),
        **({AUTHORITY_FILE: gateway.oidc.authority} if gateway.oidc and gateway.oidc.authority else {}),
        **{name: Path(__file__).with_name(name).read_text(encoding="utf-8") for name in SCRIPTS},
    }


def _identities(stack: Stack, gateway: Gateway) -> str | None:
    """Return where it is asked whose a token of an OpenID provider is, by a whole name: nginx knows no search path."""
    if gateway.oidc is None:
        return None
    host = gateway.oidc.host
    return f"{f'{host}.{stack.kubernetes.cluster_domain}' if host.endswith('.svc') else host}:{gateway.oidc.port}"


def pod_layout(stack: Stack) -> Layout:
    """Return where nginx is in a pod of a stack's cluster."""
    cluster = stack.kubernetes
    return Layout(
        families=tuple(cluster.ip_families),
        resolver=absolute_name(stack, cluster.dns.name, cluster.dns.namespace),  # the system's resolver looks for it
        known_name=absolute_name(stack, "kubernetes", "default").rstrip("."),
    )


def mounted_secrets(
    stack: Stack, gateway: Gateway, key: str, previous: PreviousKey | None = None
) -> Iterator[SecretContent]:
    """Yield the program's Secrets that the pods mount; `previous` is the key before, while it counts."""
    yield SecretContent(TENANTS_SECRET, {"tenants.conf": _tenants_conf(stack, gateway, key, previous)})
    if (pair := access.server_of(stack, key, previous)) is not None:
        yield SecretContent(TLS_SECRET, {"tls.crt": pair.certificate, "tls.key": pair.key}, "kubernetes.io/tls")
    if (authority := access.client_authority_of(stack, key, previous)) is not None:
        yield SecretContent(CLIENT_CA_SECRET, {"ca.crt": authority})


def tokens_of(
    stack: Stack, gateway: Gateway, key: str, previous: PreviousKey | None = None
) -> Iterator[accepted.Accepted]:
    """Yield every token that the program makes and that counts."""
    yield from accepted.tokens(
        environment=stack.environment,
        tenants=stack.tenants,
        key=key,
        federation=gateway.federation,
        previous=previous,
    )


def _tenants_conf(stack: Stack, gateway: Gateway, key: str, previous: PreviousKey | None) -> str:
    tokens, size = tokens_of(stack, gateway, key, previous), stack.traces.max_message_size
    return tenants_conf(
        tenants=stack.tenants,
        tokens=tokens,
        federation=gateway.federation,
        max_body=size,
        alerting=stack.alerting is not None,
    )


def too_much(stack: Stack, key: str, previous: PreviousKey | None = None) -> str | None:
    """Return why Kubernetes would not take the Secret with all tenants, and what to do; None if it does."""
    if stack.gateway is None:
        return None
    size = len(_tenants_conf(stack, stack.gateway, key, previous).encode())
    if size <= _MOST_BYTES:
        return None
    return (
        f"telemetry:tenants: what the gateway must know of {len(stack.tenants)} tenants comes to {size} bytes, and a "
        f"Secret holds {_MOST_BYTES}; let tenants accept either tokens or certificates, remove previous_until where it "
        "is over, or give them shorter ids"
    )


def tenant_secrets(stack: Stack, key: str, previous: PreviousKey | None = None) -> Iterator[SecretContent]:
    """Yield a Secret for each tenant that is given a credential, for handing over.

    It holds the token, or tls.crt and tls.key, or both, and as ca.crt the authority to trust, if there is a private
    one: two of them while the key before counts.
    """
    authority = access.authority_of(stack, key, previous)
    trusted = {} if authority is None else {"ca.crt": authority}
    given = access.of_tenants(stack, key)
    for tenant in stack.tenants:
        if credential := _texts(given[tenant.id]):
            until = tenant.access.token.until
            annotations = {TENANT_ANNOTATION: tenant.id, **({END_ANNOTATION: until} if until else {})}
            yield SecretContent(_secret_name(tenant), credential | trusted, annotations=annotations)


def backends_secret(stack: Stack, key: str) -> SecretContent | None:
    """Return the Secret that the backends mount for TLS; None without TLS, or where the settings name one."""
    pair = access.backends_of(stack, key)
    if pair is None:
        return None
    authority = access.own_authority(stack, key).certificate
    data = {"tls.crt": pair.certificate, "tls.key": pair.key, "ca.crt": authority}
    return SecretContent(BACKENDS_SECRET, data, "kubernetes.io/tls")


def upstreams(stack: Stack) -> dict[str, str]:
    """Return the backends' addresses by the names of their upstreams; those that a stack may be without come last.

    Without the final dot: nginx asks for whole names anyway, and the dot would be in the header Host.
    """
    listed = [each for backend in stack.backends for each in backend.of.upstreams(backend.context)]
    in_order = sorted(listed, key=lambda each: each.optional)
    return {each.name: f"{absolute_name(stack, each.service).rstrip('.')}:{each.port}" for each in in_order}


def _secret_name(tenant: Tenant) -> str:
    return f"{TENANT_SECRET_PREFIX}{tenant.object_name}"


def _texts(credential: access.Credential) -> dict[str, str]:
    token = {} if credential.token is None else {"token": credential.token}
    pair = credential.pair
    return token if pair is None else {**token, "tls.crt": pair.certificate, "tls.key": pair.key}
