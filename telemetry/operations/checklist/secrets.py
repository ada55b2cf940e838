"""Checks that the cluster has the Secrets that the settings make, and how long certificates are valid."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography import x509

from telemetry.clients.kubernetes import texts
from telemetry.config.credentials import S3Identity
from telemetry.config.existing_secrets import S3Secret
from telemetry.gateway import validity
from telemetry.gateway.secrets import CERT_MANAGER_SECRET, backends_secret, mounted_secrets, tenant_secrets
from telemetry.operations.checklist.model import ChecklistFinding, Given
from telemetry.operations.checklist.objects import live
from telemetry.spec.checks import CheckFailed
from telemetry.stack.named_secrets import named_secrets

Contents = dict[str, str]
_CERTIFICATE = "tls.crt"


def look(given: Given) -> ChecklistFinding:
    """Compare the Secrets of the cluster with the settings, and look when their certificates end."""
    problems, ends, derived, renamed = [], [], dict(_derived(given)), dict(_renamed(given))
    for name in (*derived, *_others(given)):
        held = _live(given, name)
        if held is None:
            problems.append(f"Secret {name} is not there")
            continue
        stale = [key for key, text in derived.get(name, {}).items() if held.get(key) != text]
        problems += [f"Secret {name} is not as the settings say ({', '.join(stale)})"] if stale else []
        certificate = renamed.get(name, _CERTIFICATE)
        ends += [(_end(name, certificate, held[certificate]), name)] if certificate in held else []
    soon = given.today + timedelta(days=given.stack.monitoring.certificate_days)
    problems += [f"the certificate in {name} ends on {end:%Y-%m-%d}" for end, name in ends if end.date() < soon]
    problems += [f"the {each.title} ends on {each.until}" for each in validity.ends(given.stack) if each.until <= soon]
    if problems:
        return ChecklistFinding("open", "; ".join(problems))
    first = f"; the first certificate ends on {min(ends)[0]:%Y-%m-%d}" if ends else ""
    return ChecklistFinding("done", f"{len(derived)} Secrets are as the settings say{first}")


def _derived(given: Given) -> Iterator[tuple[str, Contents]]:
    """Yield what the program puts into Secrets."""
    stack, credentials = given.stack, given.credentials
    identities = credentials.identities(stack.signals)
    for backend in stack.backends:
        if backend.s3_secret.create:
            yield backend.s3_secret.name, _s3(backend.s3_secret, identities[backend.signal])
    if stack.gateway is None:
        return
    key, previous = credentials.gateway_key, credentials.previous_gateway_key
    made = [*mounted_secrets(stack, stack.gateway, key, previous), *tenant_secrets(stack, key, previous)]
    backends = backends_secret(stack, key)
    for each in (*made, *([backends] if backends else [])):
        yield each.name, each.data


def _others(given: Given) -> Iterator[str]:
    """Yield the Secrets that somebody else puts into the stack's namespace."""
    yield from dict.fromkeys(each.name for each in named_secrets(given.stack) if each.namespace is None)
    gateway = given.stack.gateway
    if gateway is not None and gateway.certificate.source == "cert-manager":
        yield CERT_MANAGER_SECRET


def _renamed(given: Given) -> Iterator[tuple[str, str]]:
    """Yield the key that a certificate has in a Secret which exists already."""
    if (gateway := given.stack.gateway) is not None:
        tls = gateway.backend_tls
        for secret in (gateway.certificate.secret, tls.secret if tls is not None else None):
            if secret is not None:
                yield secret.name, secret.certificate


def _s3(secret: S3Secret, identity: S3Identity) -> Contents:
    return {
        secret.access_key: identity.access_key.get_secret_value(),
        secret.secret_key: identity.secret_key.get_secret_value(),
    }


def _live(given: Given, name: str) -> Contents | None:
    """Return what a Secret holds; None where there is none.

    Raises:
        CheckFailed: the cluster does not show it.
    """
    found = live(given, f"/api/v1/namespaces/{given.stack.namespace.name}/secrets/{name}", f"Secret {name}")
    return None if found is None else texts(found)


def _end(name: str, key: str, pem: str) -> datetime:
    try:
        return x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc
    except ValueError:
        raise CheckFailed(f"what Secret {name} has as {key} is no certificate") from None
