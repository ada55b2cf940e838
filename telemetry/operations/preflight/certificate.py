"""Checks that an existing certificate of the gateway has the names that clients outside of the cluster call."""

from cryptography import x509
from kubernetes import client

from telemetry.clients.kubernetes import secret_texts
from telemetry.stack import Stack
from telemetry.stack.outside import covers

_KEY = "telemetry:gateway.certificate.secret"


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way; nothing where we may not look."""
    gateway = stack.gateway
    if gateway is None or gateway.expose is None or (secret := gateway.certificate.secret) is None:
        return []
    pem = secret_texts(api, stack.namespace.name, secret.name).get(secret.certificate)
    if pem is None:
        return []  # without the Secret the gateway does not start, which an `up` waits for
    try:
        names = _names_of(pem.encode())
    except ValueError:
        return [f"{_KEY}: {secret.certificate} of Secret {secret.name} is no certificate in PEM; correct it"]
    missing = [name for name in gateway.expose.names if not covers(names, name)]
    if not missing:
        return []
    return [
        f"{_KEY}: the certificate in Secret {secret.name} is for {', '.join(names) or 'no name'}, and clients outside "
        f"call {', '.join(missing)} (gateway.expose.hosts); have one issued for all of them"
    ]


def _names_of(pem: bytes) -> tuple[str, ...]:
    """Return the DNS names of a certificate. Raises ValueError."""
    try:
        found = x509.load_pem_x509_certificate(pem).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    return tuple(found.value.get_values_for_type(x509.DNSName))
