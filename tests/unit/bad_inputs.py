"""Bad inputs and what is said of them: each is one mistake in an otherwise good stack file."""

from typing import NamedTuple

from tests.support import Change, all_of, drop, put


class Bad(NamedTuple):
    """One mistake, and the one line that it must give."""

    id: str
    change: Change
    path: str
    allowed: str
    """Part of what the line says is allowed, or why this is not."""
    mend: str
    """Part of what the line says is to be done."""
    environment: str = "dev"


def at(id_: str, path: str, value: object, allowed: str, mend: str, *, environment: str = "dev") -> Bad:
    """Return the case of one bad value at the path that must be named."""
    return Bad(id_, put(path, value), path, allowed, mend, environment)


STORE, NAMESPACE, ROLES = "object_store", "namespace", "metrics.roles"
OCI = all_of(drop("traces.chart.repository"), put("traces.chart.reference", "oci://me:pw0-fake@registry.example/tempo"))
ABSOLUTE = all_of(drop("traces.chart.repository"), put("traces.chart.reference", "/opt/charts/tempo"))
BARE = all_of(drop("traces.chart.repository"), put("traces.chart.reference", "charts/tempo"))


def _by_reference(id_: str, reference: str, allowed: str, mend: str) -> Bad:
    by_reference = all_of(drop("traces.chart.repository"), put("traces.chart.reference", reference))
    return Bad(id_, by_reference, "traces.chart.reference", allowed, mend)


ALL_BUCKETS_ONE = put("metrics.buckets", dict.fromkeys(("blocks", "ruler", "alertmanager"), "all"))
CONTENT = "apiVersion: v1\nusers: [{token: pw0-fake}]"


def _seaweedfs(version: str, setting: str, value: object) -> Change:
    return all_of(
        put(f"{STORE}.seaweedfs_version", version),
        put(f"{STORE}.allow_unsafe_version", True),
        put(f"{STORE}.{setting}", value),
    )


MISSING = [
    Bad(
        "no namespace section", drop("namespace"), "namespace", "is not set", "'telemetry:namespace.…' for each of name"
    ),
    Bad("no backend", drop("metrics"), "metrics", "is not set", "'telemetry:metrics.…' for each of chart"),
    Bad(
        "no object store", drop("object_store"), "object_store", "is not set", "each of provisioning_endpoint, endpoint"
    ),
    Bad("no context", drop("kubernetes.context"), "kubernetes.context", "is not set", "config set -s dev --path"),
    Bad(
        "no environment",
        drop("environment"),
        "environment",
        "is not set",
        "set -s dev --path 'telemetry:environment'",
    ),
    Bad("half a quota", drop("namespace.quota.cpu"), "namespace.quota.cpu", "is not set", "config set -s dev --path"),
    at("empty context", "kubernetes.context", "", "is empty", "config set -s dev --path"),
    Bad(
        "no secret",
        drop("credentials.traces.secret_key"),
        "credentials.traces.secret_key",
        "not set",
        "set -s dev --secret",
    ),
    Bad("no identity", drop("credentials.metrics"), "credentials.metrics", "not set", "each of access_key, secret_key"),
    at("empty secret", "credentials.grafana.auth", "", "is empty", "set -s dev --secret"),
    at("empty secret of a name that is chosen", "credentials.clusters.east", "", "is empty", "set -s dev --secret"),
    at("piped secret", "credentials.grafana.auth", "pw0-fake\n", "a line end in it", "set it again without"),
    at(
        "same id twice",
        "credentials.traces",
        {"access_key": "pw0-fake", "secret_key": "b", "previous": {"access_key": "pw0-fake", "secret_key": "c"}},
        "is that of the new pair too",
        "an id of its own",
    )._replace(path="credentials.traces.previous.access_key"),
    Bad(
        "half a pair",
        put("credentials.traces.previous.access_key", "a"),
        "credentials.traces.previous.secret_key",
        "not set",
        "set -s dev --secret",
    ),
    at("copied secret", "credentials.traces.access_key", " pw0-fake", "has spaces around it", "set it again without"),
]

