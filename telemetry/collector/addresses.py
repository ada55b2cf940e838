"""The names of the collector's objects, and its own port."""

RELEASE = "collector"
"""Its release and Service. Not `alloy`: the namespace may have one of that name."""
APP = "alloy"
"""The label `app.kubernetes.io/name` of its pods."""
HTTP_PORT = 12345
"""Alloy's own port, with its readiness and its metrics."""
