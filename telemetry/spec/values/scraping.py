"""Annotations by which a Prometheus finds pods: a convention of its examples, which many platforms follow.

Source: documentation/examples/prometheus-kubernetes.yml of prometheus/prometheus.
"""

from telemetry.spec.context import Surroundings

PREFIX = "prometheus.io/"


def scrape_annotations(context: Surroundings, port: int, *, scheme: str = "http") -> dict[str, str]:
    """Return the annotations of pods with metrics at a port; none where monitoring.scrape is something else.

    Args:
        context: the settings.
        port: the number of the pods' port.
        scheme: `https` where that port speaks TLS.
    """
    if context.monitoring.scrape != "annotations":
        return {}
    found = {"scrape": "true", "port": str(port), "path": "/metrics", "scheme": scheme}
    return {f"{PREFIX}{key}": value for key, value in found.items()}
