"""Bad tenants and gateways, and what is said of them: the table of bad_inputs goes on."""

from typing import Any

from tests.support import Change, all_of, drop, put
from tests.unit.bad_inputs import Bad, at


def tenant(**settings: Any) -> dict[str, Any]:
    """Return the settings of a tenant."""
    return {"id": "payments", "display_name": "Payments", **settings}


def _one(path: str, **settings: Any) -> tuple[Change, str]:
    """Return a stack with a gateway and one tenant, and the path of a key of that tenant."""
    return all_of(put("gateway", {}), put("tenants", [tenant(**settings)])), f"tenants.0.{path}"


def _bad(id_: str, path: str, allowed: str, mend: str, **settings: Any) -> Bad:
    change, where = _one(path, **settings)
    return Bad(id_, change, where, allowed, mend)


def _with(path: str, value: object, **settings: Any) -> Change:
    """Return a stack with a tenant, and one more key."""
    return all_of(_one("", **settings)[0], put(path, value))


def _read(oidc: dict[str, Any]) -> Change:
    """Return a stack with a tenant that is read with an OpenID provider's tokens."""
    return _with("gateway.oidc", oidc, access={"oidc": {"groups": ["sre"]}})


def _bounded(*namespaces: str) -> Change:
    """Return a stack with a tenant, and a quota for each of its namespaces."""
    quota = {"cpu": "1", "memory": "1Gi", "storage": "1Gi"}
    return put("tenants", [tenant(namespaces=[{"name": each, "quota": quota} for each in namespaces])])


def _sum(id_: str, backend: str, key: str, capacity: dict[str, Any]) -> Bad:
    many = [tenant(id=f"t{index}", display_name=f"T{index}") for index in range(3)]
    change = all_of(put("tenants", many), put(f"{backend}.capacity", capacity))
    return Bad(id_, change, f"{backend}.capacity.{key}", "limits come to", "raise the capacity")


