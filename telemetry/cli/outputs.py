"""The outputs of a deployed stack."""

from typing import Any

from telemetry.clients.cli_tools import Pulumi
from telemetry.config.targets import make
from telemetry.stack import ConfigError


def outputs_of(pulumi: Pulumi) -> dict[str, Any]:
    """Return what the last whole `up` of a stack has written as its outputs (docs/outputs.md).

    Raises:
        ConfigError: there was none.
        ToolError: pulumi does not say.
    """
    outputs: dict[str, Any] = pulumi.json("stack output", "--json")
    if "endpoints" not in outputs:
        stack = pulumi.stack
        raise ConfigError([f"{stack} has no outputs: nothing is deployed yet; first: {make('up', stack)}"])
    return outputs
