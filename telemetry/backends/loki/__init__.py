"""Loki, the backend of logs."""
