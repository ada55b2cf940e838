"""The telemetry platform: settings, what each backend is, the mechanisms, and the operations on what was deployed."""
