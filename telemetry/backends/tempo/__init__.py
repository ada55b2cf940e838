"""Tempo, the backend of traces."""
