"""Bad inputs for the collector, and what is said of them."""

from typing import Any

from tests.support import WITH_LOGS, Change, all_of, put
from tests.unit.bad_inputs import Bad

CHART = {"name": "alloy", "version": "1.11.1", "repository": "https://grafana.github.io/helm-charts"}
API_SERVER = {"cidrs": ["10.0.0.1/32"], "ports": [6443]}
SCRAPES: Change = put("monitoring.scrape", "collector")
POD_LOGS: dict[str, Any] = {"cluster": "c"}
DAEMON_SET: dict[str, Any] = {"deploy": "daemon-set", "chart": CHART, "nodes": 3}
OWN_METRICS: dict[str, Any] = {"namespace": "apps", "pods": {"app": "otel"}, "port": 8888}
TWO: Change = put("tenants", [{"id": "a", "display_name": "A"}, {"id": "b", "display_name": "B"}])


def _of(
    name: str, settings: dict[str, Any], path: str, allowed: str, mend: str, *more: Change, env: str = "dev"
) -> Bad:
    change = all_of(put("collector", settings), *more)
    return Bad(f"collector: {name}", change, f"collector{path}", allowed, mend, env)


def _logs(name: str, settings: dict[str, Any], path: str, allowed: str, mend: str, *, logs: bool = True) -> Bad:
    chosen = {**DAEMON_SET, "api_server": API_SERVER, "pod_logs": {**POD_LOGS, **settings}}
    return _of(f"pods' logs, {name}", chosen, f".pod_logs{path}", allowed, mend, *([WITH_LOGS] if logs else []))


