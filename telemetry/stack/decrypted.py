"""Reads a stack's secrets, which the engine decrypts."""

from pathlib import Path

from pydantic import ValidationError

from telemetry.clients.cli_tools import Pulumi
from telemetry.config.credentials import Credentials
from telemetry.stack import ConfigError

_KEY = "telemetry:credentials"


def load(stack: str, config_file: Path | None = None) -> Credentials:
    """Return the secrets of a stack.

    Raises:
        ToolError: the engine does not decrypt them.
        ConfigError: they are not such as the program takes; the message holds none of them.
    """
    options = ["--config-file", str(config_file)] if config_file else []
    answer = Pulumi(stack).run(f"config get {_KEY}", *options).stdout
    try:
        return Credentials.model_validate_json(answer)
    except ValidationError as error:
        places = sorted({".".join(map(str, each["loc"])) for each in error.errors(include_input=False)})
        finding = f"{_KEY}: cannot be used because of {', '.join(filter(None, places)) or 'its form'}"
        raise ConfigError([f"{finding}; `pulumi preview` says how to mend it"]) from None
