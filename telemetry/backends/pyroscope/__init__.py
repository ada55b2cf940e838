"""Pyroscope, the backend of profiles."""
