"""Hides the secrets of a stack in what any program says.

At `-v=9` the engine logs what it sends to its plugins, secrets and all: 3.250 looks for them before it has put them
into the message. Its logs are asked for when something is wrong, and handed on; so there has to be a way to do that.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

from gateway import access, contents
from settings import Credentials, Stack

MASK = "[secret]"
_SHORTEST = 6
"""Less could be any word."""


def secrets_of(stack: Stack, credentials: Credentials) -> frozenset[str]:
    """Return every secret that a run of a stack works with: those of its settings, and those that it derives."""
    key, previous = credentials.gateway_key, credentials.previous_gateway_key
    texts = [*_leaves(credentials.model_dump())]
    texts += [text.partition(":")[2] for text in texts if ":" in text]  # user:password
    if stack.gateway is not None:
        made = [
            *contents.mounted_secrets(stack, stack.gateway, key, previous),
            *contents.tenant_secrets(stack, key, previous),
        ]
        backends = contents.backends_secret(stack, key) if stack.gateway.backend_tls else None
        texts += [text for each in (*made, *([backends] if backends else [])) for text in _parts(each.data)]
        texts += [each.text for each in contents.tokens_of(stack, stack.gateway, key, previous)]
        pairs = [each.pair for each in access.of_readers(stack, key).values() if each.pair]
        texts += [text for pair in pairs for text in _parts({"tls.key": pair.key})]
    return frozenset(text for text in texts if len(text) >= _SHORTEST)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, SecretStr):
        yield value.get_secret_value()


def _parts(data: Mapping[str, str]) -> Iterator[str]:
    """Yield what is secret of a Secret: tokens and, line by line, private keys; certificates are for everybody.

    Of the three lines of a key of ours (P-256 in PKCS #8) the last is of the public one, which certificates repeat.
    """
    for name, text in data.items():
        if name == "token":
            yield text
        elif name.endswith(".key"):
            yield from text.splitlines()[1:3]


@dataclass(frozen=True)
class Masker:
    """Puts a mask in the place of secrets, as they are and as they are commonly written."""

    forms: tuple[bytes, ...]

    @classmethod
    def of(cls, secrets: Iterable[str]) -> "Masker":
        """Return one for these secrets; the longest are looked for first, as one may be a part of another."""
        return cls(tuple(sorted({form for each in secrets for form in _forms(each)}, key=len, reverse=True)))

    def masked(self, line: bytes) -> bytes:
        """Return a line without secrets."""
        for form in self.forms:
            if form in line:
                line = line.replace(form, MASK.encode())
        return line


def _forms(text: str) -> Iterator[bytes]:
    raw = text.encode()
    yield from (raw, raw.hex().encode(), quote(text, safe="").encode(), json.dumps(text)[1:-1].encode())
    # Whatever comes before it, as `user:` in a header, one of these three stands in the base64 of the whole.
    for before in range(3):
        coded = base64.b64encode(bytes(before) + raw)
        yield coded[(4 if before else 0) : len(coded) - 4]
