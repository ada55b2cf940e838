"""What the file of a new stack says of Tempo."""

from typing import Any

from telemetry.backends.tempo.settings import CHART_OF, CHARTS
from telemetry.config.chart import from_repository
from telemetry.spec.context import Environment

_REPOSITORY = "https://grafana-community.github.io/helm-charts"
_TWICE = ("distributor", "querier", "query-frontend", "metrics-generator")


def starter(environment: Environment) -> dict[str, Any]:
    """Return the section: the smallest that there is, and in prod the smallest that survives a lost pod."""
    if environment != "prod":
        return {"chart": from_repository(CHART_OF["monolithic"], CHARTS, _REPOSITORY)}
    return {
        "topology": "distributed",
        "chart": from_repository(CHART_OF["distributed"], CHARTS, _REPOSITORY),
        "replication_factor": 3,
        "roles": {"ingester": {"replicas": 3}, **{role: {"replicas": 2} for role in _TWICE}},
    }
