"""Dashboards follow the settings, ask only for metrics that exist, and read well."""

import json
import re
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from telemetry.grafana.dashboards import capacity
from telemetry.grafana.dashboards.dashboards import dashboards_of, documents_of, folder_uid
from telemetry.monitoring.rules import families_of
from telemetry.monitoring.scraping import targets_of
from telemetry.network.peers import workloads_of
from telemetry.spec.alerts import Record
from telemetry.spec.panels import Dashboard, Panel
from telemetry.stack import ConfigError, Stack
from tests.metrics_catalogue import named_in, unknown_in
from tests.sandbox.alerts.case import EVERYTHING
from tests.support import ENVIRONMENTS, REPO, WITH_THANOS_IN_PROD, Change, all_of, load_stack, put
from tests.unit.test_scraping import GUARDED, OTHERS

NOTHING: Change = all_of()
TENANTS = put("tenants", [{"id": "team-a", "display_name": "Team A"}, {"id": "b.!*'()", "display_name": "Team B"}])
VARIANTS: dict[str, tuple[str, Change]] = {
    **{environment: (environment, NOTHING) for environment in ENVIRONMENTS},
    "everything": ("prod", EVERYTHING),
    "no exporters": ("prod", put("monitoring.exporters", [])),
    "kubelet alone": ("dev", put("monitoring.exporters", ["kubelet"])),
    "kube-state-metrics alone": ("test", put("monitoring.exporters", ["kube-state-metrics"])),
    "tenants without a gateway": ("dev", TENANTS),
    "tenants and a gateway": ("dev", all_of(TENANTS, put("gateway", {}))),
    "others' certificate": ("test", put("gateway.certificate", {"source": "existing", "secret": "ours"})),
    "without times": ("test", put("monitoring.objectives.metrics_query", {"target": 99.5})),
    "programs of others": ("prod", all_of(OTHERS, GUARDED)),
}
each_variant = pytest.mark.parametrize(("environment", "change"), VARIANTS.values(), ids=VARIANTS.keys())
METRICS = REPO / "tests" / "metrics"
BUILT_IN = {"__rate_interval"}


def panels(dashboard: Dashboard) -> list[Panel]:
    return [panel for row in dashboard.rows for panel in row.panels]


def queries(dashboard: Dashboard) -> list[str]:
    return [query.expr for panel in panels(dashboard) for query in panel.queries]


def models(stack: Stack) -> dict[str, dict[str, Any]]:
    return {uid: json.loads(text) for uid, text in documents_of(stack, "mimir").items()}


@each_variant
def test_queries_name_only_metrics_that_somebody_exports_or_records(environment: str, change: Change) -> None:
    stack = load_stack(environment, change)
    recorded = {rule.name for family in families_of(stack) for rule in family.rules if isinstance(rule, Record)}
    for dashboard in dashboards_of(stack):
        for expr in queries(dashboard):
            assert unknown_in(expr, {*recorded, "ALERTS", "ALERTS_FOR_STATE"}) == set(), dashboard.slug
            assert named_in(expr) or "vector(" in expr


FUNCTIONS = {
    "and", "by", "clamp_min", "count", "histogram_quantile", "increase", "label_replace", "max", "min", "on", "or",
    "rate", "sum", "sum_over_time", "time", "vector",
}  # fmt: skip


@each_variant
def test_no_metric_is_selected_without_braces(environment: str, change: Change) -> None:
    for dashboard in dashboards_of(load_stack(environment, change)):
        for expr in queries(dashboard):
            text = re.sub(r"\$\w+", "", re.sub(r'"[^"]*"', '""', expr))
            bare = re.sub(r"\{[^}]*\}|\[[^]]*\]|(by|on) \([^)]*\)", " ", re.sub(r"[\w:]+\{", "{", text))
            assert set(re.findall(r"[a-zA-Z_:][\w:]*", bare)) <= FUNCTIONS, expr


@each_variant
def test_every_query_looks_at_its_own_namespace_only(environment: str, change: Change) -> None:
    stack = load_stack(environment, change)
    for dashboard in dashboards_of(stack):
        for selector in re.findall(r"[\w:]+\{[^}]*\}", " ".join(queries(dashboard))):
            others = selector.startswith(("SeaweedFS", "certmanager_", "probe_"))
            known = {stack.namespace.name, *(target.namespace for target in targets_of(stack))}
            assert others or any(f'namespace="{each}"' in selector for each in known), selector


