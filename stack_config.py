"""The bridge from Pulumi's config to the settings, and from a bad config to one clear error."""

from datetime import UTC, datetime

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env

from gateway import access, contents
from settings import ConfigError, Credentials, Stack, load
from sizing.capacity import check


def load_stack() -> tuple[Stack, Credentials]:
    """Return the settings and secrets of the current stack, once it is known that the stack fits where it goes.

    Raises:
        pulumi.RunError: with every finding; the engine shows it without a traceback.
    """
    try:
        stack, credentials = load(get_config_env(), get_config_secret_keys_env(), pulumi.get_stack())
        _refuse_what_does_not_fit(stack, credentials)
        _warn_of_what_ends(stack)
    except ConfigError as error:
        raise pulumi.RunError(f"Pulumi.{pulumi.get_stack()}.yaml cannot be used:\n{error}") from error
    return stack, credentials


def _refuse_what_does_not_fit(stack: Stack, credentials: Credentials) -> None:
    verdict = check(stack)
    too_much = contents.too_much(stack, credentials.gateway_key, credentials.previous_gateway_key)
    refusals = (*verdict.refusals, *([too_much] if too_much else ()))
    if refusals:
        raise ConfigError(refusals)
    for warning in verdict.warnings:
        pulumi.log.warn(warning)


def _warn_of_what_ends(stack: Stack) -> None:
    warning = access.expiry(stack, datetime.now(UTC).date())
    if warning is not None:
        pulumi.log.warn(warning)
