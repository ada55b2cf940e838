"""What can be asked of a stack's file without an engine, a cluster or credentials: `python -m telemetry --help`."""
