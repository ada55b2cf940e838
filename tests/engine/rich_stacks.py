"""Stacks in which between them every setting is set, for the test that none of them is idle."""

import os
from functools import cache
from unittest.mock import patch

from telemetry.config.credentials import Credentials
from telemetry.stack import Stack
from tests.support import (
    ALERTING,
    WITH_LOGS,
    WITH_LOGS_IN_PROD,
    WITH_PROFILES,
    WITH_PROFILES_IN_PROD,
    Change,
    Tree,
    all_of,
    changed_tree,
    drop,
    load_stack,
    load_tree,
    put,
    with_alerting,
    with_ruler,
)
from tests.unit.bad_collectors import DAEMON_SET
from tests.unit.limit_cases import METRICS

_TERM = {"topology_key": "rack", "labels": {"a": "b"}, "namespaces": ["n"]}
_REQUIREMENTS = [{"key": "disk", "operator": "In", "values": ["ssd"]}]
AFFINITY = {
    "nodes": {
        "required": [{"requirements": _REQUIREMENTS}],
        "preferred": [{"requirements": _REQUIREMENTS, "weight": 7}],
    },
    **{way: {"required": [_TERM], "preferred": [{**_TERM, "weight": 7}]} for way in ("beside", "apart_from")},
}
PLACED = {
    "node_selector": {"pool": "telemetry"},
    "tolerations": [{"key": "only", "operator": "Equal", "value": "telemetry", "effect": "NoSchedule"}],
    "storage_class": "fast",
    "affinity": AFFINITY,
    "priority_class": "high",
    "spread_over": ["kubernetes.io/hostname"],
}
PODS = {
    "placement": PLACED,
    "ephemeral_storage": "1Gi",
    "termination_grace": "9m",
    "bandwidth": {"ingress": "10M", "egress": "10M"},
}
SOMEWHERE = {"namespaces": [{"a": "b"}], "pods": {"c": "d"}, "cidrs": ["10.1.0.0/16"], "ports": [443]}
PLACE = {key: value for key, value in SOMEWHERE.items() if key != "ports"}
LIMITS = {
    "metrics": {**METRICS, "others": {"ruler_max_rules_per_rule_group": 50}},
    "traces": {
        "max_attribute_size": "4Ki",
        "max_search_duration": "9h",
        "max_metrics_duration": "9h",
        "max_tag_values_size": "9Mi",
        "max_generated_series": 9_000,
        "others": {"ingestion": {"tenant_shard_size": 3}},
    },
    "logs": {
        **dict.fromkeys(("per_stream_rate", "per_stream_burst", "max_line_size", "max_query_size"), "9Mi"),
        **dict.fromkeys(("max_labels", "max_label_name_length", "max_label_value_length", "max_query_parallelism"), 90),
        **dict.fromkeys(("max_query_series", "max_query_chunks", "max_query_lines"), 9_000),
        **dict.fromkeys(("oldest_line", "max_query_length", "max_query_lookback"), "9d"),
        "promoted_otlp_attributes": ["k8s.namespace.name"],
        "others": {"max_line_size_truncate": True},
    },
    "profiles": {
        **dict.fromkeys(("max_labels", "max_label_name_length", "max_label_value_length"), 90),
        **dict.fromkeys(("max_query_length", "max_query_lookback"), "9d"),
        "max_profile_size": "9Mi",
        "others": {"max_sessions_per_series": 9},
    },
}
LIMIT_RANGE = {
    "default_request": {"cpu": "50m", "memory": "64Mi"},
    "default_limit": {"cpu": "8", "memory": "32Gi", "ephemeral_storage": "1Gi"},
}
ROTATED = {"version": 2, "previous_until": "2026-12-01T00:00:00Z", "issued_on": "2026-11-01", "valid_for": "90d"}
TENANT = {
    "id": "platform",
    "display_name": "Platform team",
    "limits": {**LIMITS, "max_body": "3Mi"},
    "retention": dict.fromkeys(("metrics", "traces", "logs", "profiles"), "33d"),
    "access": {
        "accepts": "either",
        "token": ROTATED,
        "certificate": ROTATED,
        "reader": ROTATED,
        "oidc": {"groups": ["sre"], "users": ["alice"]},
    },
    "grafana_org": 3,
}
SCRAPED = {"namespace": "tools", "pods": {"app": "seaweedfs"}, "port": 9327}
GUARDED = {
    **SCRAPED,
    "access": {
        "certificate": {"name": "scraper", "certificate": "cert", "private_key": "key", "authority": "root"},
        "server_name": "theirs",
        "token": {"name": "scraper-token", "key": "bearer"},
    },
}
"""The same that ask who scrapes them."""
SIGNALS = ("traces", "metrics", "logs", "profiles")
S3_KEYS = {"access_key": "id", "secret_key": "key"}
VARIABLES = {"GRAFANA_AUTH": "ge0-fake", "AWS_ACCESS_KEY_ID": "ak0-fake", "AWS_SECRET_ACCESS_KEY": "as0-fake"}
"""What is set where Pulumi runs."""
HOSTS = {"http": "telemetry.example.org", "grpc": "otlp.example.org"}
AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
RULES: Change = put(
    "monitoring",
    {
        "rules": "prometheus-rule",
        "scrape": "collector",
        "tenant": "platform",
        "labels": {"release": "prometheus"},
        "runbook_url": "https://runbooks.example.org",
        "exporters": ["kube-state-metrics", "cadvisor", "kubelet", "seaweedfs"],
        "object_store": GUARDED,
        "object_store_labels": {"job": "seaweedfs"},
        "budget_tenants": ["platform"],
        "rule_packs": [{"path": "examples/packs/rules.yaml", "without": ["ShopSilent"]}],
    },
)
"""Alerts and all that they can be told."""


