"""Which S3 key pods have: a digest of it among their annotations, so that another key restarts those who use it.

Pods read the key from their environment, and that once. Nothing else would restart them, so they would go on with the
old key until it is taken away, and then fail.
"""

import hashlib
from typing import Any

from telemetry.config.credentials import S3Key
from telemetry.spec.values.common import Values
from telemetry.spec.values.restarts import UNKNOWN, said_by, with_said

ANNOTATION = "telemetry/s3-key"
UNKNOWN_KEY: Values = {ANNOTATION: UNKNOWN}
"""The annotation as settings alone have it: who reads values without credentials sees which pods use a key."""

_ROUNDS, _BYTES = 20_000, 5


def digest(pair: S3Key) -> str:
    """Return ten hexadecimal digits that tell keys apart and tell nothing else of them.

    Whoever may read pods may see them, so this is PBKDF2 and not a plain hash: each guess at a weak key costs as much
    as 20,000 hashes, and the id in the salt leaves no use for a table. Five bytes of it: they do not determine a
    random key, and that two keys are alike in them happens once in 10^12 rotations.
    """
    access, secret = (each.get_secret_value() for each in (pair.access_key, pair.secret_key))
    salt = f"{ANNOTATION}\0{access}".encode()
    return hashlib.pbkdf2_hmac("sha256", secret.encode(), salt, _ROUNDS, _BYTES).hex()


def with_digest(values: Any, key_digest: str) -> Any:
    """Return values in which every pod that uses a key says which."""
    return with_said(values, ANNOTATION, key_digest)


def digest_in(values: Any) -> str | None:
    """Return the digest that values speak of; None if they do not."""
    return said_by(values, ANNOTATION)
