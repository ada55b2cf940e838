"""What the values of the three charts of Prometheus with Thanos have in common."""

from telemetry.backends.thanos.context import ThanosContext
from telemetry.config.images import Image
from telemetry.config.quantities import bytes_text
from telemetry.config.roles import Role
from telemetry.spec.values.common import Values
from telemetry.spec.values.placement import pod_of, pod_placement, spread

IMAGE = Image("quay.io", "thanos/thanos")
PROMETHEUS_IMAGE = Image("quay.io", "prometheus/prometheus")
ALERTMANAGER_IMAGE = Image("quay.io", "prometheus/alertmanager")
TENANT_LABEL = "tenant_id"
"""The label by which Receive and Query know a tenant's series (Thanos' own default)."""
ONE_AWAY: Values = {"maxUnavailable": 1}
"""What a disruption budget says."""


def placed(context: ThanosContext, role: Role, selector: dict[str, str] | None = None) -> Values:
    """Return where the pods of a role run, and how its replicas are kept apart; `selector` as `spread` wants it."""
    settings = context.settings
    placement = settings.placement.of(role.placement)
    values = {**pod_placement(context, placement), **pod_of(settings.placement, role)}
    if role.max_replicas > 1:
        values["topologySpreadConstraints"] = spread(
            placement, nodes=context.kubernetes.nodes, replicas=role.max_replicas, selector=selector
        )
    return values


def claim(context: ThanosContext, role: Role, *, without: Values) -> Values:
    """Return the size and class of a role's volume claim.

    Args:
        context: the stack.
        role: the role, which has a volume.
        without: what the chart must be told where no class is set.
    """
    assert role.volume is not None  # noqa: S101 - settings.role_policy demands one, but of caches
    chosen = context.settings.placement.of(role.placement).storage_class
    return {"enabled": True, "size": bytes_text(role.volume), **({"storageClass": chosen} if chosen else without)}
