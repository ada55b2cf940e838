"""The roles of Pyroscope, and the smallest honest size of each (dev's)."""

from collections.abc import Mapping

from telemetry.config.role_spec import INGESTER_LIMITS, RoleSpec, RoleTable

_PYROSCOPE_VOLUME = "512Mi"


_NO_KEY = "the chart pyroscope has no autoscaler"


PYROSCOPE_SINGLE: RoleTable = {
    # The single binary holds the segment-writer and follows the rule of ingesters for limits.
    "all": RoleSpec("75m", "384Mi", volume=_PYROSCOPE_VOLUME, limit="4Gi", limit_range=INGESTER_LIMITS),
}


PYROSCOPE_ROLES: RoleTable = {
    # The plan has one row for all of Pyroscope in prod, 950m, 3.3Gi and 2Gi (R6); how it is shared out is our choice.
    # What these use idle could not be measured: no registry has Pyroscope.
    "distributor": RoleSpec("75m", "256Mi", fixed_because=_NO_KEY),
    # It collects segments in memory, as an ingester does, and follows the rule of those for limits.
    "segment-writer": RoleSpec("100m", "384Mi", limit="4Gi", limit_range=INGESTER_LIMITS),
    # The index of all blocks, agreed upon by Raft: the only data of Pyroscope that is not in the bucket.
    "metastore": RoleSpec("75m", "256Mi", volume=_PYROSCOPE_VOLUME),
    "query-frontend": RoleSpec("50m", "128Mi", fixed_because=_NO_KEY),
    "query-backend": RoleSpec("75m", "256Mi", fixed_because=_NO_KEY),
    # Its disk has nothing but what it is working on.
    "compaction-worker": RoleSpec("125m", "563Mi", volume=_PYROSCOPE_VOLUME, disk_is_cache=True, fixed_because=_NO_KEY),
}


PYROSCOPE_TABLES: Mapping[str, RoleTable] = {"monolithic": PYROSCOPE_SINGLE, "distributed": PYROSCOPE_ROLES}
"""The roles that Pyroscope is sized by, in each topology."""