UNKNOWN = [
    at("unknown section", "metric", {}, "did you mean metrics?", "correct or remove it"),
    at("nothing like it", "zzz", "1", "known here: environment, namespace", "correct or remove it"),
    at("unknown key", "namespace.quotas", {}, "did you mean quota?", "correct or remove it"),
    at("unknown secret", "credentials.grafana.auht", "pw0-fake", "auth?", "remove it"),
    at("mistyped credentials", "credential", "pw0-fake", "did you mean credentials?", "correct"),
    Bad(
        "unknown role", put(f"{ROLES}.ingestor.replicas", 1), f"{ROLES}.ingestor", "mean ingester?", "correct or remove"
    ),
    at("unknown key of a role", f"{ROLES}.ruler.replica", 1, "mean replicas?", "correct"),
    at("unknown bucket", "traces.buckets.block", "b", "mean blocks?", "correct or remove"),
    at("unknown platform", "kubernetes.platform", "eks", "'openshift' or", "correct it"),
    at("unknown environment", "environment", "stage", "'dev', 'test' or 'prod'", "correct it"),
]

TYPES = [
    at("text for a section", "namespace", "ca7f8f", "must be a mapping", "write its keys below it"),
    at("list for a section", "traces", ["a"], "must be a mapping", "write its keys below it"),
    at("null for a section", "grafana", None, "must be a mapping", "write its keys below it"),
    at("broken JSON", "namespace", '{"name": ', "must be a mapping", "write its keys below it"),
    at("bottomless JSON", "namespace", "[" * 50_000, "must be a mapping", "write its keys below it"),
    at("number for a name", "namespace.name", 7, "must be text", "write it in quotes"),
    at("unquoted version", f"{STORE}.seaweedfs_version", 4.44, "text", "in quotes"),
    at("text for a switch", "namespace.create", "no", "must be true or false", "without quotes"),
    at("1 for a switch", f"{STORE}.versioning", 1, "true or false", "without quotes"),
    at("boolean replicas", f"{ROLES}.ruler.replicas", True, "whole number", "quotes"),
    at("text replicas", f"{ROLES}.ruler.replicas", "2", "whole number", "without quotes"),
    at("half a replica", f"{ROLES}.ruler.replicas", 1.5, "whole number", "quotes"),
    at("list for roles", ROLES, ["ingester"], "must be a mapping", "write its keys below it"),
    at("null for a role", f"{ROLES}.ingester", None, "must be a mapping", "keys below it"),
    at("text for a secret section", "credentials", "pw0-fake", "must be a mapping", "keys below it"),
    at("number for a secret", "credentials.grafana.auth", 90210, "be text", "quotes"),
]

QUANTITIES = [
    at("CPU in words", "namespace.quota.cpu", "two", "not a CPU quantity", "such as 250m"),
    at("no CPU", f"{ROLES}.ruler.cpu", 0, "between 1m and 1024 cores", "such as 250m"),
    at("boolean CPU", f"{ROLES}.ruler.cpu", True, "not a CPU quantity", "such as 250m"),
    at("below a millicore", f"{ROLES}.ruler.cpu", "0.0001", "whole number of milli", "250m"),
    at("negative CPU", f"{ROLES}.ruler.cpu", "-1", "not a CPU quantity", "such as 250m"),
    at("decimal unit", f"{ROLES}.ruler.memory", "4GB", "Ki, Mi, Gi or Ti", "such as 512Mi"),
    at("no unit", "namespace.quota.memory", 1024, "not a size", "such as 512Mi"),
    at("a mistyped unit", "namespace.quota.storage", "5000Ti", "at most 1024Ti", "512Mi"),
    at("unknown unit of time", "metrics.retention", "1y", "m, h, d or w", "such as 48h"),
    at("number for a time", "metrics.retention", 7, "not a duration", "such as 48h or 14d"),
    at("no time", "metrics.retention", "0d", "above 0", "such as 48h or 14d"),
    at("a geological time", "metrics.retention", "99999999w", "at most 36500d", "lower it"),
    at("digits without end", "metrics.retention", "9" * 5000 + "d", "not a duration", "48h"),
]

