"""Rules and dashboards of the user's own: read, refused with where they stand, and put on this environment's names."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from telemetry.config.dashboards import Dashboards
from telemetry.grafana.dashboards import packs as dashboards
from telemetry.monitoring import packs as rules
from telemetry.monitoring.operator import prometheus_rules
from telemetry.monitoring.rules import groups_of
from telemetry.stack import ConfigError, Stack
from tests.support import WITH_LOGS, Change, Tree, all_of, load_stack, put

EXAMPLE = "examples/packs"
RULES = put("monitoring.rule_packs", [{"path": f"{EXAMPLE}/rules.yaml"}])
OLD: dict[str, str] = {"the-old-prometheus": "metrics"}
SHOP = put("dashboards", {"packs": [{"path": EXAMPLE, "folder": "Shop", "datasources": OLD}]})
Write = Callable[[str, Any], str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return what writes a file into a project of its own, and names it."""
    monkeypatch.chdir(tmp_path)

    def written(name: str, content: Any) -> str:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(content if isinstance(content, str) else json.dumps(content))
        return name

    return written


def with_rules(*packs: Tree) -> Stack:
    return load_stack("dev", put("monitoring.rule_packs", list(packs)))


def with_dashboards(*packs: Tree, more: Change = WITH_LOGS) -> Stack:
    return load_stack("dev", more, put("dashboards", {"packs": list(packs)}))


def group(name: str = "g", *more: Tree, **rule: Any) -> Tree:
    return {"groups": [{"name": name, "rules": [{"alert": "A", "expr": "up == 0", **rule}, *more]}]}


def dashboard(uid: str = "d", **more: Any) -> Tree:
    return {"uid": uid, "title": "D", "panels": [], **more}


def refused(load: Callable[[], Stack]) -> str:
    with pytest.raises(ConfigError) as raised:
        load()
    (line,) = raised.value.findings
    return str(line)


# Rules


def test_rules_go_where_the_programs_go_as_they_are() -> None:
    plain, stack = load_stack("prod"), load_stack("prod", RULES)
    (given,) = yaml.safe_load(Path(f"{EXAMPLE}/rules.yaml").read_text())["groups"]
    given["rules"][1]["expr"] = given["rules"][1]["expr"].strip()
    assert groups_of(stack) == [*groups_of(plain), given]
    (*ours, shop) = prometheus_rules(stack)
    assert ours == list(prometheus_rules(plain))
    assert (shop.name, shop.namespace, shop.spec) == ("shop", "ca7f8f-prod", {"groups": [given]})
    assert list(rules.refusals(stack)) == []


def test_rules_are_left_out_by_name_and_groups_without_any_too(write: Write) -> None:
    left = {"alert": "B", "expr": "up == 0", "labels": {"severity": "warning"}}
    path = write("r.yaml", group("Some Group/1", left))
    only_b = with_rules({"path": path, "without": ["A"]})
    assert groups_of(only_b)[-1] == {"name": "Some Group/1", "rules": [left]}
    assert [each.name for each in prometheus_rules(only_b)][-1] == "some-group-1"
    assert groups_of(with_rules({"path": path, "without": ["A", "B"]})) == groups_of(load_stack("dev"))


def test_a_folder_is_all_rule_files_below_it(write: Write) -> None:
    write("mine/a.yaml", group("a"))
    write("mine/b.yaml", group("b", alert="B"))
    write("mine/read.me", "not one")
    assert [each["name"] for each in groups_of(with_rules({"path": "mine"}))[-2:]] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("groups: [", "r.yaml: is no YAML (line 1: expected the node content, but found '<stream end>'); correct"),
        ("groups: []\ngroups: []", "r.yaml: line 2: groups is given twice; correct the file"),
        ({"rules": []}, "r.yaml: groups: Field required"),
        (group(fro="5m"), "r.yaml: groups.0.rules.0.fro: Extra inputs are not permitted"),
        (group(expr="sum(up"), "r.yaml: groups.0.rules.0: has an expr whose brackets or quotes do not close"),
        (group(expr='up{a="b}'), "brackets or quotes do not close"),
        (group(expr=1), "r.yaml: groups.0.rules.0.expr: Input should be a valid string"),
        (group(record="a:b"), "needs one of record and alert"),
        ({"groups": [{"name": "g", "rules": [{"record": "a:b", "expr": "up", "for": "5m"}]}]}, "so it has no for"),
        (group(**{"for": "5 minutes"}), "r.yaml: groups.0.rules.0.for: String should match"),
        (group(labels={"severity": 1}), "r.yaml: groups.0.rules.0.labels.severity: Input should be a valid string"),
    ],
)
def test_a_file_that_is_no_rule_file_is_refused_with_the_place_in_it(write: Write, content: Any, said: str) -> None:
    path = write("r.yaml", content)
    line = refused(lambda: with_rules({"path": path}))
    assert line.startswith("telemetry:monitoring.rule_packs.0.path: 'r.yaml': ")
    assert said in line