COLLECTORS = [
    _of("no chart", {"deploy": "daemon-set", "nodes": 3}, ".chart", "daemon-set needs it", "add the chart alloy"),
    _of("an idle chart", {"chart": CHART}, ".chart", "belongs to deploy: daemon-set", "set that, or remove it"),
    _of(
        "somebody else's chart",
        {**DAEMON_SET, "chart": {**CHART, "name": "tempo", "version": "2.2.4"}},
        ".chart.name",
        "deployed from the chart alloy",
        "name that",
    ),
    _of("unknown nodes", {**DAEMON_SET, "nodes": None}, ".nodes", "neither is kubernetes.nodes", "on how many nodes"),
    _of("two tenants", {}, ".tenant", "there are 2 tenants", "name the one", TWO),
    _of("a stranger", {"tenant": "plattform"}, ".tenant", "did you mean platform?", "name one of them", env="prod"),
    _of(
        "a tenant that may not write",
        {},
        ".tenant",
        "which may not write metrics",
        "add write to tenants.0.access.scopes.metrics",
        put("tenants", [{"id": "a", "display_name": "A", "access": {"scopes": {"metrics": ["read"]}}}]),
        env="prod",
    ),
    _of(
        "a credential from elsewhere",
        {},
        ".secret",
        "does not make the credential",
        "name a Secret",
        put("tenants", [{"id": "a", "display_name": "A", "access": {"token_secret": "mine"}}]),
        env="prod",
    ),
    _of(
        "pods that it cannot scrape, by a taint",
        {**DAEMON_SET, "api_server": API_SERVER},
        ".tolerations",
        "lack telemetry:metrics.placement.tolerations.0, so on nodes with that taint nothing would scrape",
        "add it",
        SCRAPES,
        put("metrics.placement.tolerations", [{"key": "dedicated", "value": "telemetry"}]),
    ),
    _of(
        "pods that it cannot scrape, by a label",
        {**DAEMON_SET, "api_server": API_SERVER, "node_selector": {"node-type": "apps"}},
        ".node_selector.node-type",
        "pods may be on nodes without that label",
        "add it there",
        SCRAPES,
    ),
    _of("a closed API server", DAEMON_SET, ".api_server", "NetworkPolicies", "ports: [6443]", SCRAPES),
    _of("an idle API server", {"api_server": API_SERVER}, ".api_server", "is for finding pods", "or remove it"),
    _of(
        "an API server without ports",
        {**DAEMON_SET, "api_server": {"cidrs": ["10.0.0.1/32"]}},
        ".api_server",
        "needs both a place and ports",
        "such as {cidrs",
    ),
    _logs("lines of no cluster", {"cluster": None}, ".cluster", "neither is kubernetes.cluster", "say what"),
    _logs("no Loki", {}, ".cluster", "nothing stores logs here", "add telemetry:logs", logs=False),
    _of(
        "pods' logs, a closed API server",
        {**DAEMON_SET, "pod_logs": POD_LOGS},
        ".api_server",
        "NetworkPolicies",
        "ports: [6443]",
        WITH_LOGS,
    ),
    _logs(
        "every namespace and some",
        {"every_namespace": True, "namespaces": ["a"]},
        ".namespaces",
        "does not go with every_namespace",
        "remove one of the two",
    ),
    _logs("an idle exclusion", {"exclude": ["a"]}, ".exclude", "belongs to every_namespace", "set that, or remove it"),
    _logs("an idle rule", {"rules": [{"namespaces": ["a"]}]}, ".rules.0.drop", "is empty", "add to the rule"),
    _logs("no expression", {"rules": [{"drop": ["("]}]}, ".rules.0.drop.0", "not a regular expression", "correct it"),
    _logs("no RE2", {"rules": [{"drop": ["a(?!b)"]}]}, ".rules.0.drop.0", "which RE2 does not", "write it without"),
    _logs(
        "none kept", {"rules": [{"keep_percent": 0}]}, ".rules.0.keep_percent", "greater than or equal", "correct it"
    ),
    _logs(
        "no JMESPath", {"json_fields": {"a": "b-c"}}, ".json_fields.a", "not the place of a field", "write it such as"
    ),
    _logs("a label twice", {"json_fields": {"pod": "pod"}}, ".json_fields.pod", "a label already", "choose another"),
    _logs(
        "a tenant's field twice",
        {"json_fields": {"tenant_id": "a"}},
        ".json_fields.tenant_id",
        "made of tenant_field",
        "move it to tenant_field",
    ),
    _logs("a stranger's lines", {"tenants": {"a": "b"}}, ".tenants.a", "is no tenant of this stack", "name one"),
    _of("idle sampling", {"sampling": {}}, ".sampling.head_percent", "neither is tail", "or remove sampling"),
    _of("all of them", {"sampling": {"head_percent": 100}}, ".sampling.head_percent", "less than 100", "correct it"),
    _of(
        "an attribute of nothing",
        {"sampling": {"tail": {"drop": {"http.route": [""]}}}},
        ".sampling.tail.drop.http.route.0",
        "is empty",
        "pulumi config set",
    ),
    _of(
        "traces in parts",
        {**DAEMON_SET, "sampling": {"tail": {}}},
        ".sampling.tail",
        "all spans of a trace in one place",
        "accept_partial_traces: true, or use head_percent",
    ),
    _of("a DaemonSet of another", {**DAEMON_SET, "kind": "otel"}, ".kind", "deploys Alloy", "set deploy: config-map"),
    _of(
        "pods' logs by another",
        {"kind": "otel", "pod_logs": POD_LOGS},
        ".pod_logs",
        "needs kind: alloy",
        "set that, or remove it",
        WITH_LOGS,
    ),
    _of(
        "a DaemonSet's own metrics",
        {**DAEMON_SET, "own_metrics": OWN_METRICS},
        ".own_metrics",
        "of a collector that exists already",
        "remove them",
    ),
    _of(
        "a port that is taken",
        {"kind": "otel", "own_metrics": {**OWN_METRICS, "port": 4317}},
        ".own_metrics.port",
        "4317 is what the Collector has for something else",
        "choose another, such as 8888",
    ),
    _of("too small", {"size": {"cpu": "10m", "memory": "32Mi"}}, ".size.memory", "too little", "at least 64Mi"),
]
