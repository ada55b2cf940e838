"""The bridge from Pulumi's config to the settings, and from a bad config to one clear error."""

import pulumi
from pulumi.runtime.config import get_config_env, get_config_secret_keys_env

from settings import ConfigError, Credentials, Stack, load


def load_stack() -> tuple[Stack, Credentials]:
    """Return the settings and secrets of the current stack.

    Raises:
        pulumi.RunError: with every finding; the engine shows it without a traceback.
    """
    try:
        return load(get_config_env(), get_config_secret_keys_env(), pulumi.get_stack())
    except ConfigError as error:
        raise pulumi.RunError(f"Pulumi.{pulumi.get_stack()}.yaml cannot be used:\n{error}") from error