@pytest.mark.parametrize("expr", ['up{a="}"} # (', "count(up{b=~`[`}) > 1", "rate(x[5m:])", r'up{a="\"("}'])
def test_brackets_in_strings_and_comments_do_not_count(write: Write, expr: str) -> None:
    assert groups_of(with_rules({"path": write("r.yaml", group(expr=expr))}))[-1]["rules"][0]["expr"] == expr


@pytest.mark.parametrize(
    ("pack", "key", "said"),
    [
        ({"path": "nowhere.yaml"}, "path", "nowhere.yaml: cannot be read"),
        ({"path": "a\0b.yaml"}, "path", "cannot be read (ValueError); correct the path"),
        ({"path": "/r.yaml"}, "path", "must begin at the project"),
        ({"path": "."}, "path", "is a folder without a file whose name ends in .yaml or .yml"),
        ({"path": "r.json"}, "path", "must be a folder, or a file whose name ends in .yaml"),
        ({"path": f"{EXAMPLE}/rules.yaml", "without": ["ShopFail"]}, "without.0", "did you mean ShopFails?"),
    ],
)
def test_a_wrong_path_or_name_is_refused(
    pack: Tree, key: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if pack["path"] == ".":
        monkeypatch.chdir(tmp_path)
    line = refused(lambda: with_rules(pack))
    assert line.startswith(f"telemetry:monitoring.rule_packs.0.{key}: ")
    assert said in line


@pytest.mark.parametrize(
    ("content", "key", "said"),
    [
        (group("telemetry-mimir"), "path", "the group 'telemetry-mimir' is called as one of the program's is"),
        (group("-"), "path", "can be no object's name"),
        (group(alert="MimirFlushFailing"), "without", "lacks MimirFlushFailing, which r.yaml has, and the program's"),
        (group("g", {"alert": "A", "expr": "up == 0"}), "without", "lacks A, which r.yaml has, and r.yaml's rules too"),
        (
            {"groups": [{"name": "g", "rules": [{"record": "a:b", "expr": each} for each in ("up", "up * 2")]}]},
            "without",
            "lacks a:b, which r.yaml has, and r.yaml's rules too",
        ),
        ({"groups": [*group("a.b")["groups"], *group("A.B", alert="B")["groups"]]}, "path", "one of r.yaml is"),
    ],
)
def test_a_name_that_is_taken_is_refused(write: Write, content: Any, key: str, said: str) -> None:
    (line,) = rules.refusals(with_rules({"path": write("r.yaml", content)}))
    assert line.startswith(f"telemetry:monitoring.rule_packs.0.{key}: ")
    assert said in line


@pytest.mark.parametrize("other", [{"expr": "up == 0", "labels": {"severity": "page"}}, {"expr": "up < 1"}])
def test_an_alert_may_have_several_severities_and_expressions(write: Write, other: Tree) -> None:
    """As mixins have them."""
    two = write("r.yml", group("g", {"alert": "A", **other}))
    assert list(rules.refusals(with_rules({"path": two}))) == []


def test_a_dashboard_of_before_grafana_5_is_taken_as_it_is(write: Write) -> None:
    rows = [{"panels": [{"datasource": "$datasource"}]}]
    variables = {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]}
    old = {"uid": "", "title": "D", "rows": rows, "templating": variables}
    shown = documents(with_dashboards({"path": write("d.json", old)}))["d-dev"]
    assert shown["rows"] == rows
    assert shown["templating"]["list"][0]["current"]["value"] == "mimir-dev"


# Dashboards


def documents(stack: Stack) -> dict[str, dict[str, Any]]:
    assert stack.dashboards is not None
    return {each.uid: json.loads(each.text) for each in dashboards.documents_of(stack, stack.dashboards)}


def test_dashboards_are_of_this_environment_and_ask_its_datasources() -> None:
    stack = load_stack("dev", WITH_LOGS, SHOP)
    shown = documents(stack)
    assert {uid: each["title"] for uid, each in shown.items()} == {
        "shop-dev": "Shop (dev)",
        "shop-service-dev": "Shop: one service (dev)",
    }
    shop, service = shown["shop-dev"], shown["shop-service-dev"]
    requests, errors = shop["panels"]
    assert requests["datasource"] == requests["targets"][0]["datasource"] == {"type": "prometheus", "uid": "mimir-dev"}
    assert errors["datasource"]["uid"] == "${logs}"  # which people may choose
    assert shop["templating"]["list"][0]["current"]["value"] == "loki-dev"
    assert requests["links"][0]["url"] == "/d/shop-service-dev/one?var-service=all"
    assert "__inputs" not in shop
    assert service["panels"][0]["datasource"]["uid"] == "mimir-dev"
    assert list(dashboards.refusals(stack)) == []
    assert isinstance(stack.dashboards, Dashboards)
    assert {each.folder for each in dashboards.documents_of(stack, stack.dashboards)} == {"Shop (dev)"}


