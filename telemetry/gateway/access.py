"""Credentials of tenants and readers, and the authorities that clients trust, derived from settings and key.

Plain texts: whoever hands them to a resource marks them as secret.
"""

from dataclasses import dataclass, field
from datetime import date

from telemetry.config.access import Pair
from telemetry.config.credentials import PreviousKey
from telemetry.config.gateway import Gateway
from telemetry.gateway import certificates
from telemetry.gateway.addresses import hosts
from telemetry.gateway.certificates import Authority, ends, expiry_warning
from telemetry.gateway.keys import federation_token, reader_token, token
from telemetry.spec.values.transport import server_name
from telemetry.stack import Stack
from telemetry.stack.tenants import Tenant


@dataclass(frozen=True)
class Credential:
    """A credential that the program makes; None is what somebody has from elsewhere, or does without."""

    token: str | None = field(repr=False)
    pair: Pair | None = field(repr=False)


def of_tenants(stack: Stack, key: str) -> dict[str, Credential]:
    """Return tenants' credentials by tenant id; empty without a gateway."""
    if stack.gateway is None:
        return {}
    issuer = _issuer(stack, key)
    return {tenant.id: _of_tenant(tenant, stack.environment, key, issuer) for tenant in stack.tenants}


def of_readers(stack: Stack, key: str) -> dict[str, Credential]:
    """Return what Grafana reads each tenant's data with, by tenant id; empty without a gateway."""
    if stack.gateway is None:
        return {}
    issuer = _issuer(stack, key)
    return {tenant.id: _of_reader(tenant, stack.environment, key, issuer) for tenant in stack.tenants}


def of_federation(stack: Stack, key: str) -> Credential | None:
    """Return the credential that reads all tenants; None where that is switched off."""
    if stack.gateway is None or stack.gateway.federation is None:
        return None
    return Credential(federation_token(key, stack.environment, stack.gateway.federation.token.version), None)


def authority_of(stack: Stack, key: str, previous: PreviousKey | None = None) -> str | None:
    """Return the PEM of the authority that clients trust; None for a public one, or without a gateway.

    While a key before counts, that is two: the gateway goes on showing what the authority before has signed.
    """
    if stack.gateway is None:
        return None
    certificate = stack.gateway.certificate
    if certificate.source != "issued":
        return certificate.authority
    before = authority_before(stack, key, previous)
    return own_authority(stack, key).certificate + (before.certificate if before else "")


def own_authority(stack: Stack, key: str) -> Authority:
    """Return the program's own authority, whatever it is used for."""
    return Authority.of(key, stack.environment, _gateway(stack).issued)


def authority_before(stack: Stack, key: str, previous: PreviousKey | None) -> Authority | None:
    """Return the authority of the key before, which nobody is to trust after its moment; None where it is the same."""
    if previous is None or previous.key.get_secret_value() == key:
        return None
    issued = _gateway(stack).issued
    return Authority.of(previous.key.get_secret_value(), stack.environment, issued, previous.until)


def client_authority_of(stack: Stack, key: str, previous: PreviousKey | None = None) -> str | None:
    """Return the PEM of the program's authorities where they sign clients' certificates; else None."""
    gateway = _gateway(stack)
    if not takes_certificates(stack) or gateway.client_ca_secret is not None:
        return None
    before = authority_before(stack, key, previous)
    return own_authority(stack, key).certificate + (before.certificate if before else "")


def server_of(stack: Stack, key: str, previous: PreviousKey | None = None) -> Pair | None:
    """Return the gateway's own certificate; None where it comes from elsewhere.

    While a key before counts it is of the authority that clients already trust.
    """
    gateway = _gateway(stack)
    if gateway.certificate.source != "issued":
        return None
    issuer = authority_before(stack, key, previous) or own_authority(stack, key)
    return issuer.server(hosts(gateway, stack.namespace.name, stack.kubernetes.cluster_domain))


def backends_of(stack: Stack, key: str) -> Pair | None:
    """Return the certificate that all backends share; None without TLS to them, or where it comes from elsewhere."""
    tls = _gateway(stack).backend_tls
    ours = tls is not None and tls.secret is None
    return own_authority(stack, key).server([server_name(stack.namespace.name)]) if ours else None


def expiry(stack: Stack, today: date) -> str | None:
    """Return what to say of certificates that the program issues and that end soon; None where there are none."""
    return expiry_warning(stack.gateway.issued, today) if stack.gateway and _issues(stack) else None


def refusal(stack: Stack, today: date) -> str | None:
    """Return why certificates that the program issues are of no use today; None where they are, or there are none."""
    return certificates.refusal(stack.gateway.issued, today) if stack.gateway and _issues(stack) else None


def issued_until(stack: Stack) -> date | None:
    """Return the last day on which the certificates that the program issues are valid; None where there are none."""
    return ends(stack.gateway.issued) if stack.gateway and _issues(stack) else None


def takes_certificates(stack: Stack) -> bool:
    """Whether any tenant comes with a client certificate."""
    return any(tenant.access.takes_certificate for tenant in stack.tenants)


def _gateway(stack: Stack) -> Gateway:
    assert stack.gateway is not None  # noqa: S101 - callers that may have none ask first
    return stack.gateway


def _issuer(stack: Stack, key: str) -> Authority | None:
    """Return who signs clients' certificates; None where nobody comes with one, or another authority signs them."""
    signs = takes_certificates(stack) and _gateway(stack).client_ca_secret is None
    return own_authority(stack, key) if signs else None


def _issues(stack: Stack) -> bool:
    """Whether any certificate is the program's own."""
    gateway = _gateway(stack)
    clients = takes_certificates(stack) and gateway.client_ca_secret is None
    backends = gateway.backend_tls is not None and gateway.backend_tls.secret is None
    return gateway.certificate.source == "issued" or clients or backends


def _of_tenant(tenant: Tenant, environment: str, key: str, issuer: Authority | None) -> Credential:
    access, epoch = tenant.access, tenant.access.epoch
    made = token(key, environment, tenant.id, access.token.version, epoch) if access.makes_token else None
    signs = issuer is not None and access.takes_certificate
    return Credential(made, issuer.client(tenant.id, access.certificate.version, epoch) if issuer and signs else None)


def _of_reader(tenant: Tenant, environment: str, key: str, issuer: Authority | None) -> Credential:
    access, epoch, version = tenant.access, tenant.access.epoch, tenant.access.reader.version
    made = reader_token(key, environment, tenant.id, version, epoch) if access.takes_token and key else None
    signs = issuer is not None and access.takes_certificate
    return Credential(made, issuer.client(tenant.id, version, epoch, reader=True) if issuer and signs else None)
