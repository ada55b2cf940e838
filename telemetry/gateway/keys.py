"""Tokens and private keys, derived from one key per stack by HKDF-SHA256 (RFC 5869): the same in every run.

Nothing is random and nothing is remembered, so a preview is exact and the version before is known without its text.
Each purpose has an `info` of its own, so what is known of one secret says nothing of another.
"""

from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TOKEN_PREFIX = "tlm_"  # noqa: S105 - what a secret scanner finds our tokens by
_TOKEN_BYTES = 32
_SCALAR_BYTES = 48
"""16 more than P-256 has: what reducing modulo its order leaves uneven is below 2^-128 (FIPS 186-5, A.2.1)."""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (FIPS 186-5; SEC 2)."""


def token(key: str, environment: str, tenant_id: str, version: int, epoch: int = 1) -> str:
    """Return a tenant's bearer token: `tlm_` and 43 url-safe characters."""
    return _token(key, "token", environment, tenant_id, str(epoch), str(version))


def reader_token(key: str, environment: str, tenant_id: str, version: int, epoch: int = 1) -> str:
    """Return the bearer token that reads a tenant's data: Grafana's."""
    return _token(key, "reader token", environment, tenant_id, str(epoch), str(version))


def federation_token(key: str, environment: str, version: int) -> str:
    """Return the bearer token that reads all tenants."""
    return _token(key, "federation token", environment, str(version))


def first_token(key: str, tenant_id: str, version: int) -> str:
    """Return a tenant's token by the first derivation, which the environment was no part of."""
    return _token(key, "token", tenant_id, str(version))


def first_federation_token(key: str, version: int) -> str:
    """Return the token that reads all tenants by the first derivation."""
    return _token(key, "federation token", str(version))


def private_key(key: str, *purpose: str) -> ec.EllipticCurvePrivateKey:
    """Return a private key on P-256, another one for each purpose."""
    scalar = int.from_bytes(_derived(key, _SCALAR_BYTES, "private key", *purpose)) % (_ORDER - 1) + 1
    return ec.derive_private_key(scalar, ec.SECP256R1())


def _token(key: str, *purpose: str) -> str:
    text = urlsafe_b64encode(_derived(key, _TOKEN_BYTES, *purpose)).decode().rstrip("=")
    return f"{TOKEN_PREFIX}{text}"


def _derived(key: str, length: int, *purpose: str) -> bytes:
    if not key:
        raise ValueError("there is no key to derive a secret from, and anybody could derive the same from nothing")
    # Neither ids nor host names have a NUL in them, so no two purposes are joined to the same text.
    info = "\0".join(("telemetry gateway", *purpose)).encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key.encode())
