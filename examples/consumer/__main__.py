"""A program of another team: reads where telemetry goes, and exports a collector's configuration."""

import pulumi
from collector import UnknownVersionError, configuration


def rendered(outputs: dict[str, object]) -> str:
    """Return the configuration, or end the run with one message."""
    try:
        return configuration(outputs)
    except UnknownVersionError as error:
        raise pulumi.RunError(str(error)) from error


telemetry = pulumi.StackReference(pulumi.Config().require("telemetry_stack"))
read = {name: telemetry.require_output(name) for name in ("schema_version", "endpoints", "certificate_authority")}
pulumi.export("collector", pulumi.Output.all(**read).apply(rendered))
