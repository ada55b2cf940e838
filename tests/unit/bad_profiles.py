"""Bad settings of Pyroscope, and what is said of them: the table of bad_inputs goes on."""

from tests.support import WITH_PROFILES, WITH_PROFILES_IN_PROD, all_of, drop, put
from tests.unit.bad_inputs import Bad

ROLES = "profiles.roles"
PROFILES = [
    Bad(
        "Pyroscope without an identity",
        all_of(WITH_PROFILES, drop("credentials.profiles")),
        "credentials.profiles",
        "is not set, and telemetry:profiles is",
        "pulumi config set -s dev --secret",
    ),
    Bad(
        "Loki's chart for Pyroscope",
        all_of(WITH_PROFILES, put("profiles.chart.name", "loki"), put("profiles.chart.version", "18.11.0")),
        "profiles.chart.name",
        "deployed from the chart pyroscope;",
        "name that",
    ),
    Bad(
        "another Pyroscope",
        all_of(WITH_PROFILES, put("profiles.chart.version", "1.16.0")),
        "profiles.chart.version",
        "not checked",
        "2.2.1",
    ),
    Bad(
        "profiles gone before they are compacted",
        all_of(WITH_PROFILES, put("profiles.retention", "12h")),
        "profiles.retention",
        "below 24h",
        "raise it",
    ),
    Bad(
        "two Pyroscopes",
        all_of(WITH_PROFILES, put(f"{ROLES}.all.replicas", 2)),
        f"{ROLES}.all.replicas",
        "one process",
        "set it to 1",
    ),
    Bad(
        "two metastores",
        all_of(WITH_PROFILES_IN_PROD, put(f"{ROLES}.metastore.replicas", 2)),
        f"{ROLES}.metastore.replicas",
        "more than half",
        "use 1, 3 or 5",
    ),
    Bad(
        "one metastore in prod",
        all_of(WITH_PROFILES_IN_PROD, put(f"{ROLES}.metastore.replicas", 1)),
        f"{ROLES}.metastore.replicas",
        "survives no lost pod",
        "3 or more",
        "prod",
    ),
    Bad(
        "one distributor in prod",
        all_of(WITH_PROFILES_IN_PROD, put(f"{ROLES}.distributor.replicas", 1)),
        f"{ROLES}.distributor.replicas",
        "survives no lost pod",
        "2 or more",
        "prod",
    ),
    Bad(
        "a limit for what holds nothing",
        all_of(WITH_PROFILES_IN_PROD, put(f"{ROLES}.distributor.memory_limit", "1Gi")),
        f"{ROLES}.distributor.memory_limit",
        "only for ingesters",
        "remove it",
    ),
    Bad(
        "a metastore without a volume",
        all_of(WITH_PROFILES_IN_PROD, put(f"{ROLES}.metastore.volume", None)),
        f"{ROLES}.metastore.volume",
        "keeps its data on disk",
        "set a size",
    ),
    Bad(
        "a role that Pyroscope has not",
        all_of(WITH_PROFILES_IN_PROD, put(f"{ROLES}.ingester", {"replicas": 2})),
        f"{ROLES}.ingester",
        "unknown role",
        "correct or remove it",
    ),
    Bad(
        "a tenant's profiles gone before they are compacted",
        all_of(
            WITH_PROFILES,
            put("tenants", [{"id": "a", "display_name": "A", "retention": {"profiles": "6h"}}]),
        ),
        "tenants.0.retention.profiles",
        "below the compactor's minimum of 24h",
        "raise it",
    ),
]
