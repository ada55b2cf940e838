"""The roles of Mimir, and the smallest honest size of each (dev's)."""

from collections.abc import Mapping

from telemetry.config.role_spec import INGESTER_LIMITS, RoleSpec, RoleTable

_LITTLE = "one pod does all there is to do, a second one is for the loss of the first"


_STORE_GATEWAY_LIMITS = ("2Gi", "4Gi")


MIMIR_ROLES: RoleTable = {
    "distributor": RoleSpec("40m", "128Mi", share=(20, 15), scales=True),
    "ingester": RoleSpec("75m", "384Mi", volume="1Gi", limit="4Gi", limit_range=INGESTER_LIMITS, share=(35, 50)),
    "querier": RoleSpec("40m", "160Mi", share=(20, 20), scales=True),
    "query-frontend": RoleSpec("25m", "128Mi", share=(15, 10), scales=True),
    "query-scheduler": RoleSpec("20m", "96Mi", in_plan=False),
    # Its Go runtime is held to the memory *request* (chart template), so a small one costs index cache.
    "store-gateway": RoleSpec(
        "40m", "224Mi", volume="1Gi", limit="2Gi", limit_range=_STORE_GATEWAY_LIMITS, disk_is_cache=True
    ),
    "compactor": RoleSpec("30m", "192Mi", volume="512Mi", share=(10, 5)),
    "ruler": RoleSpec("25m", "128Mi", in_plan=False),
    "alertmanager": RoleSpec("10m", "96Mi", volume="512Mi"),
    "overrides-exporter": RoleSpec("10m", "96Mi", need="optional", in_plan=False, fixed_because=_LITTLE),
    "gateway": RoleSpec("10m", "32Mi", need="chart", in_plan=False, fixed_because=_LITTLE),
}


MIMIR_TABLES: Mapping[str, RoleTable] = {"classic": MIMIR_ROLES}
"""The roles that Mimir is sized by, in its one topology."""


_META_ROLES = {
    "read": {"querier", "query-frontend"},
    "write": {"distributor", "ingester"},
    "backend": {
        "store-gateway",
        "compactor",
        "ruler",
        "alertmanager",
        "query-scheduler",
        "overrides-exporter",
    },
}
"""Mimir's meta roles (R8)."""


MIMIR_META: Mapping[str, set[str]] = {"all": set().union(*_META_ROLES.values()), **_META_ROLES}
