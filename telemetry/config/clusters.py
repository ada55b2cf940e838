"""Stacks of other clusters whose data this stack's Grafana shows."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from telemetry.config.access import TenantIds
from telemetry.config.base import Settings

_TAKEN = ("all", "dev", "test", "prod")
"""Names that datasources of this stack's own, or of another environment's, end in."""


def _check_name(name: str) -> str:
    if name in _TAKEN:
        raise ValueError(f"is what other datasources end in ({', '.join(_TAKEN)}); call it by the cluster's name")
    return name


ClusterKey = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$"), AfterValidator(_check_name)]
"""What a cluster is called in names and uids of datasources."""


class OtherStack(Settings):
    """A stack of this program in another cluster, whose outputs are read."""

    stack: str = Field(
        pattern=r"^[^/\s]+/[^/\s]+/[^/\s]+$",
        description="The stack as `organization/project/stack`, in the Pulumi backend of this one (`pulumi stack ls "
        "--all`).",
    )
    signals: list[Literal["traces", "metrics", "logs", "profiles"]] = Field(
        default=["traces", "metrics"],
        min_length=1,
        description="Of which signals datasources are made; the stack must store each of them, and this one too.",
    )
    tenant: TenantIds | None = Field(
        default=None,
        description="Whose data is asked for (X-Scope-OrgID), where its stack has tenants and no gateway, which would "
        "know them by their credentials.",
    )
    grafana_org: int | None = Field(
        default=None, ge=1, description="The Grafana organisation of the datasources; none is our login's."
    )
