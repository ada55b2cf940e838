"""What may be configured. Nothing in here knows Pulumi."""

from settings.credentials import Credentials, S3Identity
from settings.load import ConfigError, load
from settings.stack import Stack

__all__ = ["ConfigError", "Credentials", "S3Identity", "Stack", "load"]