def test_another_prometheus_is_asked_where_one_is_named() -> None:
    given = {"packs": [{"path": EXAMPLE, "datasources": {**OLD, "logs": "their-loki"}}], "datasource": "theirs"}
    shop = documents(load_stack("prod", put("dashboards", given)))["shop-prod"]
    assert shop["panels"][0]["datasource"]["uid"] == "theirs"
    assert shop["templating"]["list"][0]["current"]["value"] == "their-loki"


def test_what_grafana_brings_and_what_is_ours_already_stays(write: Write) -> None:
    asked = [{"uid": "-- Mixed --"}, {"uid": "mimir-dev"}, "$source", None, {"type": "datasource", "uid": "grafana"}]
    variables = {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]}
    made = dashboard(panels=[{"datasource": each} for each in asked], templating=variables)
    stack = with_dashboards({"path": write("d.json", made)})
    assert list(dashboards.refusals(stack)) == []
    assert [each["datasource"] for each in documents(stack)["d-dev"]["panels"]] == asked


def test_constants_are_filled_in_and_a_long_uid_is_cut(write: Write) -> None:
    given = [{"name": "VAR_JOB", "type": "constant", "value": "shop"}]
    made = dashboard("u" * 40, __inputs=given, panels=[{"title": "of ${VAR_JOB}"}])
    ((uid, shown),) = documents(with_dashboards({"path": write("d.json", made)})).items()
    assert len(uid) == 40
    assert shown["panels"][0]["title"] == "of shop"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "d.json: is no JSON"),
        ({"dashboard": dashboard()}, "give what stands in its `dashboard`"),
        ({"title": "D", "uid": "d"}, "has neither panels nor rows"),
        (dashboard("a/b"), "has the uid 'a/b', and Grafana takes 1 to 40"),
        (dashboard("telemetry-dev-mimir"), "begins with telemetry-, as the program's do"),
        (dashboard(__elements={"x": {}}), "has library panels"),
    ],
)
def test_what_is_no_dashboard_is_refused(write: Write, content: Any, said: str) -> None:
    path = write("d.json", content)
    line = refused(lambda: with_dashboards({"path": path}))
    assert line.startswith("telemetry:dashboards.packs.0.path: 'd.json': ")
    assert said in line


def test_a_uid_that_is_there_twice_is_refused(write: Write) -> None:
    write("two/a.json", dashboard())
    write("two/b.json", dashboard())
    assert "two/b.json: has the uid d, as has two/a.json" in refused(lambda: with_dashboards({"path": "two"}))
    (line,) = dashboards.refusals(with_dashboards({"path": "two/a.json"}, {"path": "two/b.json"}))
    assert line.startswith("telemetry:dashboards.packs.1.path: two/b.json: has the uid d, as has two/a.json")


@pytest.mark.parametrize(
    ("asked", "chosen", "said"),
    [
        ({"uid": "elsewhere"}, {}, "0.datasources: does not say what 'elsewhere' is here, which d.json asks"),
        ({"uid": "elsewhere"}, {"elsewhere": "profiles"}, "0.datasources.elsewhere: 'profiles': has no datasource"),
        (None, {"elsewhere": "metrics"}, "0.datasources.elsewhere: none of these dashboards asks for it"),
    ],
)
def test_a_datasource_that_nobody_knows_is_refused(write: Write, asked: Any, chosen: Any, said: str) -> None:
    path = write("d.json", dashboard(panels=[{"datasource": asked}]))
    (line,) = dashboards.refusals(with_dashboards({"path": path, "datasources": chosen}))
    assert line.startswith(f"telemetry:dashboards.packs.{said}")


def test_an_input_of_a_type_that_is_not_here_is_refused(write: Write) -> None:
    given = [{"name": "DS_PROFILES", "type": "datasource", "pluginId": "grafana-pyroscope-datasource"}]
    (line,) = dashboards.refusals(with_dashboards({"path": write("d.json", dashboard(__inputs=given))}))
    assert "what 'DS_PROFILES' is here, which d.json asks" in line
    assert "{DS_PROFILES: traces or metrics or logs, or a datasource's uid}" in line


def test_nothing_is_refused_where_there_is_nothing() -> None:
    plain = load_stack("prod", all_of(put("dashboards", {"datasource": "m"})))
    assert [*dashboards.refusals(plain), *rules.refusals(plain), *dashboards.refusals(load_stack("dev"))] == []