_KEY = "kk0-fake-Zr8sWq3NxLb6vTm1Hd5cPj9Yg"
_OIDC = "http://oauth2-proxy.auth.svc:4180/oauth2/auth"
_PAIR = [tenant(id=each, display_name=each) for each in "ab"]
WITHOUT = [
    Bad(
        "more series than Mimir is sized for, without tenants",
        put("metrics.capacity", {"ingestion_rate": 10**9, "max_series": 149_999}),
        "metrics.capacity.max_series",
        "limits come to 150000, and the capacity is 149999",
        "raise the capacity",
    ),
    Bad(
        "limits beside tenants",
        all_of(put("tenants", [tenant()]), put("limits", {})),
        "limits",
        "is for a stack without tenants",
        "give it to tenants",
    ),
    Bad(
        "a trace that nobody could read, without tenants",
        put("limits", {"traces": {"max_trace_size": "50Mi"}}),
        "limits.traces.max_trace_size",
        "a trace above 15Mi cannot be read",
        "lower it",
    ),
]
TENANTS = [
    _bad("a slash in an id", "id", "must match", "must match", id="a/b"),
    _bad("federation as an id", "id", "must match", "must match", id="a|b"),
    _bad("an id that is a path", "id", "a backend uses this name", "choose another", id=".."),
    _bad("an id that Mimir uses", "id", "a backend uses this name", "choose another", id="__mimir_cluster"),
    *(
        _bad(
            f"an id of a backend's: {each}", "id", f"a backend uses this name itself ({why}", "choose another", id=each
        )
        for each, why in (("*", "all tenants"), ("fake", "where Loki"), ("index", "the folder of Loki's"))
    ),
    _bad(
        "a scope that no route asks for",
        "access.scopes.traces.0",
        "must be 'read' or 'write'",
        "correct it",
        access={"scopes": {"traces": ["admin"]}},
    ),
    Bad(
        "rules without the right to them",
        all_of(
            _one("")[0],
            put("monitoring.rules", "ruler"),
            put("monitoring.tenant", "payments"),
        ),
        "tenants.0.access.scopes.metrics",
        "has no admin",
        "add it: [read, write, admin]",
    ),
    _bad("an id that is too long", "id", "must match", "must match", id="a" * 151),
    _bad("no name", "display_name", "is empty", "config set", display_name=""),
    _bad("a name of spaces", "display_name", "has spaces around it", "remove them", display_name=" "),
    _bad("a name with a colour in it", "display_name", "control character", "remove them", display_name="a\x1b[1mb"),
    _bad(
        "a subject with spaces behind commas",
        "access.certificate_subject",
        "not a subject as nginx knows it",
        "without spaces behind commas",
        access={"accepts": "certificate", "certificate_subject": "CN=agent, O=Example"},
    ),
    _bad(
        "a subject that is not in ASCII",
        "access.certificate_subject",
        "not a subject as nginx knows it",
        "-nameopt RFC2253",
        access={"accepts": "certificate", "certificate_subject": "CN=M\u00fcller"},
    ),
    Bad(
        "an issuer of no name",
        _with("gateway.certificate", {"source": "cert-manager", "issuer": {"name": "x\ny"}}),
        "gateway.certificate.issuer.name",
        "must match",
        "must match",
    ),
    Bad("a host of one long label", _with("gateway.hosts", ["a" * 64]), "gateway.hosts.0", "must match", "must match"),
    Bad("two of an id", put("tenants", [tenant()] * 2), "tenants", "2 tenants have the id 'payments'", "its own"),
    Bad(
        "two of a name",
        put("tenants", [tenant(), tenant(id="other")]),
        "tenants",
        "2 tenants have the display_name 'Payments'",
        "give each its own",
    ),
    _bad(
        "a rate of nothing",
        "limits.metrics.ingestion_rate",
        "equal to 1",
        "correct it",
        limits={"metrics": {"ingestion_rate": 0}},
    ),
    *(
        _bad(
            f"other limits: {name}",
            f"limits.{signal}.others.{path}",
            allowed,
            mend,
            limits={signal: {"others": others}},
        )
        for name, signal, others, path, allowed, mend in (
            (
                "a mistyped one",
                "metrics",
                {"ruler_max_rules_per_rule_grup": 5},
                "ruler_max_rules_per_rule_grup",
                "is no limit of Mimir 3.1 (did you mean ruler_max_rules_per_rule_group?)",
                "correct or remove it",
            ),
            (
                "a mistyped one below a part",
                "traces",
                {"ingestion": {"tenant_shard_sise": 3}},
                "ingestion.tenant_shard_sise",
                "is no limit of Tempo 2.10 (did you mean ingestion.tenant_shard_size?)",
                "correct or remove it",
            ),
            (
                "of another kind",
                "logs",
                {"max_line_size_truncate": "yes"},
                "max_line_size_truncate",
                "'yes': must be true or false",
                "correct it",
            ),
            (
                "no duration",
                "metrics",
                {"results_cache_ttl": 7},
                "results_cache_ttl",
                "7: must be a duration",
                "such as 30m",
            ),
            ("no size", "logs", {"bloom_max_block_size": "3 MB"}, "bloom_max_block_size", "or a size", "correct it"),
            (
                "one that has a key",
                "profiles",
                {"max_profile_size_bytes": 5},
                "max_profile_size_bytes",
                "is set by the key max_profile_size of these limits",
                "remove it here",
            ),
            (
                "retention",
                "traces",
                {"compaction": {"block_retention": "3h"}},
                "compaction.block_retention",
                "is set by retention.traces or traces.retention",
                "remove it here",
            ),
            (
                "no firewall for receivers",
                "metrics",
                {"alertmanager_receivers_firewall_block_private_addresses": False},
                "alertmanager_receivers_firewall_block_private_addresses",
                "is set by security.alert_receivers",
                "remove it here",
            ),
            (
                "a secret",
                "metrics",
                {"ruler_alertmanager_client_config": {"basic_auth_password": "pw0-fake"}},
                "ruler_alertmanager_client_config",
                "is or holds a secret",
                "remove it",
            ),
        )
    ),
    _bad(
        "labels of a tracker that is off",
        "limits.metrics.ha_cluster_label",
        "belongs to ha_tracker: true",
        "set that, or remove it",
        limits={"metrics": {"ha_cluster_label": "prometheus"}},
    ),
    _bad(
        "a trace that nobody could read",
        "limits.traces.max_trace_size",
        "'50Mi': a trace above 15Mi cannot be read",
        "lower it, or raise that",
        limits={"traces": {"max_trace_size": "50Mi"}},
    ),
    _bad(
        "a body that Tempo does not take",
        "limits.max_body",
        "takes messages of at most 16Mi (traces.max_message_size)",
        "lower it, or raise that",
        limits={"max_body": "17Mi"},
    ),
    Bad("half a Mi of a message", put("traces.max_message_size", "16.5Mi"), "traces.max_message_size", "100Mi", "16Mi"),
    at("messages that clients do not take", "traces.max_message_size", "101Mi", "Tempo's clients", "write 16Mi"),
    at("messages smaller than a trace", "traces.max_message_size", "4Mi", "from 8Mi", "write 16Mi"),
    _bad(
        "a mistyped limit",
        "limits.traces.max_series",
        "unknown key",
        "known here",
        limits={"traces": {"max_series": 1}},
    ),
    _bad("metrics kept too short", "retention.metrics", "minimum of 24h", "raise it", retention={"metrics": "1h"}),
    _bad("traces kept too short", "retention.traces", "minimum of 1h", "raise it", retention={"traces": "30m"}),
    _bad(
        "nothing before version 1",
        "access.token.previous_until",
        "no version before 1",
        "raise version",
        access={"token": {"previous_until": "2026-12-01T00:00:00Z"}},
    ),
    _bad(
        "a moment without UTC",
        "access.token.previous_until",
        "must match",
        "must match",
        access={"token": {"version": 2, "previous_until": "2026-12-01T00:00:00+01:00"}},
    ),
    _bad(
        "no such moment",
        "access.token.previous_until",
        "not a moment",
        "write it in quotes",
        access={"token": {"version": 2, "previous_until": "2026-13-01T00:00:00Z"}},
    ),
    _bad(
        "an end of which nobody knows the beginning",
        "access.token.issued_on",
        "valid_for counts from it",
        "add the day",
        access={"token": {"valid_for": "90d"}},
    ),
    _bad(
        "a beginning without an end",
        "access.token.issued_on",
        "says nothing without valid_for",
        "remove it",
        access={"token": {"issued_on": "2026-11-01"}},
    ),
    _bad(
        "an end within a day",
        "access.token.valid_for",
        "no whole number of days",
        "such as 90d",
        access={"token": {"issued_on": "2026-11-01", "valid_for": "36h"}},
    ),
    _bad(
        "a version before that outlives the one after it",
        "access.reader.previous_until",
        "later than 2026-11-08T00:00:00Z",
        "set it to before that",
        access={
            "reader": {
                "version": 2,
                "previous_until": "2026-11-08T00:00:01Z",
                "issued_on": "2026-11-01",
                "valid_for": "1w",
            }
        },
    ),
    _bad(
        "an end of a token that is made elsewhere",
        "access.token.valid_for",
        "makes no token of this tenant",
        "remove it",
        access={"token_secret": "x", "token": {"issued_on": "2026-11-01", "valid_for": "90d"}},
    ),
    _bad(
        "a token for nothing",
        "access.token_secret",
        "accepts certificates only",
        "remove it",
        access={"accepts": "certificate", "token_secret": "x"},
    ),
    _bad(
        "a subject for nothing",
        "access.certificate_subject",
        "accepts tokens only",
        "remove it",
        access={"certificate_subject": "CN=a"},
    ),
    _bad(
        "a subject of nobody's",
        "access.certificate_subject",
        "client_ca_secret does not name one",
        "add it",
        access={"accepts": "either", "certificate_subject": "CN=a"},
    ),
    Bad(
        "an authority without a subject",
        _with("gateway.client_ca_secret", "our-ca", access={"accepts": "certificate"}),
        "tenants.0.access.certificate_subject",
        "has no key of",
        "add the subject",
    ),
    _sum("too many samples", "metrics", "ingestion_rate", {"ingestion_rate": 29_999, "max_series": 10**9}),
    _sum("too many series", "metrics", "max_series", {"ingestion_rate": 10**9, "max_series": 449_999}),
    _sum("too many spans", "traces", "ingestion_rate", {"ingestion_rate": "44Mi", "max_traces": 10**9}),
    _sum("too many traces", "traces", "max_traces", {"ingestion_rate": "1Gi", "max_traces": 29_999}),
]

