"""Bad shapes and places of backends, and what is said of them: the table of bad_inputs goes on."""

from tests.support import WITH_LOGS, WITH_LOGS_IN_PROD, Change, all_of, drop, put
from tests.unit.bad_inputs import Bad, at

TEMPO = {"name": "tempo", "version": "2.2.4", "reference": "./charts/tempo"}
TEMPO_DISTRIBUTED = {"name": "tempo-distributed", "version": "2.26.2", "reference": "./charts/tempo-distributed"}
TEMPO_REQUIRED = ["distributor", "ingester", "querier", "query-frontend", "compactor"]
MIMIR_REQUIRED = ["read", "write", "query-scheduler", "store-gateway", "compactor", "ruler", "alertmanager"]
TRACES, METRICS = "traces.roles", "metrics.roles"
QUOTA = {"cpu": "8", "memory": "32Gi", "storage": "64Gi"}


def _chart(backend: str, name: str, version: str) -> Change:
    return all_of(put(f"{backend}.chart.name", name), put(f"{backend}.chart.version", version))


LOGS = [
    Bad(
        "Loki without an identity",
        all_of(WITH_LOGS, drop("credentials.logs")),
        "credentials.logs",
        "is not set, and telemetry:logs is",
        "pulumi config set -s dev --secret",
    ),
    Bad(
        "Mimir's chart for Loki",
        all_of(WITH_LOGS, _chart("logs", "mimir-distributed", "6.1.0")),
        "logs.chart.name",
        "deployed from the chart loki;",
        "name that",
    ),
    Bad(
        "another Loki",
        all_of(WITH_LOGS, put("logs.chart.version", "6.30.0")),
        "logs.chart.version",
        "not checked",
        "18",
    ),
    Bad(
        "younger than a day",
        all_of(WITH_LOGS, put("logs.retention", "12h")),
        "logs.retention",
        "minimum of 24h",
        "raise",
    ),
    Bad(
        "two Lokis", all_of(WITH_LOGS, put("logs.roles.all.replicas", 2)), "logs.roles.all.replicas", "one process", "1"
    ),
    Bad(
        "RF of one Loki",
        all_of(WITH_LOGS, put("logs.replication_factor", 3)),
        "logs.replication_factor",
        "one writer",
        "1",
    ),
    Bad(
        "RF 2 of Loki",
        all_of(WITH_LOGS_IN_PROD, put("logs.replication_factor", 2), put("logs.accept_no_failure_tolerance", False)),
        "logs.replication_factor",
        "no lost writer, because Loki's quorum of 2 is 2",
        "use 3",
        "prod",
    ),
    Bad(
        "RF 3, two writers",
        all_of(WITH_LOGS_IN_PROD, put("logs.replication_factor", 3)),
        "logs.replication_factor",
        "roles.write.replicas is 2",
        "raise the replicas",
        "prod",
    ),
    Bad(
        "prod's logs may go",
        all_of(WITH_LOGS_IN_PROD, put("logs.accept_no_failure_tolerance", False)),
        "logs.replication_factor",
        "prod must",
        "use 3 with 3 writers",
        "prod",
    ),
    Bad(
        "a role is missing",
        all_of(WITH_LOGS_IN_PROD, put("logs.enabled_roles", ["read", "write"])),
        "logs.enabled_roles",
        "blocked: the required roles backend are missing",
        "write [all]",
        "prod",
    ),
    Bad(
        "chunks and rules in one bucket",
        all_of(WITH_LOGS, put("logs.buckets.ruler", "chunks")),
        "logs.buckets.ruler",
        "would share the bucket of chunks",
        "give each its own",
    ),
    Bad(
        "more lines than Loki is sized for",
        all_of(
            WITH_LOGS,
            put("tenants", [{"id": "a", "display_name": "A"}]),
            put("logs.capacity", {"ingestion_rate": "1Mi", "max_streams": 9000}),
        ),
        "logs.capacity.ingestion_rate",
        "limits come to 4194304, and the capacity is 1048576",
        "lower the limits",
    ),
]

SHAPES = [
    Bad(
        "the other signal's chart",
        _chart("traces", "mimir-distributed", "6.1.0"),
        "traces.chart.name",
        "deployed from the chart tempo;",
        "name that",
    ),
    Bad("Tempo for Mimir", _chart("metrics", "tempo", "2.2.4"), "metrics.chart.name", "chart mimir-", "name that"),
    Bad(
        "the other topology's chart",
        put("traces.topology", "distributed"),
        "traces.chart.name",
        "'tempo': topology distributed is deployed from the chart tempo-distributed",
        "name that, or change the topology",
    ),
    Bad(
        "the single binary's topology",
        all_of(put("traces.topology", "monolithic"), drop(TRACES)),
        "traces.chart.name",
        "topology monolithic is deployed from the chart tempo;",
        "change the topology",
        "prod",
    ),
    at("no such topology", "traces.topology", "scalable", "'monolithic' or 'distributed'", "correct it"),
    at("no topology", "traces.topology", None, "'monolithic' or 'distributed'", "correct it"),
    at("two single binaries", f"{TRACES}.all.replicas", 2, "its ring", "set it to 1"),
    at("younger than a trace block", "traces.retention", "30m", "minimum of 1h", "raise it"),
    at("younger than a TSDB block", "metrics.retention", "12h", "minimum of 24h", "raise it"),
]

