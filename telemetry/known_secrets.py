"""The secrets of a stack by their value: those that it was given, and those that the program derives."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import SecretStr

from telemetry.config.credentials import Credentials
from telemetry.gateway import access, secrets
from telemetry.redaction.redactor import Redactor, key_lines
from telemetry.stack import Stack

_SHORTEST = 6
"""Less could be any word."""


def redactor_of(stack: Stack, credentials: Credentials, tokens: Mapping[str, str] | None = None) -> Redactor:
    """Return a redactor that knows a stack's secrets, and tenants' tokens that the program does not make."""
    return Redactor(secrets_of(stack, credentials) | {*(tokens or {}).values()})


def secrets_of(stack: Stack, credentials: Credentials) -> frozenset[str]:
    """Return every secret that a run of a stack works with: those of its settings, and those that it derives."""
    texts = [*_leaves(credentials.model_dump())]
    texts += [text.partition(":")[2] for text in texts if ":" in text]  # user:password
    return frozenset(text for text in (*texts, *derived(stack, credentials)) if len(text) >= _SHORTEST)


def derived(stack: Stack, credentials: Credentials) -> Iterator[str]:
    """Yield the tokens of tenants and of who reads for them, and the lines of private keys that the program derives."""
    if stack.gateway is None:
        return
    key, previous = credentials.gateway_key, credentials.previous_gateway_key
    made = [
        *secrets.mounted_secrets(stack, stack.gateway, key, previous),
        *secrets.tenant_secrets(stack, key, previous),
    ]
    backends = secrets.backends_secret(stack, key) if stack.gateway.backend_tls else None
    for each in (*made, *([backends] if backends else [])):
        yield from _parts(each.data)
    for token in secrets.tokens_of(stack, stack.gateway, key, previous):
        yield token.text
    for reader in access.of_readers(stack, key).values():
        if reader.pair is not None:
            yield from key_lines(reader.pair.key)


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, SecretStr):
        yield value.get_secret_value()


def _parts(data: Mapping[str, str]) -> Iterator[str]:
    """Yield what is secret of a Secret: tokens and, line by line, private keys; certificates are for everybody."""
    for name, text in data.items():
        if name == "token":
            yield text
        yield from key_lines(text)