@each_variant
def test_every_variable_is_used_and_every_one_that_is_used_is_there(environment: str, change: Change) -> None:
    for dashboard in dashboards_of(load_stack(environment, change)):
        used = {name for expr in queries(dashboard) for name in re.findall(r"\$([a-z_]\w*)", expr)}
        assert used - BUILT_IN == {variable.name for variable in dashboard.variables}, dashboard.slug
        assert all(variable.values for variable in dashboard.variables)
        single = [variable.name for variable in dashboard.variables if not variable.several]
        assert not [expr for expr in queries(dashboard) for name in single if f'"${name}' in expr]


@each_variant
def test_every_panel_says_what_it_shows_and_in_which_unit(environment: str, change: Change) -> None:
    for uid, model in models(load_stack(environment, change)).items():
        shown = [each for each in model["panels"] if each["type"] != "row"]
        titles = [each["title"] for each in shown]
        assert len(titles) == len(set(titles)), uid
        for each in shown:
            assert each["fieldConfig"]["defaults"]["unit"]
            assert each["description"].endswith("."), each["title"]
            assert all(target["legendFormat"] for target in each["targets"])
            assert each["targets"]
            refs = [target["refId"] for target in each["targets"]]
            assert len(refs) == len(set(refs))


@each_variant
def test_no_panel_lies_on_another_or_beyond_the_edge(environment: str, change: Change) -> None:
    for uid, model in models(load_stack(environment, change)).items():
        taken: dict[tuple[int, int], str] = {}
        for each in model["panels"]:
            place = each["gridPos"]
            assert place["x"] + place["w"] <= 24, (uid, each["title"])
            cells = [(place["x"] + dx, place["y"] + dy) for dx in range(place["w"]) for dy in range(place["h"])]
            assert not [taken[cell] for cell in cells if cell in taken], (uid, each["title"])
            taken |= dict.fromkeys(cells, each["title"])


@each_variant
def test_the_text_is_what_the_provider_keeps(environment: str, change: Change) -> None:
    """Sorted, compact, as Go writes it, and without what Grafana adds; else it would differ for ever."""
    for text in documents_of(load_stack(environment, change), "mimir").values():
        model = json.loads(text)
        go = json.dumps(model, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert text == go.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        assert not {"id", "version"} & model.keys()
        assert not [each for each in model["panels"] if "id" in each]
        assert not [number for number in re.findall(r"[:\[,](-?[\d.]+)", text) if number.endswith(".0")]


def test_uids_are_unique_stable_and_fit() -> None:
    uids = [uid for environment in ENVIRONMENTS for uid in (*documents_of(load_stack(environment), "m"),)]
    uids += [folder_uid(load_stack(environment)) for environment in ENVIRONMENTS]
    assert len(uids) == len(set(uids))
    assert all(re.fullmatch(r"telemetry-(dev|test|prod)(-[a-z-]+)?", uid) and len(uid) <= 40 for uid in uids)
    slugs = ("overview", "mimir", "tempo", "slo", "alerts", "object-store", "tenants", "capacity", "kubernetes")
    assert list(documents_of(load_stack("prod"), "m")) == [f"telemetry-prod-{slug}" for slug in slugs]


def test_all_ask_the_one_datasource() -> None:
    for text in documents_of(load_stack("prod", EVERYTHING), "elsewhere").values():
        found = re.findall(r'"datasource":(\{[^}]*\})', text)
        assert set(found) == {'{"type":"prometheus","uid":"elsewhere"}'}


def test_what_is_one_value_is_asked_for_once() -> None:
    shown = [each for model in models(load_stack("prod")).values() for each in model["panels"] if each["type"] != "row"]
    assert {(each["type"], target["instant"], target["range"]) for each in shown for target in each["targets"]} == {
        ("timeseries", False, True),
        ("stat", True, False),
    }
    long = [target["instant"] for each in shown for target in each["targets"] if re.search(r"\[\d+d\]", target["expr"])]
    assert long
    assert all(long)


def test_what_is_not_there_is_not_shown() -> None:
    slugs = {name: [each.slug for each in dashboards_of(load_stack(*of))] for name, of in VARIANTS.items()}
    assert "tenants" not in slugs["dev"]
    assert "tenants" in slugs["tenants without a gateway"]
    assert not {"capacity", "kubernetes"} & set(slugs["no exporters"])
    assert "kubernetes" in slugs["kubelet alone"]
    assert [name for name, shown in slugs.items() if "collector" in shown] == ["everything", "programs of others"]
    rows = {
        name: [row.title for each in dashboards_of(load_stack(*of)) for row in each.rows]
        for name, of in VARIANTS.items()
    }
    assert "Gateway" not in rows["tenants without a gateway"]
    assert "Gateway" in rows["tenants and a gateway"]
    assert "As SeaweedFS sees itself" in rows["everything"]
    assert "As SeaweedFS sees itself" not in rows["prod"]


@pytest.mark.parametrize(
    ("environment", "change"), [*((each, NOTHING) for each in ENVIRONMENTS), ("prod", WITH_THANOS_IN_PROD)]
)
def test_the_plan_is_that_of_every_workload(environment: str, change: Change) -> None:
    stack = load_stack(environment, change)
    assert sorted(capacity.planned(stack)) == sorted(pods.name for pods in workloads_of(stack))


def test_the_plan_is_in_the_queries() -> None:
    stack = load_stack("prod", put("metrics.roles.ingester.cpu", "250m"))
    (board,) = (each for each in dashboards_of(stack) if each.slug == "capacity")
    (cpu,) = (each.queries[0].expr for each in panels(board) if each.title == "CPU of the plan")
    assert 'label_replace(vector(0.75), "workload", "mimir-ingester", "", "")' in cpu


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("mimir-ingester-0", "mimir-ingester"),
        ("mimir-query-frontend-7d9c6b5f48-x2k9z", "mimir-query-frontend"),
        ("tempo-0", "tempo"),
        ("tempo-distributed-ingester-0", None),
        ("tempo-distributed-querier-7d9c6b5f48-x2k9z", None),
    ],
)
def test_a_pod_belongs_to_one_workload_at_most(pod: str, workload: str | None) -> None:
    stack = load_stack("dev")
    (board,) = (each for each in dashboards_of(stack) if each.slug == "capacity")
    (expr,) = (each.queries[0].expr for each in panels(board) if each.title == "CPU of the plan")
    (pattern,) = re.findall(r'"pod", "([^"]*)"', expr)
    chosen = "(" + "|".join(capacity.planned(stack)) + ")"  # as Grafana writes several
    found = re.fullmatch(pattern.replace("$workload", chosen), pod)
    assert (found.group(1) if found else None) == workload


