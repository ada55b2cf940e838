"""Entry point of `python -m telemetry`."""

from telemetry.cli.app import main

main()