def alerting(settings: Tree) -> None:
    """Have people told of alerts, with all that can be said of it."""
    with_alerting(settings)
    settings["alerting"] |= {
        "receivers": [
            *({**each, "resolved": False} for each in ALERTING["receivers"]),
            *(
                {"name": f"other-{way}", way: {"authority": AUTHORITY, **more}}
                for way, more in (
                    ("slack", {"port": 8443}),
                    ("pagerduty", {"url": "https://pager.example.org"}),
                    ("webhook", {"url": "https://hook.example.org"}),
                    ("email", {"to": ["a@example.org"], "sender": "b@example.org", "server": "smtp.example.org:465"}),
                )
            ),
        ],
        "routes": [
            {
                "receiver": "chat",
                "severities": ["ticket"],
                "namespaces": ["some"],
                "tenants": ["platform"],
                "labels": {"team": "ours"},
                "mute": ["nights"],
                "proceed": True,
            }
        ],
        "inhibitions": [{"source": {"a": "b"}, "target": {"c": "d"}}],
        "mute_times": {"nights": {"weekdays": ["monday"], "hours": ["22:00-24:00"], "zone": "Europe/Zurich"}},
    }
    settings["credentials"]["alerting"] |= {"other-slack": "os0-fake", "other-pagerduty": "op0-fake"}
    settings["security"]["alert_receivers"] |= {
        "namespaces": SOMEWHERE["namespaces"],
        "pods": SOMEWHERE["pods"],
        "ports": [443, 465, 587, 8443],
    }


