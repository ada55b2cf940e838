"""The Secrets that exist already which a stack's settings name, with the setting that does."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from telemetry.config.existing_secrets import ExistingSecret
from telemetry.stack import existing_credentials
from telemetry.stack.scraping import of_others

if TYPE_CHECKING:
    from telemetry.stack.model import Stack


class NamedSecret(NamedTuple):
    """A Secret that somebody else makes."""

    setting: str
    """Where it is named, from the top of the settings."""
    name: str
    keys: tuple[str, ...] = ()
    """The keys that are read of it; none where that depends on what it has."""
    optional: bool = False
    """Whether pods start without it."""
    namespace: str | None = None
    """Where it is; None is the stack's own namespace."""


def named_secrets(stack: "Stack") -> Iterator[NamedSecret]:
    """Yield what the settings of a stack name, but for what nodes log in to registries with."""
    for part, secret in existing_credentials.secrets(stack).items():
        yield _named(existing_credentials.setting(part), secret)
    if stack.object_store.ca_secret is not None:
        yield _named("object_store.ca_secret", stack.object_store.ca_secret)
    yield from _of_gateway(stack)
    for index, receiver in enumerate(stack.alerting.receivers if stack.alerting is not None else ()):
        if receiver.secret is not None:
            yield _named(f"alerting.receivers.{index}.secret", receiver.secret)
    if stack.collector is not None and stack.collector.secret is not None:
        yield NamedSecret("collector.secret", stack.collector.secret)
    yield from _of_scraping(stack)


def _of_scraping(stack: "Stack") -> Iterator[NamedSecret]:
    """Yield what is shown to pods of others: of the namespace where it is read."""
    for setting, pods in of_others(stack).items():
        if pods.access is not None and stack.monitoring.scrape in ("collector", "operator"):
            namespace = pods.namespace if stack.monitoring.scrape == "operator" else None
            for name, secret in (("certificate", pods.access.certificate), ("token", pods.access.token)):
                if secret is not None:
                    yield _named(f"{setting}.access.{name}", secret)._replace(namespace=namespace)


def _of_gateway(stack: "Stack") -> Iterator[NamedSecret]:
    gateway = stack.gateway
    if gateway is None:
        return
    if gateway.certificate.secret is not None:
        yield _named("gateway.certificate.secret", gateway.certificate.secret)
    if gateway.client_ca_secret is not None:
        yield _named("gateway.client_ca_secret", gateway.client_ca_secret)
    if gateway.backend_tls is not None and gateway.backend_tls.secret is not None:
        yield _named("gateway.backend_tls.secret", gateway.backend_tls.secret)
    for index, tenant in enumerate(stack.tenants):
        if tenant.access.token_secret is not None:
            # One tenant's that is missing does not keep out everybody else.
            yield _named(f"tenants.{index}.access.token_secret", tenant.access.token_secret)._replace(optional=True)


def _named(setting: str, secret: ExistingSecret) -> NamedSecret:
    return NamedSecret(setting, secret.name, secret.read_keys)
