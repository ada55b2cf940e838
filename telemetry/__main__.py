"""Entry point of `python -m telemetry`."""

from telemetry.cli.app import app

app(prog_name="python -m telemetry")