BY_METRICS: Tree = {
    "metrics": [
        {"type": "pods", "name": "inflight", "average_value": 20},
        {"type": "external", "name": "waiting", "labels": {"of": "queries"}, "value": 100},
        {
            "type": "object",
            "name": "requests",
            "value": "10k",
            "described_object": {"api_version": "v1", "kind": "Service", "name": "traces-query"},
        },
    ]
}
_SCALED = ("traces.roles.querier", "metrics.roles.querier", "logs.roles.read")
SCALED: Change = all_of(
    *(drop(f"{role}.replicas") for role in _SCALED), *(put(f"{role}.autoscaling", BY_METRICS) for role in _SCALED)
)
PROD: Change = all_of(
    WITH_LOGS_IN_PROD,
    WITH_PROFILES_IN_PROD,
    SCALED,
    RULES,
    *(put(f"{signal}.placement", PLACED) for signal in SIGNALS),
    put("gateway.placement", {key: value for key, value in PLACED.items() if key != "storage_class"}),
    put("metrics.placement.spread_over", ["kubernetes.io/hostname", "rack"]),
    put("kubernetes.nodes", {"count": 3, "cpu": "16", "memory": "64Gi", "topology": {"rack": 3}}),
    put("object_store.master_endpoint", "http://master.example:9333"),
    put("object_store.volumes", {"slots": 1000}),
    put("kubernetes.cluster_identifier", "prod-one"),
    put("kubernetes.cluster", "one"),
    put("kubernetes.release_timeout", "20m"),
    put("kubernetes.dns_service", "coredns.kube-system"),
    put("kubernetes.kubeconfig", "/nowhere/kubeconfig"),
    put("namespace.requested_quota", {"cpu": "40", "memory": "128Gi", "storage": "512Gi"}),
    put("tenants", [
        {**TENANT, "namespaces": [{"name": "shop", "quota": {
            "cpu": "4", "memory": "8Gi", "storage": "20Gi", "counted": {"pods": 50},
        }}]},
        {"id": "b", "display_name": "B", "access": {"token_secret": {"name": "b", "key": "k"}}},
    ]),
    put("external_secrets", {
        "store": {"name": "vault", "kind": "ClusterSecretStore"}, "version": "v1beta1", "refresh": "2h",
        "secrets": {"b": {"type": "kubernetes.io/tls", "data": {"k": {"key": "telemetry/b", "property": "token"}}}},
    }),
    *(put(f"object_store.secrets.{signal}", {**S3_KEYS, "name": signal, "create": True}) for signal in SIGNALS),
    put("policy.cpu_limits", "chosen"),
    *(put(f"{role}.cpu_limit", "9") for role in (
        "traces.roles.querier", "metrics.roles.querier", "logs.roles.read", "profiles.roles.query-backend",
    )),
    put("metrics.values", {
        "add": {"ingester": {"schedulerName": "ours"}},
        "override": {"mimir": {"structuredConfig": {"usage_stats": {"enabled": True}}}},
    }),
    put("traces.values", {
        "add": {"ingester": {"dnsConfig": {"options": [{"name": "ndots"}]}}}, "override": {"reportingEnabled": True},
    }),
    put("logs.values", {
        "add": {"loki": {"revisionHistoryLimit": 3}}, "override": {"loki": {"analytics": {"reporting_enabled": True}}},
    }),
    put("profiles.values", {
        "add": {"pyroscope": {"dnsPolicy": "Default"}},
        "override": {"pyroscope": {"extraArgs": {"log.level": "warn"}}},
    }),
    put("gateway.hosts", ["telemetry.example.org"]),
    put("gateway.total", {"cpu": "2", "memory": "4Gi"}),
    put("gateway.backend_tls", {"secret": {
        "name": "our-own-tls", "certificate": "cert", "private_key": "key", "authority": "root",
    }}),
    put("gateway.expose", {"kind": "gateway_api", "hosts": HOSTS, "annotations": {"a": "b"}, "parent": {
        "name": "edge", "namespace": "edge", "listener": "tls",
    }}),
    put("gateway.federation", {"token": ROTATED, "grafana_org": 4}),
    put("gateway.oidc", {"url": "https://login.example.org:4443/oauth2/auth", "authority": AUTHORITY}),
    put("dashboards", {"grafana_org": 2, "datasource": "prometheus", "folder": "Ours", "packs": [{
        "path": "examples/packs", "folder": "Shop", "datasources": {"the-old-prometheus": "metrics", "logs": "loki"},
    }]}),
    put("collector", {**DAEMON_SET, "tenant": "platform", "secret": "its-secret", "nodes": 4, **{
        key: PLACED[key] for key in ("node_selector", "tolerations", "priority_class")
    }, "values": {
        "add": {"alloy": {"hostAliases": [{"ip": "10.1.1.1", "hostnames": ["gateway"]}]}},
        "override": {"alloy": {"enableReporting": True}},
    }, "api_server": SOMEWHERE, "sampling": {"head_percent": 50, "tail": {
        "drop": {"a": ["b"]}, "slower_than_ms": 500, "attributes": {"c": ["d"]}, "accept_partial_traces": True,
    }}, "pod_logs": {
        "cluster": "one", "namespaces": ["shop"], "json_fields": {"level": "level"},
        "rules": [{"namespaces": ["shop"], "first_line": "^x", "drop": ["y"], "keep_percent": 10}],
        "tenants": {"shop": "b"}, "tenant_field": "tenant",
    }}),
    put("labels", {"objects": {"cost": "1"}, "pods": {"mesh": "off"}}),
    put("annotations", {"objects": {"owner": "us"}, "pods": {"evict": "no"}}),
    *(put(f"{signal}.{what}", {"objects": {"team": signal}, "pods": {"shift": "day"}})
      for signal in SIGNALS for what in ("labels", "annotations")),
    put("priority_class", {"name": "telemetry", "value": 1000, "preempts": False}),
    *(put(f"{signal}.roles.{role}", {**PODS, "replicas": 3}) for signal, role in (
        ("traces", "ingester"), ("metrics", "ingester"), ("logs", "write"), ("profiles", "metastore"))),
    put("namespace.set_quota", True),
    put("images", {
        "registry": "r.example/m", "pull_secrets": ["login"], "require_digests": False,
        "overrides": {"grafana/mimir": {
            "repository": "r.example/mimir", "tag": "3.1.0", "digest": f"sha256:{64 * 'a'}",
        }},
    }),
    put("gateway.image", "r.example/nginx:1.29.8"),
    put("object_store.ca_secret", {"name": "store-ca", "key": "root"}),
    put("object_store.endpoint", "https://seaweedfs.example.org:8333"),
    put("object_store.abort_incomplete_uploads", "1d"),
    put("object_store.sse_key_configured", True),
    put("security", {
        **dict.fromkeys(("grafana", "clients", "ingress", "monitoring", "dns", "api_server"), PLACE),
        "object_store": SOMEWHERE,
        "oidc": SOMEWHERE,
        "limit_range": LIMIT_RANGE,
    }),
    alerting,
    put("load", {
        "metrics": {"samples_per_second": 100_000, "active_series": 1_500_000, "queries_per_second": 20},
        "traces": {"spans_per_second": 2_000, "bytes_per_second": "1Mi", "stored_ratio": 0.5},
        "logs": {"lines_per_second": 2_000, "bytes_per_second": "1Mi", "stored_ratio": 0.2},
        "profiles": {"bytes_per_second": "1Mi", "stored_ratio": 0.5},
        "tenants": 10,
    }),
)  # fmt: skip
DEV: Change = all_of(
    WITH_LOGS,
    WITH_PROFILES,
    put("limits", LIMITS),
    put("object_store.expire_after", dict.fromkeys(SIGNALS, "2000d")),
    put("namespace.create", True),
    put("namespace.quota", {"cpu": "8", "memory": "32Gi", "storage": "64Gi"}),
    put("dashboards", {}),
    put("monitoring.exporters", ["kube-state-metrics", "cadvisor", "kubelet", "cert-manager"]),
    put("monitoring.certificates", {"object_store": "storage/s3", "grafana": "grafana/tls"}),
    put(
        "collector",
        {
            **DAEMON_SET,
            "pod_logs": {
                "cluster": "one",
                "every_namespace": True,
                "exclude": ["shop"],
            },
            "api_server": SOMEWHERE,
        },
    ),
    put("trust", {"file": "tests/unit/fixtures/authority.pem"}),
    put("object_store.endpoint", "https://seaweedfs-dev-s3.ca7f8f-tools.svc:8333"),
)
CERTIFIED: Change = all_of(
    put("gateway.certificate", {
        "source": "cert-manager", "issuer": {"name": "ours", "kind": "ClusterIssuer"}, "authority": AUTHORITY,
    }),
    put("gateway.client_ca_secret", {"name": "clients-ca", "key": "root"}),
    put("gateway.autoscaling", BY_METRICS),
    put("gateway.expose", {"kind": "ingress", "hosts": HOSTS, "class_name": "nginx"}),
    put("security.ingress", PLACE),
    put("tenants", [{**TENANT, "access": {"accepts": "either", "certificate_subject": "CN=agent"}}]),
    put("existing", {"logs": {**GUARDED, "url": "http://loki.logging.svc:3100", "tenant": "platform"}}),
)  # fmt: skip


