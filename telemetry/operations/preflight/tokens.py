"""Checks that a token in an existing Secret cannot be guessed: only the gateway's pods read it otherwise."""

from collections.abc import Iterator

from kubernetes import client

from telemetry.clients.kubernetes import secret_texts
from telemetry.config.existing_secrets import TokenSecret
from telemetry.config.strength import LEAST_BITS, bits
from telemetry.stack import Stack


def check(stack: Stack, api: client.ApiClient) -> list[str]:
    """Return what stands in the way; nothing where we may not look."""
    named = {
        f"telemetry:tenants.{index}.access.token_secret": tenant.access.token_secret
        for index, tenant in enumerate(stack.tenants)
        if stack.gateway is not None and tenant.access.token_secret is not None
    }
    return [line for key, secret in named.items() for line in _finding(api, stack.namespace.name, key, secret)]


def _finding(api: client.ApiClient, namespace: str, key: str, secret: TokenSecret) -> Iterator[str]:
    """Yield what is wrong with a token, without a word of it."""
    token = secret_texts(api, namespace, secret.name).get(secret.key, "")  # without one, nobody is let in
    if token and bits(token) < LEAST_BITS:
        yield (
            f"{key}: the token in Secret {secret.name} can be guessed: it is short, repeats itself, or follows a "
            "pattern; put a random one there, such as: openssl rand -base64 32"
        )
