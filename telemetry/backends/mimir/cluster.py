"""What has applications' metrics keep the label of their cluster, where that has a name."""

from collections.abc import Mapping

from telemetry.backends.mimir.limits import PROMOTED
from telemetry.spec.cluster import LABEL
from telemetry.spec.values.common import Values


def of_all(limits: Values, cluster: str | None) -> Values:
    """Return the limits of whoever has none of their own: a resource's attribute becomes the label."""
    if cluster is None:
        return limits
    return {**limits, PROMOTED: ",".join(filter(None, (limits.get(PROMOTED), LABEL)))}


def of_tenants(overrides: Mapping[str, Values], cluster: str | None) -> dict[str, Values]:
    """Return tenants' own limits: a list of their own takes the place of that of all."""
    return {tenant: of_all(limits, cluster) if PROMOTED in limits else limits for tenant, limits in overrides.items()}
