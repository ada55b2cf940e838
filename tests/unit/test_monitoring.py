"""Rules follow the settings, name only metrics that exist, and lead to a runbook."""

import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs import make_monitoring
from sandbox.mimir_metrics import listed
from telemetry.config.monitoring import MOST_BUDGETS
from telemetry.monitoring import slo, tenant_slo
from telemetry.monitoring.operator import prometheus_rules
from telemetry.monitoring.rules import families_of, groups_of
from telemetry.network.peers import workloads_of
from telemetry.spec.alerts import Alert, Record, Rule
from telemetry.stack import ConfigError, Stack
from tests.metrics_catalogue import named_in, series, unknown_in
from tests.sandbox.alerts.case import EVERYTHING
from tests.support import ENVIRONMENTS, REPO, WITH_THANOS, WITH_THANOS_IN_PROD, Change, all_of, load_stack, put

NOTHING: Change = all_of()
VARIANTS = [(environment, change) for environment in ENVIRONMENTS for change in (NOTHING, put("gateway", {}))]
VARIANTS = [*[each for each in VARIANTS if each[0] != "dev" or each[1] is NOTHING], ("prod", EVERYTHING)]
VARIANTS += [("dev", WITH_THANOS), ("prod", WITH_THANOS_IN_PROD)]


def rules_of(stack: Stack) -> list[Rule]:
    return [rule for family in families_of(stack) for rule in family.rules]


def alerts_of(stack: Stack) -> dict[str, Alert]:
    return {rule.name: rule for rule in rules_of(stack) if isinstance(rule, Alert)}


@cache
def every_alert() -> dict[str, Alert]:
    """Return the alerts of all backends, of several for one signal as well."""
    return alerts_of(load_stack("prod", EVERYTHING)) | alerts_of(load_stack("prod", WITH_THANOS_IN_PROD))


@pytest.mark.parametrize(("environment", "change"), VARIANTS)
def test_rules_name_only_metrics_that_somebody_exports_or_records(environment: str, change: Change) -> None:
    rules = rules_of(load_stack(environment, change))
    recorded = {rule.name for rule in rules if isinstance(rule, Record)}
    assert {rule.name: found for rule in rules if (found := unknown_in(rule.expr, recorded))} == {}
    assert all(named_in(rule.expr) or "vector(" in rule.expr for rule in rules)


FUNCTIONS = {
    "absent", "and", "by", "clamp_min", "group_left", "ignoring", "increase", "label_replace", "max", "max_over_time",
    "min", "or", "rate", "sum", "sum_over_time", "time", "unless", "vector",
}  # fmt: skip


def test_no_metric_is_selected_without_braces() -> None:
    for rule in rules_of(load_stack("prod", EVERYTHING)):
        named = re.sub(r"[\w:]+\{", "{", rule.expr)
        bare = re.sub(r'"[^"]*"|\{[^}]*\}|\[[^]]*\]|offset \w+|(by|on) \([^)]*\)', " ", named)
        assert set(re.findall(r"[a-zA-Z_:][\w:]*", bare)) <= FUNCTIONS, rule.name


def test_an_unknown_metric_would_be_seen() -> None:
    assert unknown_in('sum(cortex_no_such_thing{a="up{}"}) / cortex_build_info{}') == {"cortex_no_such_thing"}
    assert unknown_in("cortex_request_duration_seconds{}") == {"cortex_request_duration_seconds"}
    assert "cortex_request_duration_seconds_bucket" in series()


