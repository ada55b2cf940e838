"""What the file of a new stack says of Pyroscope."""

from typing import Any

from telemetry.backends.pyroscope.settings import CHARTS
from telemetry.config.chart import from_repository
from telemetry.spec.context import Environment

_REPOSITORY = "https://grafana.github.io/helm-charts"
_TWICE = ("distributor", "segment-writer", "query-frontend", "query-backend")


def starter(environment: Environment) -> dict[str, Any]:
    """Return the section: the smallest that there is, and in prod the smallest that survives a lost pod."""
    chart = {"chart": from_repository("pyroscope", CHARTS, _REPOSITORY)}
    if environment != "prod":
        return chart
    return {
        "topology": "distributed",
        **chart,
        "roles": {"metastore": {"replicas": 3}, **{role: {"replicas": 2} for role in _TWICE}},
    }
