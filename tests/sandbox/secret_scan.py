"""Every secret of a run, in every form in which something may write it, and where it stands in what was written."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from telemetry.config.credentials import Credentials
from telemetry.gateway import access, keys
from telemetry.stack import Stack

_SHORTEST = 8
"""Anything shorter would be found by accident."""


@dataclass(frozen=True)
class Secret:
    """A secret, known by its name: no failure may show the text."""

    name: str
    text: str = field(repr=False)

    @property
    def forms(self) -> set[bytes]:
        """The text as it is, in base64 at all three offsets, in a URL, in JSON and as a hexadecimal dump."""
        raw = self.text.encode()
        return {
            raw,
            raw.hex().encode(),
            quote(self.text, safe="").encode(),
            json.dumps(self.text)[1:-1].encode(),
            *(_within_base64(raw, shift) for shift in range(3)),
        }


def _within_base64(raw: bytes, shift: int) -> bytes:
    """Return what of a text is always the same in base64, if `shift` bytes modulo 3 come before it."""
    coded = base64.b64encode(bytes(shift) + raw)
    return coded[(4 if shift else 0) : len(coded) - 4]


def of_credentials(credentials: Credentials) -> Iterator[Secret]:
    """Yield what stands in `telemetry:credentials`, each leaf by its path, and the password by itself."""
    for path, text in _leaves("credentials", credentials.model_dump()):
        yield Secret(path, text)
        if ":" in text:
            yield Secret(f"{path}, the password", text.partition(":")[2])


def _leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield from _leaves(f"{path}.{key}", below)
    elif value is not None:
        yield path, value.get_secret_value()  # type: ignore[attr-defined]


def derived(stack: Stack, key: str) -> Iterator[Secret]:
    """Yield what the program derives: tokens and private keys; the authority's own is to be written nowhere at all."""
    assert stack.gateway is not None
    readers = {f"the reader of {name}": each for name, each in access.of_readers(stack, key).items()}
    given = {**access.of_tenants(stack, key), **readers, "all tenants": access.of_federation(stack, key)}
    pairs = {"the gateway": access.server_of(stack, key), "the backends": access.backends_of(stack, key)}
    for name, credential in given.items():
        if credential is not None and credential.token is not None:
            yield Secret(f"token of {name}", credential.token)
        pairs[name] = None if credential is None else credential.pair
    private = {name: pair.key for name, pair in pairs.items() if pair is not None}
    authority = keys.private_key(key, stack.environment, "authority", str(stack.gateway.issued.authority_version))
    private["the authority"] = authority.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for name, pem in private.items():
        # The key itself is in the first two lines; the rest is the public one, which certificates show.
        for line in pem.splitlines()[1:3]:
            yield Secret(f"private key of {name}", line)


@dataclass(frozen=True)
class Scan:
    """Looks for secrets, and remembers what it has looked at."""

    secrets: tuple[Secret, ...]
    hits: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    """What was looked at: its name to its size in bytes."""

    @staticmethod
    def of(secrets: Iterable[Secret]) -> "Scan":
        """Return a scan for these secrets, each of which is long enough to be found by no accident."""
        known = tuple(secrets)
        assert all(len(each.text) >= _SHORTEST for each in known), "a secret is too short to look for"
        return Scan(known)

    def look(self, name: str, written: str | bytes) -> None:
        """Look at what was written; each secret that stands in it is noted by its name, never by its text."""
        raw = written.encode() if isinstance(written, str) else written
        assert raw, f"{name} is empty: nothing was looked at"
        self.seen[name] = len(raw)
        self.hits.extend(
            f"{each.name} stands in {name}" for each in self.secrets if any(form in raw for form in each.forms)
        )
