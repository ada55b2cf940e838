"""What the file of a new stack says of Prometheus with Thanos."""

from typing import Any

from telemetry.backends.thanos.settings import CHARTS
from telemetry.config.chart import from_repository
from telemetry.spec.context import Environment

_PROMETHEUS = "https://prometheus-community.github.io/helm-charts"
_REPOSITORIES = {
    "prometheus": _PROMETHEUS,
    "thanos": "https://stevehipwell.github.io/helm-charts",
    "alertmanager": _PROMETHEUS,
}
_PROD = {
    "prometheus": {"replicas": 2, "cpu": "100m", "memory": "1500Mi", "volume": "3Gi"},
    "sidecar": {"cpu": "50m", "memory": "128Mi"},
    "query": {"replicas": 2, "cpu": "200m", "memory": "512Mi"},
    "store-gateway": {"replicas": 2, "cpu": "200m", "memory": "1Gi", "volume": "10Gi"},
    "compact": {"cpu": "500m", "memory": "2Gi", "volume": "20Gi"},
    "receive-router": {"replicas": 2, "cpu": "100m", "memory": "256Mi"},
    "receive-ingestor": {"replicas": 3, "cpu": "200m", "memory": "1Gi", "volume": "2Gi"},
    "rule": {"replicas": 2, "cpu": "50m", "memory": "256Mi", "volume": "1Gi"},
    "alertmanager": {"replicas": 2, "cpu": "25m", "memory": "100Mi", "volume": "10Gi"},
}


def starter(environment: Environment) -> dict[str, Any]:
    """Return the section: the smallest that there is, and in prod two or three of each role."""
    charts = {name: from_repository(name, CHARTS, repository) for name, repository in _REPOSITORIES.items()}
    section = {"backend": "thanos", "charts": charts}
    return section if environment != "prod" else {**section, "replication_factor": 3, "roles": _PROD}
