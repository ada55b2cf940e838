"""What the file of a new stack says of Loki."""

from typing import Any

from telemetry.backends.loki.settings import CHARTS
from telemetry.config.chart import from_repository
from telemetry.spec.context import Environment

_REPOSITORY = "https://grafana-community.github.io/helm-charts"


def starter(environment: Environment) -> dict[str, Any]:
    """Return the section: the smallest that there is, and in prod the smallest that survives a lost pod."""
    chart = {"chart": from_repository("loki", CHARTS, _REPOSITORY)}
    if environment != "prod":
        return chart
    return {
        "topology": "distributed",
        **chart,
        "replication_factor": 3,
        "roles": {"write": {"replicas": 3}, "read": {"replicas": 2}, "backend": {"replicas": 2}},
    }
