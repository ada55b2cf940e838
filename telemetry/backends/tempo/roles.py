"""The roles of Tempo, and the smallest honest size of each (dev's)."""

from collections.abc import Mapping

from telemetry.config.role_spec import INGESTER_LIMITS, RoleSpec, RoleTable

TEMPO_SINGLE: RoleTable = {
    # The single binary holds the ingester and follows its rule for limits.
    "all": RoleSpec(
        "75m",
        "384Mi",
        volume="1Gi",
        limit="4Gi",
        limit_range=INGESTER_LIMITS,
        share=(100, 100),
        grace_because="the chart tempo has no key for it, so it is Kubernetes' 30s",
    ),
}


TEMPO_ROLES: RoleTable = {
    "distributor": RoleSpec("40m", "128Mi", share=(20, 15), scales=True),
    "ingester": RoleSpec("75m", "384Mi", volume="1Gi", limit="4Gi", limit_range=INGESTER_LIMITS, share=(35, 50)),
    "querier": RoleSpec("40m", "160Mi", share=(20, 20), scales=True),
    "query-frontend": RoleSpec("25m", "128Mi", share=(15, 10), scales=True),
    "compactor": RoleSpec("30m", "192Mi", share=(10, 5), scales=True),
    "metrics-generator": RoleSpec(
        "40m",
        "192Mi",
        need="optional",
        note="Tempo has no store-gateway; the plan's row of that name is the budget of its metrics-generator.",
    ),
}


TEMPO_TABLES: Mapping[str, RoleTable] = {"monolithic": TEMPO_SINGLE, "distributed": TEMPO_ROLES}
"""The roles that Tempo is sized by, in each topology."""


TEMPO_META: Mapping[str, set[str]] = {"all": set(TEMPO_ROLES)}