ADDRESSES = [
    at("no host", f"{STORE}.endpoint", "http://", "not an address", "a host and a port"),
    at("only a port", f"{STORE}.endpoint", "http://:8333", "not an address", "a host and"),
    at("no scheme", "grafana.url", "grafana.example", "not an address", "http:// or https://"),
    at("other scheme", "grafana.url", "ftp://g.example", "not an address", "http:// or https://"),
    at("space in it", "grafana.url", "http://g example", "not an address", "a host and a port"),
    at("port too high", f"{STORE}.endpoint", "http://s3:70000", "not an address", "a port"),
    at("port 0", "grafana.url", "http://g:0", "not an address", "a port"),
    at("no IPv6", f"{STORE}.endpoint", "http://[::::]:8333", "not an address", "a host and a port"),
    at("IPv4 in brackets", "grafana.url", "http://[192.0.2.1]", "not an address", "a host and a port"),
    at("two dots", "grafana.url", "http://g..example", "not an address", "a host and a port"),
    at("a quote in the path", "grafana.url", 'http://g/"}', "not an address", "a host and a port"),
    at("a control character in the path", "grafana.url", "http://g/\x1b", "not an address", "a host and a port"),
    at("path in endpoint", f"{STORE}.endpoint", "http://s3/x", "without a path", "end it after"),
    at("query", "grafana.url", "http://g/?token=pw0-fake", "must end after its host", "remove what"),
    at("password", "grafana.url", "http://me:pw0-fake@g", "must not carry", "telemetry:credentials"),
    at("token", f"{STORE}.endpoint", "http://pw0-fake@s3", "credentials", "belong into"),
    at("kubeconfig's content", "kubernetes.kubeconfig", CONTENT, "not allowed", "match"),
    at("another user's kubeconfig", "kubernetes.kubeconfig", "~alice/.kube/config", "~alice", "match"),
    at("namespace in capitals", "namespace.name", "CA7F8F", "not allowed", "must match"),
    at("region in words", f"{STORE}.region", "US East", "not allowed", "must match"),
]

_EAST: Change = put("clusters.east", {"stack": "a/b/c", "signals": ["metrics", "logs"]})
CLUSTERS = [
    at("a cluster called prod", "clusters.prod", {"stack": "a/b/c"}, "is what other datasources end in", "call it by"),
    Bad(
        "half a stack's name",
        put("clusters.east.stack", "telemetry/prod"),
        "clusters.east.stack",
        "not allowed",
        "match",
    ),
    Bad("a signal of others", _EAST, "clusters.east.signals.1", "this stack does not store", "add telemetry:logs, or"),
]

OBJECT_STORE = [
    at("too old", f"{STORE}.seaweedfs_version", "3.39", "below 4.42", "upgrade"),
    at("no such version", f"{STORE}.seaweedfs_version", "v4", "not a Sea", "'4.44'"),
    at("digits of others", f"{STORE}.seaweedfs_version", "\u0664.\u0664\u0664", "not a Sea", "'4.44'"),
    Bad(
        "no versioning yet",
        _seaweedfs("3.39", "versioning", True),
        f"{STORE}.versioning",
        "3.94, and seaweedfs_version is 3.39",
        "remove versioning or upgrade SeaweedFS",
    ),
    Bad(
        "no lifecycle yet",
        _seaweedfs("4.02", "abort_incomplete_uploads", "1d"),
        f"{STORE}.abort_incomplete_uploads",
        "abort_incomplete_uploads needs SeaweedFS 4.18, and seaweedfs_version is 4.02",
        "upgrade SeaweedFS",
    ),
    at("tags", f"{STORE}.tags", {"a": "b"}, "tags works in no SeaweedFS, and seaweedfs_version is 4.44", "remove tags"),
    at("part of a day", f"{STORE}.abort_incomplete_uploads", "36h", "in days", "write whole days"),
    at("part of a day of expiry", f"{STORE}.expire_after.metrics", "36h", "in days", "write whole days"),
    at("expiry before retention", f"{STORE}.expire_after.metrics", "7d", "kept for 7d", "write at least 14d"),
    at("expiry right behind retention", f"{STORE}.expire_after.traces", "9d", "kept for 3d", "write at least 10d"),
    at("expiry of nobody's logs", f"{STORE}.expire_after.logs", "97d", "nothing here stores them", "remove one"),
    Bad(
        "expiry of kept versions",
        all_of(put(f"{STORE}.versioning", True), put(f"{STORE}.expire_after", {"metrics": "90d"})),
        f"{STORE}.expire_after",
        "only hides objects",
        "remove one of the two",
    ),
    Bad(
        "expiry before a tenant's retention",
        all_of(
            put("tenants", [{"id": "a", "display_name": "A", "retention": {"metrics": "400d"}}]),
            put(f"{STORE}.expire_after", {"metrics": "90d"}),
        ),
        f"{STORE}.expire_after.metrics",
        "kept for 400d",
        "write at least 407d",
    ),
    Bad(
        "no expiry yet",
        _seaweedfs("4.41", "expire_after", {"metrics": "90d"}),
        f"{STORE}.expire_after",
        "expire_after needs SeaweedFS 4.42, and seaweedfs_version is 4.41",
        "upgrade SeaweedFS",
    ),
    at(
        "prod not protected",
        f"{STORE}.protect_buckets",
        False,
        "cannot be off in prod",
        "remove the key",
        environment="prod",
    ),
    at("shared bucket", "metrics.buckets.ruler", "blocks", "share the bucket of blocks", "give each its own"),
    Bad("one bucket for all", ALL_BUCKETS_ONE, "metrics.buckets.ruler", "share the bucket of blocks", "each its own"),
    at("endless bucket name", "metrics.buckets.ruler", "r" * 60, "S3 allows 63", "shorten"),
    at("bucket in capitals", "traces.buckets.blocks", "Blocks", "not allowed", "must match"),
    at("nameless bucket", "traces.buckets.blocks", "", "not allowed", "must match"),
]