REPLICATION = [
    at("RF 0", "metrics.replication_factor", 0, "equal to 1", "correct it"),
    at("RF 6", "traces.replication_factor", 6, "equal to 5", "correct it"),
    at("RF 2", "metrics.replication_factor", 2, "no lost ingester, because Mimir's quorum of 2 is 2", "use 3"),
    at("RF 2 with three ingesters", "metrics.replication_factor", 2, "#4993", "or set accept_no", environment="prod"),
    Bad(
        "RF 2 accepted, one ingester",
        all_of(put("metrics.replication_factor", 2), put("metrics.accept_no_failure_tolerance", True)),
        "metrics.replication_factor",
        "2: needs as many ingesters, but roles.ingester.replicas is 1",
        "raise the replicas",
    ),
    at("RF 3, one ingester", "metrics.replication_factor", 3, "is 1", "lower the factor"),
    at("RF 4, three ingesters", "traces.replication_factor", 4, "replicas is 3", "raise the", environment="prod"),
    at("RF of a single binary", "traces.replication_factor", 2, "is one ingester", "set it to 1, or change the topo"),
    at("prod's traces may go", "traces.replication_factor", 1, "prod must", "use 3 with 3", environment="prod"),
    at(
        "RF 2 of Tempo", "traces.replication_factor", 2, "loses traces with a lost", "use 3, or set", environment="prod"
    ),
    at("prod's metrics may go", "metrics.replication_factor", 1, "prod must", "use 3 with 3", environment="prod"),
    at("a text to accept", "metrics.accept_no_failure_tolerance", "yes", "true or false", "without quotes"),
]

ROLES = [
    at(
        "blocked Tempo",
        "traces.enabled_roles",
        ["distributor", "querier", "metrics-generator"],
        "blocked: the required roles ingester, query-frontend, compactor are missing",
        "add them, or write [all]",
    ),
    at(
        "blocked Mimir",
        "metrics.enabled_roles",
        ["read", "write"],
        "blocked: the required roles query-scheduler, store-gateway, compactor, ruler, alertmanager are missing",
        "add them",
    ),
    at("no roles", "traces.enabled_roles", [], "blocked: the required roles distributor, ingester, quer", "add them"),
    at("misspelt role", "metrics.enabled_roles", ["all", "rular"], "did you mean ruler?", "correct or remove it"),
    at("Mimir's meta role", "traces.enabled_roles", ["read"], "known here: distributor", "correct or remove"),
    at("the chart's role", "metrics.enabled_roles", ["all", "gateway"], "unknown role gateway", "remove it"),
    at("a preset of one binary", "traces.preset", "high-ingest", "single binary is all of them", "or size roles.all"),
    at("flusher", "metrics.enabled_roles", ["all", "flusher"], "is no role any more", "operations.md); remove it"),
    at("text for a list of roles", "traces.enabled_roles", "all", "must be a valid list", "correct it"),
    at("mapping for a list of roles", "metrics.enabled_roles", {"all": True}, "a valid list", "correct it"),
    at("null for a list of roles", "metrics.enabled_roles", None, "a valid list", "correct it"),
    Bad("number for a role", put("traces.enabled_roles", [1]), "traces.enabled_roles.0", "must be text", "in quotes"),
    Bad(
        "sized but off",
        all_of(put("metrics.enabled_roles", MIMIR_REQUIRED), put(f"{METRICS}.overrides-exporter.cpu", "1")),
        f"{METRICS}.overrides-exporter",
        "does not run",
        "add it to enabled_roles or remove its sizes",
    ),
    Bad(
        "sized in prod but off",
        put("traces.enabled_roles", TEMPO_REQUIRED),
        f"{TRACES}.metrics-generator",
        "does not run",
        "add it to enabled_roles or remove its sizes",
        "prod",
    ),
    at("a role of its own in one binary", f"{TRACES}.ingester", {}, "known here: all", "correct or remove it"),
    at("one binary among roles", f"{TRACES}.all", {}, "unknown role", "correct or remove it", environment="prod"),
    at("Tempo's store-gateway", f"{TRACES}.store-gateway", {}, "unknown role", "correct or", environment="prod"),
]

