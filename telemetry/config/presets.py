"""Sizes for a kind of load, which a backend's settings choose by one word (docs/sizing.md)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from telemetry.config.role_spec import RoleTable

Preset = Annotated[
    Literal["high-ingest", "high-query"] | None,
    Field(
        description="The kind of load that roles are sized for: high-ingest or high-query (docs/sizing.md); none: the "
        "smallest figures of each. What a role says itself comes first, key by key."
    ),
]
"""The setting of every backend that has such sizes."""
Presets = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""By preset and role, what it has in place of the role's own figures: fields of RoleSpec."""

# "Workload-Based Sizing" has these replicas, and limits. Its roles ask for 30 % of a limit: so is the CPU here, and the
# memory of what has a limit; what has none asks for the whole of it. The volumes are our choice.
# https://github.com/grafana/tempo-operator/blob/main/tests/e2e-openshift/tempostack-resources/README.md
DISTRIBUTOR = {"replicas": 5, "cpu": "300m", "memory": "512Mi"}
INGESTER = {"replicas": 5, "cpu": "450m", "memory": "1228Mi", "limit": "4Gi", "volume": "10Gi"}
QUERIER = {"replicas": 8, "cpu": "240m", "memory": "1Gi"}
STORE_GATEWAY = {"replicas": 3, "cpu": "240m", "memory": "1Gi", "limit": "4Gi", "volume": "10Gi"}
QUERY_FRONTEND = {"replicas": 3, "cpu": "150m", "memory": "512Mi"}


def sized(table: RoleTable, presets: Presets, preset: object) -> RoleTable:
    """Return a backend's roles as a preset has them; of roles that it does not name nothing changes."""
    figures = presets.get(preset, {}) if isinstance(preset, str) else {}
    return {name: spec._replace(**figures.get(name, {})) for name, spec in table.items()}