CHARTS = [
    at("unknown version", "traces.chart.version", "3.0.0", "not checked", "set it to 2.2.4"),
    at("unknown chart", "traces.chart.name", "thanos", "is deployed from the chart tempo;", "name that"),
    Bad(
        "two sources",
        put("traces.chart.reference", "./charts/tempo"),
        "traces.chart",
        "either",
        "exactly one of the two",
    ),
    Bad(
        "no source",
        drop("traces.chart.repository"),
        "traces.chart",
        "either from a repository",
        "exactly one of the two",
    ),
    Bad("absolute path", ABSOLUTE, "traces.chart.reference", "nor a relative path", "begin it with ./"),
    Bad("bare path", BARE, "traces.chart.reference", "nor a relative path", "begin it with ./"),
    Bad("password of a registry", OCI, "traces.chart.reference", "must not carry credentials", "helm registry login"),
    _by_reference("tag", "oci://r.example/charts/tempo:2.2.4", "the version is a key of its own", "without a tag"),
    _by_reference("cut digest", "oci://r.example/tempo@sha256:00", "nor one with a digest", "[:port]/path/tempo"),
    _by_reference("no repository", "oci://tempo", "neither a registry's address", "oci://host[:port]/path/tempo"),
    _by_reference("capitals", "oci://r.example/Charts/tempo", "neither a registry's address", "in lower case"),
    _by_reference(
        "port of a registry too high",
        "oci://r.example:70000/tempo",
        "neither a registry's address",
        "oci://host[:port]",
    ),
    _by_reference("registry alone", "oci://r.example/charts", "does not name this chart", "end it with /tempo"),
    _by_reference("chart of another name", "./charts/loki", "does not name this chart", "/tempo or /tempo-2.2.4.tgz"),
    _by_reference("archive of another version", "./charts/tempo-2.2.3.tgz", "does not name this", "/tempo-2.2.4.tgz"),
    _by_reference("archive in a registry", "oci://r.example/tempo-2.2.4.tgz", "does not name", "end it with /tempo"),
]


def _cidr(id_: str, value: str, allowed: str, mend: str) -> Bad:
    return Bad(id_, put("security.clients", {"cidrs": [value]}), "security.clients.cidrs.0", allowed, mend)


TEXTS = [
    _cidr(
        "bits behind the prefix", "10.20.30.40/16", "has bits behind its prefix", "write 10.20.0.0/16, or 10.20.30.40"
    ),
    _cidr("a mask", "10.0.0.0/255.0.0.0", "not a range of addresses", "10.20.0.0/16"),
    _cidr("a zone", "fe80::1%eth0", "not a range of addresses", "10.20.0.0/16"),
    _cidr("IPv4 within IPv6", "::ffff:10.0.0.0/104", "matches no connection", "write it as IPv4"),
    at("a context of two lines", "kubernetes.context", "a\nb", "a line end", "remove them"),
    at("a context of nothing", "kubernetes.context", " ", "has spaces around it", "remove them"),
    at("two lines for a severity", "monitoring.severities.page", "a\nb", "a line end", "remove them"),
    Bad(
        "a header within a header",
        put("clusters.east", {"stack": "a/b/c", "tenant": "a\r\nX-Y: z"}),
        "clusters.east.tenant",
        "must match",
        "must match",
    ),
    Bad(
        "a taint of no name",
        put("metrics.placement.tolerations", [{"key": "a b"}]),
        "metrics.placement.tolerations.0.key",
        "must match",
        "must match",
    ),
]

BAD = [*MISSING, *UNKNOWN, *TYPES, *QUANTITIES, *ADDRESSES, *OBJECT_STORE, *CLUSTERS, *CHARTS, *TEXTS]