def test_the_list_of_metrics_is_made_of_what_mimir_answers() -> None:
    text = "# HELP cortex_b x\n# TYPE cortex_b counter\ncortex_b 1\n# TYPE cortex_a gauge\n# TYPE go_x gauge\n"
    assert listed(text, "v1").splitlines()[1:] == ["cortex_a gauge", "cortex_b counter"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_rule_looks_at_its_own_namespace_only(environment: str) -> None:
    stack = load_stack(environment)
    for rule in rules_of(stack):
        selectors = re.findall(r"[\w:]+\{([^}]*)\}", rule.expr)
        assert all(f'namespace="{stack.namespace.name}"' in each for each in selectors), rule.name


def test_thresholds_are_those_of_the_settings() -> None:
    prod = alerts_of(load_stack("prod"))
    assert prod["MimirIngestersBelowQuorum"].expr.endswith("< 2")  # RF 3 of 3: two are a quorum
    assert prod["TempoIngestersBelowQuorum"].expr.endswith("< 2")  # RF 2 of 3: one may be lost
    five = all_of(put("metrics.roles.ingester.replicas", 5), put("namespace.requested_quota.cpu", "20"))
    assert alerts_of(load_stack("prod", five))["MimirIngestersBelowQuorum"].expr.endswith("< 4")
    strict = put("monitoring.objectives.metrics_ingest", {"target": 99.99, "latency": "250ms"})
    records = {
        rule.name + rule.labels.get("slo", ""): rule
        for rule in rules_of(load_stack("prod", strict))
        if isinstance(rule, Record)
    }
    assert 'le=~"0[.]25"' in records[slo.BAD + "metrics-ingest"].expr
    assert "> 0.00144" in alerts_of(load_stack("prod", strict))["MetricsIngestBurnsFast"].expr


@pytest.mark.parametrize(
    ("change", "claim", "watched"),
    [
        (NOTHING, "storage-mimir-ingester-0", True),
        (NOTHING, "data-tempo-distributed-ingester-0", True),
        (WITH_THANOS_IN_PROD, "storage-volume-prometheus-server-0", True),
        (WITH_THANOS_IN_PROD, "data-thanos-receive-ingestor-0", True),
        (WITH_THANOS_IN_PROD, "storage-alertmanager-0", True),
        (NOTHING, "data-others-mimir-ingester-0", False),
    ],
)
def test_volumes_of_every_chart_are_watched_and_nobody_elses(change: Change, claim: str, watched: bool) -> None:
    expr = alerts_of(load_stack("prod", change))["VolumeNearlyFull"].expr
    patterns = re.findall(r'persistentvolumeclaim=~"([^"]*)"', expr)
    assert [re.fullmatch(each, claim) is not None for each in patterns] == [watched] * 2


def test_a_tenants_budget_is_that_of_a_tenant_of_the_settings() -> None:
    many = [{"id": f"t{number}", "display_name": f"T{number}"} for number in range(MOST_BUDGETS + 1)]
    two = put("tenants", many[:2])
    assert "TenantBudgetBurnsSlow" not in alerts_of(load_stack("dev"))  # nobody is told apart
    assert tenant_slo.tenants(load_stack("dev", two)) == ("t0", "t1")
    assert tenant_slo.tenants(load_stack("dev", put("tenants", many))) == ()
    named = load_stack("dev", put("tenants", many), put("monitoring.budget_tenants", ["t7"]))
    assert all('=~"t7"' in each.total for each in tenant_slo.indicators(named))
    none = load_stack("dev", two, put("monitoring.budget_tenants", []))
    assert tenant_slo.indicators(none) == ()


def test_what_an_id_has_in_it_is_no_regular_expression() -> None:
    odd = load_stack("dev", put("tenants", [{"id": "b.!*'()", "display_name": "B"}]))
    assert 'tenant=~"b\\\\.!\\\\*\'\\\\(\\\\)"' in tenant_slo.indicators(odd)[1].total


def test_what_a_label_has_in_it_ends_no_text() -> None:
    labels = all_of(
        put("monitoring.exporters", ["seaweedfs"]), put("monitoring.object_store_labels", {"job": 'a"b\\c'})
    )
    assert '{job="a\\"b\\\\c"}' in alerts_of(load_stack("prod", labels))["ObjectStoreNotScraped"].expr


def test_what_is_not_there_is_not_watched() -> None:
    dev, prod = alerts_of(load_stack("dev")), alerts_of(load_stack("prod"))
    assert not [name for name in dev if name.startswith("Gateway")]
    assert "TempoIngestersBelowQuorum" not in dev  # one binary is its own ring
    assert not [name for name in prod if name.startswith("ObjectStore")]
    lean = load_stack(
        "prod",
        put(
            "metrics.enabled_roles",
            ["read", "write", "store-gateway", "compactor", "ruler", "alertmanager", "query-scheduler"],
        ),
        put("metrics.roles", {"ingester": {"replicas": 3}}),
    )
    assert "MimirTenantNearSeriesLimit" not in alerts_of(lean)
    blind = alerts_of(load_stack("prod", put("monitoring.exporters", [])))
    needed = {name for rule in blind.values() for name in named_in(rule.expr)}
    assert not [name for name in needed if name.startswith(("kube", "container", "Seaweed", "certmanager"))]


def test_an_unmanaged_certificate_has_no_alert_that_never_fires() -> None:
    existing = put("gateway.certificate", {"source": "existing", "secret": "ours"})
    assert "GatewayCertificateExpires" not in alerts_of(load_stack("prod", existing))


def test_rules_are_evaluated_as_often_as_the_settings_say() -> None:
    often = put("monitoring.evaluation_interval", 15)
    assert {group["interval"] for group in groups_of(load_stack("prod"))} == {"30s"}
    assert {group["interval"] for group in groups_of(load_stack("prod", often))} == {"15s"}


@pytest.mark.parametrize(
    ("address", "pattern"),
    [
        ("https://s3.example.org:8333", "(https://)?s3[.]example[.]org:8333(/.*)?"),
        ("https://s3.example.org", "(https://)?s3[.]example[.]org(:443)?(/.*)?"),
        ("https://[fd00::1]:8333", "(https://)?[[]fd00::1[]]:8333(/.*)?"),
        ("http://s3.example.org", None),
    ],
)
def test_a_certificate_is_probed_at_the_servers_own_address(address: str, pattern: str | None) -> None:
    probed = all_of(
        put("monitoring.exporters", ["blackbox"]),
        put("object_store.endpoint", address),
        put("security.object_store", {"cidrs": ["10.0.0.0/8"], "ports": [443, 8333]}),
        put("grafana.url", "http://grafana.example.org"),
    )
    found = alerts_of(load_stack("test", probed)).get("ServerCertificateExpires")
    assert (found is not None) == (pattern is not None)
    assert found is None or f'instance=~"{pattern}"' in found.expr


def test_alerts_bear_the_words_that_the_settings_choose() -> None:
    change = all_of(
        put("monitoring.severities", {"page": "P1"}), put("monitoring.runbook_url", "https://wiki.example.org/r")
    )
    groups = groups_of(load_stack("prod", change))
    found = {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}
    down = found["GatewayDown"]
    assert down["labels"] == {"severity": "P1", "namespace": "ca7f8f-prod", "environment": "prod"}
    assert down["annotations"]["runbook_url"] == "https://wiki.example.org/r#gatewaydown"
    assert found["BackendDegraded"]["labels"]["severity"] == "warning"


def test_each_family_is_an_object_of_its_own() -> None:
    stack = load_stack("prod", EVERYTHING)
    objects = list(prometheus_rules(stack))
    assert [each.name for each in objects] == [f"telemetry-{family.name}" for family in families_of(stack)]
    assert [group for each in objects for group in each.spec["groups"]] == groups_of(stack)


@given(target=st.floats(95, 99.999))
def test_a_burn_rate_can_always_be_reached(target: float) -> None:
    stack = load_stack("prod", put("monitoring.objectives.metrics_query", {"target": target}))
    expr = alerts_of(stack)["MetricsQueryBurnsFast"].expr
    assert all(0 < float(number) < 1 for number in re.findall(r"> ([\d.e-]+)", expr))


def runbooks() -> dict[str, str]:
    parts = re.split(r"^## (\S+)$", (REPO / "docs" / "runbooks.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_alert_has_one_runbook_and_every_runbook_an_alert() -> None:
    titles = re.findall(r"^## (\S+)$", (REPO / "docs" / "runbooks.md").read_text(), flags=re.MULTILINE)
    assert sorted(titles) == sorted(every_alert())


@pytest.mark.parametrize("name", runbooks())
def test_a_runbook_says_what_to_do_and_whether_to_wake_someone(name: str) -> None:
    text = runbooks()[name]
    parts = re.findall(r"^\*\*(.+)\.\*\*", text, flags=re.MULTILINE)
    pages = every_alert()[name].severity == "page"
    assert parts == ["Symptom", "Cause", "Commands", *(["What to do"] if pages else []), "Wake someone"]
    commands = text.partition("```sh\n")[2].partition("\n```")[0]
    assert commands.count("\n") >= 1
    assert text.partition("**Wake someone.** ")[2].startswith("Yes") == pages


def test_runbooks_name_only_workloads_and_ports_that_there_are() -> None:
    known = {pods.name for pods in workloads_of(load_stack("prod"))}
    text = "\n".join(runbooks().values())
    pods = set(re.findall(r"\b(?:mimir|tempo-distributed)-[a-z-]+[a-z]", text)) - {"mimir-runtime", "mimir-s3"}
    assert {name for name in pods if name not in known} == set()


def problem(change: Change, environment: str = "test") -> str:
    with pytest.raises(ConfigError) as raised:
        load_stack(environment, change)
    (line,) = raised.value.findings
    return str(line)


@pytest.mark.parametrize(
    ("change", "path", "mend"),
    [
        (put("monitoring.rules", "both"), "monitoring.rules", "'none', 'prometheus-rule' or 'ruler'"),
        (put("monitoring.rules", "ruler"), "monitoring.tenant", "name the tenant"),
        (put("monitoring.tenant", "platfrom"), "monitoring.tenant", "name one of them"),
        (put("monitoring.objectives.traces_query", {"target": 90}), "monitoring.objectives.traces_query.target", "95"),
        (
            put("monitoring.objectives.traces_query", {"target": 100}),
            "monitoring.objectives.traces_query.target",
            "100",
        ),
        (
            put("monitoring.objectives.traces_ingest", {"target": 99, "latency": "1s"}),
            "monitoring.objectives.traces_ingest.latency",
            "remove it",
        ),
        (put("monitoring.scrape", "prometheus"), "monitoring.scrape", "'operator' or 'annotations'"),
        (put("monitoring.scrape", "collector"), "monitoring.scrape", "add telemetry:collector"),
        (put("monitoring.scrape_interval", 300), "monitoring.scrape_interval", "less than or equal to 240"),
        (put("monitoring.evaluation_interval", "1m"), "monitoring.evaluation_interval", "whole number"),
        (put("monitoring.exporters", ["nginx"]), "monitoring.exporters.0", "kube-state-metrics"),
        (put("monitoring.budget_tenants", ["platfrom"]), "monitoring.budget_tenants.0", "did you mean platform?"),
        (put("monitoring.certificates.grafana", "grafana"), "monitoring.certificates.grafana", "'grafana'"),
        (
            put("monitoring.certificates.grafana", "grafana/tls"),
            "monitoring.certificates.grafana",
            "'grafana/tls': is known to cert-manager, which is not in exporters; add it there, or remove the key",
        ),
        (
            put("monitoring.exporters", ["cert-manager"]),
            "monitoring.exporters",
            "choose rules: ruler or none",
        ),
        (put("monitoring.object_store_labels", {"job": "s3"}), "monitoring.object_store_labels", "add that, or remove"),
    ],
)
def test_a_mistake_is_one_line_that_says_how_to_mend_it(change: Change, path: str, mend: str) -> None:
    line = problem(change)
    assert line.startswith(f"telemetry:{path}: ")
    assert mend in line


def test_the_ruler_takes_what_a_stack_without_tenants_has() -> None:
    assert load_stack("dev", put("monitoring.rules", "ruler")).monitoring.tenant is None


@pytest.mark.parametrize(("environment", "change"), VARIANTS)
def test_no_group_is_larger_than_mimirs_ruler_takes(environment: str, change: Change) -> None:
    assert [group["name"] for group in groups_of(load_stack(environment, change)) if len(group["rules"]) > 20] == []


def test_the_page_counts_what_there_is() -> None:
    stale = "docs/monitoring.md is stale; write it anew with: python -m docs.make_monitoring"
    assert make_monitoring.PAGE.read_text() == make_monitoring.document(), stale


def test_rules_are_plain_data() -> None:
    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return all(isinstance(key, str) and plain(each) for key, each in value.items())
        return all(map(plain, value)) if isinstance(value, list) else isinstance(value, str)

    assert plain(groups_of(load_stack("prod", EVERYTHING)))
