"""TLS of the backends: certificates that their pods mount, and the configuration that names them."""

from collections.abc import Iterator

from telemetry.spec.values.common import Values
from telemetry.stack import Stack

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


def scheme(stack: Stack) -> str:
    """Return how the backends' HTTP ports are spoken to."""
    return "https" if serves_tls(stack) else "http"


def serves_tls(stack: Stack) -> bool:
    """Whether the backends' HTTP and OTLP ports speak TLS."""
    return stack.gateway is not None and stack.gateway.backend_tls is not None


def volumes(stack: Stack) -> list[Values]:
    """Return the volumes of a backend's pods, for the charts' `extraVolumes`."""
    return [{"name": name, "secret": {"secretName": secret}} for name, secret, _ in _mounted(stack)]


def mounts(stack: Stack) -> list[Values]:
    """Return where the volumes go, for the charts' `extraVolumeMounts`."""
    return [{"name": name, "mountPath": path, "readOnly": True} for name, _, path in _mounted(stack)]


def http_server(stack: Stack) -> Values:
    """Return what `server` says of TLS, in Tempo as in Mimir; nothing without TLS."""
    if not serves_tls(stack):
        return {}
    return {"http_tls_config": {"cert_file": f"{_BACKENDS}/tls.crt", "key_file": f"{_BACKENDS}/tls.key"}}


def otlp_receiver(stack: Stack) -> Values:
    """Return what an OTLP receiver of Tempo says of TLS; nothing without TLS."""
    if not serves_tls(stack):
        return {}
    return {"tls": {"cert_file": f"{_BACKENDS}/tls.crt", "key_file": f"{_BACKENDS}/tls.key"}}


def client(stack: Stack) -> Values:
    """Return how one backend trusts another, in the words of Mimir's clients; nothing without TLS."""
    if not serves_tls(stack):
        return {}
    return {"tls_ca_path": f"{_BACKENDS}/ca.crt", "tls_server_name": server_name(stack.namespace.name)}


def remote_write(stack: Stack) -> Values:
    """Return how Tempo's metrics-generator trusts Mimir, in the words of Prometheus; nothing without TLS."""
    if not serves_tls(stack):
        return {}
    return {"tls_config": {"ca_file": f"{_BACKENDS}/ca.crt", "server_name": server_name(stack.namespace.name)}}


def store_authority(stack: Stack) -> str | None:
    """Return the path of the authority that signs the object store's certificate, if it is a private one."""
    return None if _store_secret(stack) is None else f"{_STORE}/ca.crt"


def makes_store_authority(stack: Stack) -> bool:
    """Whether the program makes the Secret with that authority, of the file that the settings name."""
    store = stack.object_store
    return stack.trust.file is not None and store.ca_secret is None and not store.insecure


def _store_secret(stack: Stack) -> str | None:
    return STORE_AUTHORITY if makes_store_authority(stack) else stack.object_store.ca_secret


def _mounted(stack: Stack) -> Iterator[tuple[str, str, str]]:
    """Yield volume, Secret and path."""
    if stack.gateway is not None and stack.gateway.backend_tls is not None:
        yield "backends-tls", stack.gateway.backend_tls.secret or BACKENDS_SECRET, _BACKENDS
    if (secret := _store_secret(stack)) is not None:
        yield "object-store-ca", secret, _STORE