def without_logins(settings: Tree) -> None:
    """Leave out the secrets of Pulumi's providers."""
    for name in ("grafana", "provisioner"):
        settings.get("credentials", {}).pop(name, None)


EXISTING: Change = all_of(
    put("gateway.certificate", {
        "source": "existing", "secret": {"name": "its-certificate", "certificate": "cert", "private_key": "key"},
    }),
    put("grafana.secret", {"name": "login", "key": "token"}),
    put("object_store.secrets.provisioner", {**S3_KEYS, "name": "buckets"}),
    without_logins,
    put("existing", {"logs": {**SCRAPED, "datasource": "their-loki", "grafana_org": 3}}),
)  # fmt: skip

RULER: Change = all_of(
    put("namespace.phase_3", {"cpu": "1", "memory": "1Gi", "storage": "1Gi"}),
    put("monitoring", {}),
    put(
        "tenants", [{"id": "platform", "display_name": "Platform"}, {"id": "b", "display_name": "B", "grafana_org": 3}]
    ),
    with_ruler,
    put("dashboards", {}),
)
SMALL: Change = all_of(
    *(put(f"kubernetes.{key}", value) for key, value in (("cluster_identifier", "one"), ("kubeconfig", "/nowhere"))),
    put("priority_class", {"name": "telemetry", "value": 1000, "preempts": False}),
    put("object_store.abort_incomplete_uploads", "1d"),
    put("security.limit_range", LIMIT_RANGE),
    put("monitoring", {"rules": "prometheus-rule", "scrape": "operator", "labels": {"release": "prometheus"}}),
    put("collector", {"kind": "otel", "own_metrics": GUARDED}),
    put("dashboards", {"grafana_org": 2, "datasource": "prometheus", "folder": "Ours"}),
)
"""What only the program shows, which takes its time with the others."""


@cache
def stacks() -> dict[str, Stack]:
    """Return stacks in which between them every setting is set, those that take the most time first."""
    with patch.dict(os.environ, VARIABLES):
        return {
            "prod": load_stack("prod", PROD),
            "dev": load_stack("dev", DEV),
            "certified": load_stack("test", CERTIFIED),
            "existing": load_stack("test", EXISTING, RULER),
            "small": load_stack("dev", SMALL),
        }


@cache
def credentials() -> Credentials:
    """Return the made-up secrets of the stack that has the most of them."""
    return load_tree(changed_tree("prod", PROD), "prod")[1]
