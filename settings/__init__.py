"""What may be configured. Nothing in here knows Pulumi."""

from settings.credentials import Credentials, S3Identity
from settings.load import ConfigError, load, load_settings
from settings.stack import Stack

__all__ = ["ConfigError", "Credentials", "S3Identity", "Stack", "load", "load_settings"]
