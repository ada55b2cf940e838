"""Mimir, the backend of metrics."""
