"""A Grafana datasource, as the backend describes it that answers its queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

Uids = Mapping[str, str]
"""Uids of the datasources that the same people see, by signal; a signal without a backend is not in it.

ALERTS is among them where these people see an Alertmanager.
"""
ALERTS = "alerts"
"""The key of an Alertmanager where datasources are listed by signal."""


class Alertmanager(NamedTuple):
    """An Alertmanager, as Grafana is to reach it."""

    url: str
    implementation: str
    """What Grafana calls its kind: `mimir` or `prometheus`."""


@dataclass(frozen=True)
class DatasourceSettings:
    """How Grafana reads a backend's data."""

    kind: str
    """Grafana's type of datasource, such as `prometheus`."""
    json_data: Mapping[str, Any]
    """Its settings that Grafana shows to everybody, links to the datasources of other signals among them."""
