"""The roles of Loki, and the smallest honest size of each (dev's)."""

from collections.abc import Mapping

from telemetry.config.role_spec import INGESTER_LIMITS, RoleSpec, RoleTable

_LOKI_VOLUME = "1Gi"


LOKI_SINGLE: RoleTable = {
    "all": RoleSpec(
        "75m",
        "384Mi",
        volume=_LOKI_VOLUME,
        limit="4Gi",
        limit_range=INGESTER_LIMITS,
        in_plan=False,
        share=(100, 100),
    ),
}


LOKI_ROLES: RoleTable = {
    # 100m and 256Mi each (R7). Nothing of Loki is in the plan's table: its own is there already.
    "read": RoleSpec("100m", "256Mi", in_plan=False, share=(30, 30), scales=True),
    # It holds the ingester and follows its rule for limits.
    "write": RoleSpec(
        "100m",
        "256Mi",
        volume=_LOKI_VOLUME,
        limit="4Gi",
        limit_range=INGESTER_LIMITS,
        in_plan=False,
        share=(40, 40),
    ),
    # On its disk is what the compactor has marked, and has yet to delete.
    "backend": RoleSpec("100m", "256Mi", volume=_LOKI_VOLUME, in_plan=False, share=(30, 30)),
}


LOKI_TABLES: Mapping[str, RoleTable] = {"monolithic": LOKI_SINGLE, "distributed": LOKI_ROLES}
"""The roles that Loki is sized by, in each topology."""


LOKI_META: Mapping[str, set[str]] = {"all": set(LOKI_ROLES)}
