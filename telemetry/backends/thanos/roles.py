"""The roles of Prometheus with Thanos, and the smallest honest size of each (dev's)."""

from collections.abc import Mapping

from telemetry.config.role_spec import INGESTER_LIMITS, RoleSpec, RoleTable

SIDECAR = "sidecar"
"""A container of Prometheus' pods, and none of its own."""
_BESIDE = "it runs in Prometheus' pods"
_ONCE = "two compactors of one bucket would compact the same blocks and halt"

THANOS_ROLES: RoleTable = {
    "prometheus": RoleSpec("50m", "512Mi", volume="1Gi"),
    SIDECAR: RoleSpec("20m", "64Mi", in_plan=False, fixed_because=_BESIDE, grace_because=_BESIDE),
    "query": RoleSpec("40m", "128Mi", scales=True),
    "store-gateway": RoleSpec(
        "40m", "256Mi", volume="1Gi", limit="2Gi", limit_range=("2Gi", "4Gi"), disk_is_cache=True
    ),
    "compact": RoleSpec("50m", "256Mi", volume="2Gi", fixed_because=_ONCE),
    "receive-router": RoleSpec("25m", "96Mi", in_plan=False, scales=True),
    "receive-ingestor": RoleSpec("75m", "384Mi", volume="1Gi", limit="4Gi", limit_range=INGESTER_LIMITS, in_plan=False),
    "rule": RoleSpec("20m", "96Mi", volume="512Mi", in_plan=False),
    "alertmanager": RoleSpec("10m", "64Mi", volume="512Mi"),
}
"""Those of Thanos' chart are called as it calls their component."""

THANOS_TABLES: Mapping[str, RoleTable] = {"distributed": THANOS_ROLES}
"""The roles that it is sized by, in its one topology."""

PROMETHEUS_ROLES = ("prometheus", SIDECAR)
ALERTMANAGER_ROLES = ("alertmanager",)
"""Roles of the other two charts; the rest is of Thanos'."""
OF_THANOS = tuple(name for name in THANOS_ROLES if name not in (*PROMETHEUS_ROLES, *ALERTMANAGER_ROLES))
READS_BUCKETS = ("store-gateway", "compact", "receive-ingestor", "rule")
"""Those of Thanos' chart that are given the S3 credentials; the sidecar is as well."""
