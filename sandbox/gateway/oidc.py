"""Stands in for an OpenID provider towards the real oauth2-proxy, which this starts as well.

The provider says where its key is, and signs tokens (RS256) with whatever claims it is told. Nobody logs in to it.
"""

import json
import subprocess
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.gateway.pair import PairFiles
from sandbox.readiness import await_ready

PORT = 4180
_AUDIENCE = "telemetry"
_MINUTE = 60
_SECONDS_TO_START = 30


@dataclass(frozen=True)
class Provider:
    """A running provider; its address is the issuer of its tokens."""

    issuer: str
    key: rsa.RSAPrivateKey

    def token(self, user: str, *groups: str, **claims: Any) -> str:
        """Return a token that is valid for a minute, unless its claims say otherwise."""
        now = int(time.time())
        said = {"iss": self.issuer, "aud": _AUDIENCE, "sub": user, "iat": now, "exp": now + _MINUTE}
        parts = ({"alg": "RS256", "kid": "1"}, {**said, "groups": list(groups), **claims})
        text = ".".join(_encoded(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_encoded(self.key.sign(text.encode(), padding.PKCS1v15(), SHA256()))}"


@contextmanager
def provider(address: str) -> Iterator[Provider]:
    """Run a provider at an address of loopback until it is left."""
    server = ThreadingHTTPServer((address, 0), BaseHTTPRequestHandler)
    running = Provider(f"http://{address}:{server.server_port}", rsa.generate_private_key(65537, 2048))
    server.RequestHandlerClass = _handler(running)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def oauth2_proxy(
    program: Path, address: str, issuer: str, shows: PairFiles, client: httpx.Client, log: Path
) -> Iterator[None]:
    """Run oauth2-proxy at an address of loopback until it is left.

    Args:
        program: the executable.
        address: where it listens, by TLS.
        issuer: the provider's address.
        shows: its certificate.
        client: who asks whether it is ready; it must trust the certificate.
        log: where it writes.

    Raises:
        RuntimeError: it did not start; the message ends with its last lines.
    """
    flags = {
        "provider": "oidc",
        "oidc-issuer-url": issuer,
        "client-id": _AUDIENCE,
        "client-secret": "fake-nobody-logs-in",
        "cookie-secret": "fake-nobody-logs",
        "email-domain": "*",
        "skip-jwt-bearer-tokens": "true",
        "set-xauthrequest": "true",
        "http-address": "-",
        "https-address": f"{address}:{PORT}",
        "tls-cert-file": shows.certificate,
        "tls-key-file": shows.key,
        "upstream": "static://404",
    }
    line = [str(program), *(f"--{name}={value}" for name, value in flags.items())]
    with log.open("wb") as output:
        process = subprocess.Popen(line, stdout=output, stderr=output)
        try:
            await_ready(
                process, f"https://{address}:{PORT}/ping", program.name, log, seconds=_SECONDS_TO_START, client=client
            )
            yield
        finally:
            process.kill()
            process.wait()


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def _handler(running: Provider) -> type[BaseHTTPRequestHandler]:
    numbers = running.key.public_key().public_numbers()
    modulus, exponent = (_encoded(each.to_bytes(-(-each.bit_length() // 8))) for each in (numbers.n, numbers.e))
    key = {"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": modulus, "e": exponent}
    unused = dict.fromkeys(("authorization_endpoint", "token_endpoint"), f"{running.issuer}/none")
    answers = {
        "/.well-known/openid-configuration": {
            "issuer": running.issuer,
            "jwks_uri": f"{running.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            **unused,
        },
        "/keys": {"keys": [key]},
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's
            """Keep quiet: oauth2-proxy says what it was told."""

    return Handler
