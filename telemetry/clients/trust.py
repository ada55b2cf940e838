"""The certificate authorities that all clients trust, and what is wrong with a certificate in one text."""

import os
import ssl
from collections.abc import Iterator

from telemetry.config.trust import Trust

_SYSTEM_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep their store, in the order of Go's crypto/x509, which the providers look it up with."""
MEND = "give the authority that signed it, as a file in PEM, with telemetry:trust.file"


def bundle(trust: Trust) -> str | None:
    """Return the file of authorities; None if neither the settings nor the system have one."""
    if trust.file is not None:
        return trust.file
    return os.environ.get("SSL_CERT_FILE") or next(filter(os.path.isfile, _SYSTEM_FILES), None)


def context(trust: Trust) -> ssl.SSLContext:
    """Return what an HTTP client verifies servers with."""
    return ssl.create_default_context(cafile=bundle(trust))


def boto(trust: Trust) -> str | bool:
    """Return what boto3 verifies servers with, in place of its own store and variable."""
    return bundle(trust) or True


def distrusted(error: BaseException) -> str | None:
    """Return what is wrong with a server's certificate, if that is why a request failed, whichever client made it."""
    for each in _causes(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return each.verify_message
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it was made of; clients chain them, or keep them as an argument or `reason`."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        waiting += [one for one in inner if isinstance(one, BaseException)]
