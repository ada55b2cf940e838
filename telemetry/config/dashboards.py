"""Dashboards for the platform itself: whether there are any, and whom they ask."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.dashboard_packs import DashboardPack, FolderTitle

DatasourceUid = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_-]{1,40}$")]
"""A datasource's uid as Grafana takes it; a name is none."""


class Dashboards(Settings):
    """Dashboards in the shared Grafana (docs/dashboards.md)."""

    datasource: DatasourceUid | None = Field(
        default=None,
        description="The uid of the Prometheus that has the platform's own metrics and rules. None: our own Mimir's, "
        "where they are those of the tenant monitoring.tenant, or of the only one in a stack without tenants.",
    )
    grafana_org: int | None = Field(
        default=None,
        ge=1,
        description="The Grafana organisation of that datasource, as dashboards find none of another; none is our "
        "login's.",
    )
    folder: FolderTitle = Field(
        default="Telemetry platform", description="The title of their folder; the environment is added."
    )
    packs: list[DashboardPack] = Field(
        default_factory=list, description="Dashboards of your own, which are deployed beside the program's."
    )

    @model_validator(mode="after")
    def _organisation_is_the_datasources(self) -> Self:
        if self.grafana_org is not None and self.datasource is None:
            raise SettingError(
                "grafana_org", "is that of dashboards.datasource, which is not set; add it, or remove the organisation"
            )
        return self