PROCESSORS = [
    at("no processors", "traces.processors", [], "is empty", "config set"),
    Bad(
        "no such processor",
        put("traces.processors", ["local_blocks"]),
        "traces.processors.0",
        "'local-blocks'",
        "correct it",
    ),
    Bad(
        "processors that nothing runs",
        all_of(put("traces.enabled_roles", TEMPO_REQUIRED), put("traces.processors", ["local-blocks"])),
        "traces.processors",
        "nothing runs them",
        "add metrics-generator to enabled_roles, or remove it",
    ),
]

MOVES = [
    Bad(
        "a move to where it is",
        put("traces.moving_from", {"chart": TEMPO}),
        "traces.moving_from.topology",
        "is monolithic, and so is topology",
        "correct one, or remove moving_from",
    ),
    Bad(
        "a move from another chart",
        put("traces.moving_from", {"topology": "distributed", "chart": TEMPO}),
        "traces.moving_from.chart.name",
        "deployed from the chart tempo-distributed",
        "name that",
    ),
    at("a move from nowhere", "traces.moving_from", "monolithic", "must be a mapping", "write its keys below it"),
    Bad(
        "a move without a chart", put("traces.moving_from", {}), "traces.moving_from.chart", "is not set", "config set"
    ),
    Bad(
        "a move from too few ingesters",
        put("traces.moving_from", {"topology": "distributed", "chart": TEMPO_DISTRIBUTED, "replication_factor": 3}),
        "traces.moving_from.replication_factor",
        "3: needs as many ingesters, but roles.ingester.replicas is 1",
        "raise the replicas or lower",
    ),
    Bad(
        "a move of what only the new shape has",
        put("traces.moving_from", {"topology": "distributed", "chart": TEMPO_DISTRIBUTED, "retention": "3d"}),
        "traces.moving_from.retention",
        "known here: topology, chart",
        "remove it",
    ),
]

ROOM = [
    Bad(
        "created without quota",
        all_of(put("namespace.create", True), drop("namespace.quota")),
        "namespace.quota",
        "needs a quota",
        "add quota: {cpu, memory, storage}",
    ),
    Bad(
        "an increase to what?",
        put("namespace.quota_increase", "requested"),
        "namespace.requested_quota",
        "is not set, but quota_increase is requested",
        "say what the quota becomes, or remove quota_increase",
    ),
    at("an increase in words", "namespace.quota_increase", "soon", "'requested' or 'granted'", "correct it"),
    *(
        Bad(
            f"{key} of nothing",
            all_of(drop("namespace.quota"), put(f"namespace.{key}", QUOTA)),
            "namespace.quota",
            "is not set, so used and requested_quota mean nothing",
            "add it or remove them",
        )
        for key in ("used", "requested_quota")
    ),
    at("no nodes", "kubernetes.nodes", {"count": 0, "cpu": "8", "memory": "8Gi"}, "equal to 1", "correct it")._replace(
        path="kubernetes.nodes.count"
    ),
    Bad(
        "half a node",
        put("kubernetes.nodes", {"count": 3, "cpu": "8"}),
        "kubernetes.nodes.memory",
        "not set",
        "config set",
    ),
]

PLACEMENT = [
    *(
        Bad(
            f"{name} in {backend}.placement",
            put(f"{backend}.placement", {key: value}),
            f"{backend}.placement.{path}",
            allowed,
            mend,
        )
        for backend in ("traces", "metrics")
        for name, key, value, path, allowed, mend in (
            ("key without text", "node_selector", {"spot": True}, "node_selector.spot", "must be text", "in quotes"),
            ("taint unnamed", "tolerations", [{"value": "x"}], "tolerations.0.key", "only operator Exists", "set it"),
            (
                "value unused",
                "tolerations",
                [{"key": "k", "operator": "Exists", "value": "x"}],
                "tolerations.0.value",
                "has no meaning with operator Exists",
                "remove it",
            ),
            ("taint of its own", "tolerations", [{"key": "k", "effect": "No"}], "tolerations.0.effect", "'NoS", "corr"),
            ("one taint", "tolerations", {"key": "k"}, "tolerations", "must be a valid list", "correct it"),
            ("class in words", "storage_class", "Fast SSD", "storage_class", "not allowed", "it must match"),
            ("no class", "priority_class", "", "priority_class", "not allowed", "it must match"),
            (
                "label in words",
                "node_selector",
                {"pool": "very fast"},
                "node_selector.pool",
                "not allowed",
                "must match",
            ),
            ("no label key", "spread_over", [""], "spread_over.0", "not allowed", "must match"),
            ("same key", "spread_over", ["zone", "zone"], "spread_over.1", "in the list already, at 0", "remove one"),
            ("one key", "spread_over", "zone", "spread_over", "must be a valid list", "correct it"),
            ("role of its own", "ingester", {}, "ingester", "known here: node_selector", "correct or remove it"),
        )
    ),
]

BAD = [*SHAPES, *LOGS, *REPLICATION, *ROLES, *PROCESSORS, *MOVES, *ROOM, *PLACEMENT]
