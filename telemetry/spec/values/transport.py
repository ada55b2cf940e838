"""TLS of the backends: certificates that their pods mount, and the configuration that names them."""

from collections.abc import Iterator

from telemetry.config.existing_secrets import AuthoritySecret, BackendsCertificateSecret
from telemetry.spec.context import Surroundings
from telemetry.spec.values.common import Values, named

BACKENDS_SECRET = "backends-tls"  # noqa: S105 - a Secret's name
"""The Secret that the program makes for the backends, unless the settings name one."""
STORE_AUTHORITY = "object-store-authority"
"""The Secret that the program makes of telemetry:trust.file."""
_BACKENDS, _STORE = "/etc/backends-tls", "/etc/object-store-ca"
"""Where the pods find the two Secrets."""
HTTPS_PROBE: Values = {"httpGet": {"scheme": "HTTPS"}}
"""What a probe needs beside its path and port where the backend speaks TLS; charts write probes out whole."""


def server_name(namespace: str) -> str:
    """Return the name in the certificate of every backend: one for all, so that no role needs one of its own."""
    return f"backends.{namespace}.svc"


def scheme(context: Surroundings) -> str:
    """Return how the backends' HTTP ports are spoken to."""
    return "https" if serves_tls(context) else "http"


def serves_tls(context: Surroundings) -> bool:
    """Whether the backends' HTTP and OTLP ports speak TLS."""
    return context.gateway is not None and context.gateway.backend_tls is not None


def backends_secret(context: Surroundings) -> BackendsCertificateSecret | None:
    """Return the Secret with the backends' certificate, whoever makes it; None without TLS."""
    if context.gateway is None or context.gateway.backend_tls is None:
        return None
    return context.gateway.backend_tls.secret or BackendsCertificateSecret(name=BACKENDS_SECRET)


def volumes(context: Surroundings) -> list[Values]:
    """Return the volumes of a backend's pods, for the charts' `extraVolumes`."""
    return [
        {"name": name, "secret": {"secretName": secret.name, **named("items", _renamed_items(secret))}}
        for name, secret, _ in _mounted(context)
    ]


def mounts(context: Surroundings) -> list[Values]:
    """Return where the volumes go, for the charts' `extraVolumeMounts`."""
    return [{"name": name, "mountPath": path, "readOnly": True} for name, _, path in _mounted(context)]


def http_server(context: Surroundings) -> Values:
    """Return what `server` says of TLS, which all backends call alike; nothing without TLS."""
    if not serves_tls(context):
        return {}
    return {"http_tls_config": {"cert_file": f"{_BACKENDS}/tls.crt", "key_file": f"{_BACKENDS}/tls.key"}}


def otlp_receiver(context: Surroundings) -> Values:
    """Return what an OTLP receiver says of TLS; nothing without TLS."""
    if not serves_tls(context):
        return {}
    return {"tls": {"cert_file": f"{_BACKENDS}/tls.crt", "key_file": f"{_BACKENDS}/tls.key"}}


def client(context: Surroundings) -> Values:
    """Return how one backend trusts another, in the words of dskit's clients; nothing without TLS."""
    if not serves_tls(context):
        return {}
    return {"tls_ca_path": f"{_BACKENDS}/ca.crt", "tls_server_name": server_name(context.namespace.name)}


def remote_write(context: Surroundings) -> Values:
    """Return how a sender of samples trusts who takes them, in Prometheus' words; nothing without TLS."""
    if not serves_tls(context):
        return {}
    return {"tls_config": {"ca_file": f"{_BACKENDS}/ca.crt", "server_name": server_name(context.namespace.name)}}


def store_authority(context: Surroundings) -> str | None:
    """Return the path of the authority that signs the object store's certificate, if it is a private one."""
    return None if _store_secret(context) is None else f"{_STORE}/ca.crt"


def makes_store_authority(context: Surroundings) -> bool:
    """Whether the program makes the Secret with that authority, of the file that the settings name."""
    store = context.object_store
    return context.trust.file is not None and store.ca_secret is None and not store.insecure


def _store_secret(context: Surroundings) -> AuthoritySecret | None:
    ours = makes_store_authority(context)
    return AuthoritySecret(name=STORE_AUTHORITY) if ours else context.object_store.ca_secret


def _mounted(context: Surroundings) -> Iterator[tuple[str, AuthoritySecret | BackendsCertificateSecret, str]]:
    """Yield volume, Secret and path."""
    if (backends := backends_secret(context)) is not None:
        yield "backends-tls", backends, _BACKENDS
    if (secret := _store_secret(context)) is not None:
        yield "object-store-ca", secret, _STORE


def _renamed_items(secret: AuthoritySecret | BackendsCertificateSecret) -> list[Values]:
    """Return which key of a Secret becomes which file, where they are not called alike; else nothing."""
    return [{"key": key, "path": name} for name, key in secret.renamed_keys.items()]
