"""What the file of a new stack says of Mimir."""

from typing import Any

from telemetry.backends.mimir.settings import CHARTS
from telemetry.config.chart import from_repository
from telemetry.spec.context import Environment

_REPOSITORY = "https://grafana.github.io/helm-charts"
_TWICE = ("distributor", "querier", "query-frontend", "query-scheduler", "store-gateway", "ruler", "alertmanager")


def starter(environment: Environment) -> dict[str, Any]:
    """Return the section: the smallest that there is, and in prod the smallest that survives a lost pod."""
    chart = {"chart": from_repository("mimir-distributed", CHARTS, _REPOSITORY)}
    if environment != "prod":
        return chart
    return {
        **chart,
        "replication_factor": 3,
        "roles": {"ingester": {"replicas": 3}, **{role: {"replicas": 2} for role in _TWICE}},
    }