GATEWAY = [
    Bad(
        "storage of a gateway that has none",
        _with("gateway.placement", {"storage_class": "fast"}),
        "gateway.placement.storage_class",
        "has no volume claims",
        "remove it",
    ),
    Bad(
        "two of a token",
        put("tenants", [tenant(id=each, display_name=each, access={"token_secret": "x"}) for each in "ab"]),
        "tenants",
        "2 tenants have the token_secret 'x'",
        "its own",
    ),
    Bad(
        "another century",
        _with("gateway.issued.issued_on", "0001-01-01"),
        "gateway.issued.issued_on",
        "no day of this century",
        "correct it",
    ),
    Bad("a gateway for nobody", put("gateway", {}), "tenants", "would let nobody in", "add a tenant"),
    Bad(
        "tenants whom nobody keeps apart",
        drop("gateway"),
        "gateway",
        "could take any tenant's name",
        "add gateway",
        "prod",
    ),
    Bad(
        "no key",
        all_of(_with("gateway", {}), drop("credentials.gateway")),
        "credentials.gateway.key",
        "derives tokens and certificates",
        "openssl rand",
    ),
    Bad(
        "a short key",
        _with("credentials.gateway.key", "pw0-fake"),
        "credentials.gateway.key",
        "shorter than 32 characters",
        "openssl rand",
    ),
    *(
        Bad(
            f"a key that can be guessed: {text[:12]}",
            _with("credentials.gateway.key", text),
            "credentials.gateway.key",
            "could be guessed",
            "openssl rand",
        )
        for text in ("x" * 40, "pw0-fake" * 5, "abcdefghijklmnopqrstuvwxyz0123456789")
    ),
    Bad(
        "a key before that is the one in use",
        _with("credentials.gateway", {"key": _KEY, "previous": {"key": _KEY, "until": "2026-12-01T00:00:00Z"}}),
        "credentials.gateway.previous.key",
        "is the key in use",
        "give the one before it",
    ),
    Bad(
        "the reader of all tenants among their people",
        all_of(put("gateway", {}), put("tenants", _PAIR)),
        "tenants.0.grafana_org",
        "is not set, so a shares a Grafana organisation with the reader of all tenants",
        "accept_shared_organisation",
    ),
    Bad(
        "two tenants' people in one organisation",
        all_of(put("gateway", {"federation": None}), put("tenants", [{**each, "grafana_org": 7} for each in _PAIR])),
        "tenants.1.grafana_org",
        "is 7, so b shares a Grafana organisation with a",
        "accept_shared_organisation",
    ),
    Bad(
        "more budgets than CPU",
        _with("gateway.total", {"cpu": "249m", "memory": "1Gi"}),
        "gateway.total.cpu",
        "come to 250m",
        "raise it",
    ),
    Bad(
        "more budgets than memory",
        _with("gateway.total", {"cpu": "1", "memory": "319Mi"}),
        "gateway.total.memory",
        "come to 320Mi",
        "raise it",
    ),
    Bad(
        "an nginx of the rapid reset",
        _with("gateway.image", "registry.example:5000/nginx:1.25.2-alpine"),
        "gateway.image",
        "CVE-2023-44487",
        "take a newer one",
    ),
    Bad(
        "a fingerprint of SHA-256",
        _with("gateway.revoked_certificates", ["ab" * 32]),
        "gateway.revoked_certificates.0",
        "40 hexadecimal digits",
        "openssl x509",
    ),
    Bad(
        "no room for large requests",
        _with("gateway.scratch", "127Mi"),
        "gateway.scratch",
        "need 128Mi",
        "raise it",
    ),
    Bad(
        "no Secret",
        _with("gateway.certificate", {"source": "existing"}),
        "gateway.certificate.secret",
        "needs it",
        "add it",
    ),
    Bad(
        "no issuer",
        _with("gateway.certificate", {"source": "cert-manager"}),
        "gateway.certificate.issuer",
        "needs it",
        "add it",
    ),
    Bad(
        "an idle Secret",
        _with("gateway.certificate", {"secret": "x"}),
        "gateway.certificate.secret",
        "belongs to source existing",
        "remove it",
    ),
    Bad(
        "an idle authority",
        _with("gateway.certificate", {"authority": "-----BEGIN CERTIFICATE-----\nx"}),
        "gateway.certificate.authority",
        "other sources",
        "remove it",
    ),
    Bad(
        "no certificate",
        _with("gateway.certificate", {"source": "existing", "secret": "x", "authority": "our-own"}),
        "gateway.certificate.authority",
        "not a certificate",
        "in PEM",
    ),
    *(
        Bad(f"an image that is {what}", _with("gateway.image", image), "gateway.image", allowed, mend)
        for what, image, allowed, mend in (
            ("without a tag", "nginx", "must match", "must match"),
            ("no path", "//::a", "must match", "must match"),
            ("of two tags", "nginx:1.29.8:1.29.9", "must match", "must match"),
            ("of a short digest", "nginx@sha256:abc", "must match", "must match"),
            ("in upper case", "r.example/Nginx:1.29.8", "must match", "must match"),
            ("of no port", "r.example:99999/nginx:1.29.8", "no registry's host", "registry.example.com:5000"),
        )
    ),
    Bad(
        "a day that is none",
        _with("gateway.issued.issued_on", "2026-02-30"),
        "gateway.issued.issued_on",
        "not a day",
        "in quotes",
    ),
    *(
        Bad(name, change, "tenants.0.namespaces.0.name" if first else "tenants.0.namespaces.1.name", why, mend)
        for name, change, first, why, mend in (
            ("the cluster's own namespace", _bounded("kube-system"), True, "is the cluster's own", "name one"),
            ("the stack's own namespace", _bounded("ca7f8f-dev"), True, "is the stack's own namespace", "remove this"),
            ("a namespace twice", _bounded("shop", "shop"), False, "is named before", "remove one"),
            ("another environment's namespace", _bounded("shop-prod"), True, "belongs to prod", "give that of dev"),
        )
    ),
    Bad(
        "a number of pods beside an autoscaler",
        _with("gateway", {"replicas": 3, "autoscaling": {}}),
        "gateway.replicas",
        "the autoscaler's to choose",
        "remove it",
    ),
    Bad(
        "readers whom nobody knows",
        _with("gateway", {}, access={"oidc": {"groups": ["sre"]}}),
        "tenants.0.access.oidc",
        "needs gateway.oidc",
        "remove it",
    ),
    Bad("a provider for nobody", _with("gateway.oidc", {"url": _OIDC}), "gateway.oidc", "lets nobody in", "remove it"),
    _bad("nobody in particular", "access.oidc.groups", "nobody is meant", "remove oidc", access={"oidc": {}}),
    _bad(
        "two groups in one",
        "access.oidc.groups.0",
        "must match",
        "must match",
        access={"oidc": {"groups": ["sre,platform"]}},
    ),
    Bad(
        "no path",
        _read({"url": "http://oauth2-proxy.auth.svc:4180"}),
        "gateway.oidc.url",
        "not an address with a path",
        "/oauth2/auth",
    ),
    Bad(
        "tokens in plain text",
        _read({"url": "http://login.example.org/oauth2/auth"}),
        "gateway.oidc.url",
        "leave the cluster in plain text",
        "write https",
    ),
    Bad(
        "tokens in plain text to a name that has svc in it",
        all_of(
            _read({"url": "http://oauth2-proxy.auth.svc.example.org/oauth2/auth"}),
            put("security.oidc", {"cidrs": ["192.0.2.1/32"]}),
        ),
        "gateway.oidc.url",
        "leave the cluster in plain text",
        "a name in .svc or .svc.cluster.local",
    ),
    Bad(
        "a provider at no port",
        _read({"url": "http://oauth2-proxy.auth.svc:70000/oauth2/auth"}),
        "gateway.oidc.url",
        "not an address",
        "a port",
    ),
    Bad(
        "TLS that trusts nobody",
        _read({"url": "https://oauth2-proxy.auth.svc/oauth2/auth"}),
        "gateway.oidc.authority",
        "trusts no system's store",
        "add the authority",
    ),
    Bad(
        "trust without TLS",
        _read({"url": _OIDC, "authority": "-----BEGIN CERTIFICATE-----\nx"}),
        "gateway.oidc.authority",
        "plain HTTP",
        "remove it",
    ),
    Bad(
        "a provider of which no policy knows the place",
        _read({"url": "https://login.example.org/oauth2/auth", "authority": "-----BEGIN CERTIFICATE-----\nx"}),
        "security.oidc",
        "beyond a NetworkPolicy",
        "cidrs",
    ),
    at("an authority for plain HTTP", "object_store.ca_secret", "store-ca", "plain HTTP", "remove ca_secret"),
]