def problem(change: Change, environment: str = "test") -> str:
    with pytest.raises(ConfigError) as raised:
        load_stack(environment, change)
    (line,) = raised.value.findings
    return str(line)


@pytest.mark.parametrize(
    ("wanted", "path", "mend"),
    [
        ({}, "dashboards.datasource", "name the tenant"),
        ({"datasource": "Mimir (prod)"}, "dashboards.datasource", "Mimir (prod)"),
        ({"grafana_org": 3}, "dashboards.grafana_org", "remove the organisation"),
        ({"datasource": "m", "folder": "a/b"}, "dashboards.folder", "a/b"),
    ],
)
def test_a_mistake_is_one_line_that_says_how_to_mend_it(wanted: dict[str, Any], path: str, mend: str) -> None:
    line = problem(put("dashboards", wanted))
    assert line.startswith(f"telemetry:{path}: ")
    assert mend in line


def test_a_stack_without_tenants_needs_nothing_more() -> None:
    assert load_stack("dev", put("dashboards", {})).dashboards is not None
    assert load_stack("dev").dashboards is None


@pytest.mark.parametrize(
    "slug", ["overview", "mimir", "tempo", "slo", "alerts", "object-store", "tenants", "capacity", "kubernetes"]
)
def test_a_dashboard_reads_as_it_did(slug: str, snapshot: SnapshotAssertion) -> None:
    """What is shown, in short; how it is written is the next test's."""
    (board,) = (each for each in dashboards_of(load_stack("test")) if each.slug == slug)
    shown = {
        f"{row.title} / {panel.title} [{panel.unit}]": [f"{query.legend} = {query.expr}" for query in panel.queries]
        for row in board.rows
        for panel in row.panels
    }
    assert shown == snapshot


def test_json_is_written_as_it_was(snapshot: SnapshotAssertion) -> None:
    """One dashboard in full: the others differ in what they show alone."""
    (text,) = (text for uid, text in documents_of(load_stack("test"), "mimir").items() if uid.endswith("object-store"))
    assert json.loads(text) == snapshot


@pytest.mark.parametrize("slug", ["object-store", "tenants"])
def test_every_backend_whose_metrics_are_known_is_on_the_dashboards_of_all(slug: str) -> None:
    stack = load_stack("prod", EVERYTHING)
    (shown,) = [each for each in dashboards_of(stack) if each.slug == slug]
    asked = {name for expr in queries(shown) for name in named_in(expr)}
    lists = {"Mimir": ["mimir", "mimir-from-source"], "Tempo": ["tempo"], "Loki": ["loki"]}
    for backend in stack.backends:
        files = [METRICS / f"{each}.txt" for each in lists.get(backend.of.title, [])]
        assert bool(files) == (backend.signal != "profiles"), "of Pyroscope only requests are known"
        known = {line.split()[0] for file in files for line in file.read_text().splitlines() if line[:1].isalpha()}
        own = {name for name in asked if any(name.startswith(each) for each in known)}
        assert own or not files, f"{backend.of.title} is not on {slug}"
