"""Credentials that the gateway accepts: tokens and certificates' subjects, with their owner and their end.

A credential is a tenant's own, or of who reads the tenant's data (`tenant/reader`), which is Grafana.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from telemetry.config.access import Rotation
from telemetry.config.credentials import PreviousKey
from telemetry.config.gateway import Federation
from telemetry.gateway import keys
from telemetry.gateway.certificates import subject
from telemetry.stack.tenants import Tenant

EVERYBODY = "*"
"""The name of all tenants at once; no object name is this."""

_Made = tuple[str, Rotation, Callable[[int], str]]
"""Whose credential it is, which versions of it count, and what makes one."""


@dataclass(frozen=True)
class Accepted:
    """A credential that counts."""

    text: str = field(repr=False)
    owner: str
    """A tenant's object name, or EVERYBODY; with `/reader` for who only reads."""
    until: str | None = None
    """The moment at which it ends; None is never."""


def tokens(
    *,
    environment: str,
    tenants: Sequence[Tenant],
    key: str,
    federation: Federation | None,
    previous: PreviousKey | None = None,
) -> Iterator[Accepted]:
    """Yield every token that the program makes and that counts.

    Args:
        environment: the stack's.
        tenants: the tenants.
        key: what tokens are derived from (gateway/keys.py); empty where the program makes none.
        federation: who reads all tenants; None for nobody.
        previous: the key before, whose tokens count for a while too.
    """
    yield from _counted(_made(environment, tenants, key, federation))
    if previous is not None:
        old = previous.key.get_secret_value()
        first = previous.derivation == 1
        made = _first_made(tenants, old, federation) if first else _made(environment, tenants, old, federation)
        yield from _counted(made, previous.until)


def subjects(tenants: Iterable[Tenant]) -> Iterator[Accepted]:
    """Yield every subject of a client certificate that counts, whoever has signed it."""
    for tenant in tenants:
        access = tenant.access
        if access.certificate_subject is not None:
            yield Accepted(access.certificate_subject, tenant.object_name)
        elif access.takes_certificate:
            named = partial(subject, tenant.id, epoch=access.epoch)
            yield from _counted([(tenant.object_name, access.certificate, named)])
            yield from _counted([(_reader_of(tenant.object_name), access.reader, partial(named, reader=True))])


def _made(environment: str, tenants: Sequence[Tenant], key: str, federation: Federation | None) -> Iterator[_Made]:
    for tenant in tenants:
        access, whose = tenant.access, (key, environment, tenant.id)
        if access.makes_token:
            yield tenant.object_name, access.token, partial(keys.token, *whose, epoch=access.epoch)
        if access.takes_token and key:
            made = partial(keys.reader_token, *whose, epoch=access.epoch)
            yield _reader_of(tenant.object_name), access.reader, made
    if federation is not None:
        yield _reader_of(EVERYBODY), federation.token, partial(keys.federation_token, key, environment)


def _first_made(tenants: Sequence[Tenant], key: str, federation: Federation | None) -> Iterator[_Made]:
    """Yield what the first derivation makes, which knew no environment, no readers, and one epoch."""
    for tenant in tenants:
        if tenant.access.makes_token and tenant.access.epoch == 1:
            yield tenant.object_name, tenant.access.token, partial(keys.first_token, key, tenant.id)
    if federation is not None:
        yield _reader_of(EVERYBODY), federation.token, partial(keys.first_federation_token, key)


def _counted(made: Iterable[_Made], until: str | None = None) -> Iterator[Accepted]:
    """Yield each version that counts, none of them after a moment."""
    for owner, rotation, make in made:
        yield Accepted(make(rotation.version), owner, _first(rotation.until, until))
        if rotation.previous_until is not None:
            yield Accepted(make(rotation.version - 1), owner, _first(rotation.previous_until, until))


def _first(*moments: str | None) -> str | None:
    return min((each for each in moments if each is not None), default=None)


def _reader_of(name: str) -> str:
    return f"{name}/reader"
