"""The whole environment: its settings, as one model, and how they are loaded."""

from telemetry.stack.loading import ConfigError, load, load_settings
from telemetry.stack.model import Stack

__all__ = ["ConfigError", "Stack", "load", "load_settings"]
