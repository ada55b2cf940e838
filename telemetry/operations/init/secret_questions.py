"""Questions about secrets: which are in Secrets that exist already, and those that the program is given."""

import os
import secrets
from collections.abc import Callable, Iterable, Iterator

from telemetry.backends import backends_for
from telemetry.config.existing_secrets import ACCESS_KEY_ENV
from telemetry.operations.init.question import (
    Question,
    Situation,
    Tree,
    has,
    put,
    secret,
    secrets_like,
    value_at,
    words,
)
from telemetry.spec.backend import Signal
from telemetry.stack.backends import SIGNALS

_PROVISIONER, _GRAFANA, _OF_TENANTS = "object_store.secrets.provisioner", "grafana.secret", "tenants.token_secret"
_OF_BACKENDS = {signal: f"object_store.secrets.{signal}" for signal in SIGNALS}


def _titles(signal: Signal) -> str:
    return " or ".join(backend.title for backend in backends_for(signal).values())


def _put_existing(settings: Tree, key: str, parts: Iterable[str]) -> None:
    """Name Secrets by a first proposal; the program says what is no such part."""
    for part in parts:
        if part == "tenants":
            _put_tokens(settings, key, {"name": "tenant-tokens"})
        elif part == "backends":
            for signal in _OF_BACKENDS.keys() & settings.keys():
                put(settings, _OF_BACKENDS[signal], f"{signal}-bucket")
        else:
            put(settings, f"object_store.secrets.{part}", "unknown")


def _put_tokens(settings: Tree, _: str, secret: Tree) -> None:
    for tenant in settings.get("tenants", ()):
        tenant["access"] = {"token_secret": {"name": secret["name"], "key": tenant["id"]}}


def _is_set(key: str, variable: str) -> Callable[[Situation], bool]:
    """Return whether Pulumi's provider would find its secret where this runs, as it must where a Secret is named."""
    return lambda now: bool(os.environ.get(variable)) or has(key)(now)


def _names_tokens(now: Situation) -> bool:
    return any("access" in tenant for tenant in now.settings.get("tenants", ()))


def _identity(name: str, of: str) -> Iterator[Question]:
    key, place = f"credentials.{name}", f"object_store.secrets.{name}"

    def applies(now: Situation) -> bool:
        return (name == "provisioner" or name in now.settings) and value_at(now.settings, place) is None

    yield Question(
        key=f"{key}.access_key",
        text=f"Access key of {of}",
        example="example",
        applies=applies,
        secret=True,
        make=lambda: secrets.token_hex(10).upper(),
    )
    yield Question(
        key=f"{key}.secret_key",
        text=f"Secret key of {of}",
        example="example",
        applies=applies,
        secret=True,
        make=lambda: secrets.token_urlsafe(30),
        pair=f"{key}.access_key",
    )


_FORM = "its name, or name:access key's key:secret key's key"
EXISTING: tuple[Question, ...] = (
    Question(
        key="existing_secrets",
        text="What is in Secrets of the namespace already, so that the program never sees it: backends (their S3 key "
        "pairs), tenants (their tokens); none: it is given, or makes, all",
        read=words,
        put=_put_existing,
    ),
    *(
        Question(
            key=key,
            text=f"The Secret with {_titles(signal)}'s S3 key pair: {_FORM}",
            found=secrets_like(signal, *backends_for(signal)),
            applies=has(key),
            read=secret("access_key", "secret_key"),
        )
        for signal, key in _OF_BACKENDS.items()
    ),
    Question(
        key=_OF_TENANTS,
        text="The Secret with the tenants' tokens, a key for each by the tenant's id",
        found=secrets_like("tenant", "token"),
        applies=_names_tokens,
        read=secret(),
        put=_put_tokens,
    ),
    Question(
        key=_PROVISIONER,
        text=f"{ACCESS_KEY_ENV} is set here; the Secret with that key pair, which makes buckets: {_FORM}; none: the "
        "program is given one",
        applies=_is_set(_PROVISIONER, ACCESS_KEY_ENV),
        read=secret("access_key", "secret_key"),
    ),
    Question(
        key=_GRAFANA,
        text="GRAFANA_AUTH is set here; the Secret with that login: its name, or name:key; none: the program is given "
        "one",
        applies=_is_set(_GRAFANA, "GRAFANA_AUTH"),
        read=secret("key"),
    ),
)

GIVEN: tuple[Question, ...] = (
    *_identity("provisioner", "the S3 identity that makes buckets"),
    *(each for signal in SIGNALS for each in _identity(signal, f"{_titles(signal)}'s S3 identity")),
    Question(
        key="credentials.grafana.auth",
        text="Grafana's service account token, or user:password",
        example="example",
        applies=lambda now: value_at(now.settings, _GRAFANA) is None,
        secret=True,
    ),
    Question(
        key="credentials.gateway.key",
        text="The key that the gateway's tokens and certificates are derived from",
        example=secrets.token_urlsafe(32),
        applies=has("gateway"),
        secret=True,
        make=lambda: secrets.token_urlsafe(32),
    ),
)
