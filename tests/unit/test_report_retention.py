"""Data that a shorter retention deletes is said, whoever it is of and whatever made it shorter."""

import re
from typing import Any

import pytest
import yaml

from telemetry.backends.tempo.release import TEMPO
from telemetry.backends.tempo.values_common import TENANTS_CONFIG_MAP, tenant_overrides
from telemetry.engine.preview import read
from telemetry.kubernetes.defaults import Object
from telemetry.operations.report.build import Found, Rendered, build
from telemetry.operations.report.model import ChangeReport, Exit
from telemetry.operations.report.retention import PLACES, kept, shortened
from telemetry.releases import releases_of
from telemetry.stack import Stack
from tests.support import WITH_LOGS, WITH_PROFILES, Change, load_stack, put

SIGNALS = ("traces", "metrics", "logs", "profiles")
DAY = 86_400


def tenants(**retention: str) -> Change:
    """Return two tenants, the first of which has a retention of its own."""
    return put(
        "tenants",
        [
            {"id": "payments", "display_name": "Payments", "retention": retention},
            {"id": "billing", "display_name": "Billing"},
        ],
    )


def stack_of(*changes: Change) -> Stack:
    """Return a stack with all backends, each of which keeps data for 30 days."""
    defaults = [put(f"{signal}.retention", "30d") for signal in SIGNALS]
    return load_stack("dev", WITH_LOGS, WITH_PROFILES, *defaults, *changes)


def config_map(**files: Any) -> Object:
    return {
        "kind": "ConfigMap",
        "data": {f"{name}.yaml": yaml.safe_dump(content) for name, content in files.items()},
    }


def objects_of(stack: Stack) -> dict[str, list[Object]]:
    """Return the ConfigMaps of a stack as the charts make them of its values (tests/sandbox/test_charts.py)."""
    values = {each.name: each.values for each in releases_of(stack)}
    tempo = values["tempo"]["tempo"]
    compaction = {"compactor": {"compaction": {"block_retention": tempo["retention"]}}}
    found = {
        "tempo": [config_map(tempo={**compaction, "overrides": tempo.get("overrides", {})})],
        "mimir": [
            config_map(mimir=values["mimir"]["mimir"]["structuredConfig"]),
            config_map(runtime=values["mimir"].get("runtimeConfig", {})),
        ],
        "loki": [
            config_map(config={"limits_config": values["loki"]["loki"]["limits_config"]}),
            config_map(runtime=values["loki"]["loki"].get("runtimeConfig", {})),
        ],
        "pyroscope": [
            config_map(config=values["pyroscope"]["pyroscope"]["structuredConfig"]),
            config_map(overrides={"overrides": values["pyroscope"]["pyroscope"].get("tenantOverrides", {})}),
        ],
    }
    own = config_map(overrides={"overrides": tenant_overrides(stack.backend("traces").context, generates=False)})
    return {**found, TENANTS_CONFIG_MAP: [own]} if stack.tenants else found


def said(before: Stack, after: Stack) -> dict[str, str]:
    """Return what is said, by what it is about."""
    found = list(shortened(objects_of(before), objects_of(after)))
    assert {each.level for each in found} <= {"destructive"}
    return {each.about: each.text for each in found}


def test_every_backends_release_is_read() -> None:
    stack = stack_of(tenants())
    assert {each.name for each in releases_of(stack)} | set(TEMPO.values()) | {TENANTS_CONFIG_MAP} == set(PLACES)
    assert {each.signal for each in stack.backends} == {signal for signal, _ in PLACES.values()}
    assert {signal: its.default for signal, its in kept(objects_of(stack)).items()} == dict.fromkeys(SIGNALS, 30 * DAY)


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_lowered_default_is_destructive(signal: str) -> None:
    found = said(stack_of(), stack_of(put(f"{signal}.retention", "7d")))
    assert found == {f"retention of {signal}": "30 days become 7 days for all data: what is older is deleted for good"}


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize(
    ("was", "becomes", "words"),
    [
        ("400d", None, "400 days become 30 days for tenant payments"),
        ("400d", "36h", "400 days become 1.5 days for tenant payments"),
        (None, "7d", "30 days become 7 days for tenant payments"),
    ],
)
def test_a_tenants_override_that_is_removed_lowered_or_added_is_destructive(
    signal: str, was: str | None, becomes: str | None, words: str
) -> None:
    before, after = ({signal: text} if text else {} for text in (was, becomes))
    found = said(stack_of(tenants(**before)), stack_of(tenants(**after)))
    assert list(found) == [f"retention of {signal}"]
    assert found[f"retention of {signal}"].startswith(words + ":")


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_tenant_that_leaves_with_a_longer_retention_is_named(signal: str) -> None:
    rest = put("tenants", [{"id": "billing", "display_name": "Billing"}])
    found = said(stack_of(tenants(**{signal: "400d"})), stack_of(rest))
    assert found[f"retention of {signal}"].startswith("400 days become 30 days for tenant payments:")


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_lowered_default_names_who_has_none_of_their_own(signal: str) -> None:
    own = tenants(**{signal: "400d"})
    found = said(stack_of(own), stack_of(own, put(f"{signal}.retention", "7d")))
    words = "30 days become 7 days for tenant billing, data of no tenant that is named:"
    assert found[f"retention of {signal}"].startswith(words)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((), ()),
        ((), (put("metrics.retention", "60d"), put("traces.retention", "60d"))),
        ((tenants(),), (tenants(metrics="31d", traces="30d", logs="30d"),)),
        ((tenants(metrics="400d"),), (tenants(), put("metrics.retention", "400d"))),
        ((), (tenants(metrics="30d", logs="60d"),)),
    ],
)
def test_what_is_kept_as_long_or_longer_is_no_warning(before: tuple[Change, ...], after: tuple[Change, ...]) -> None:
    assert said(stack_of(*before), stack_of(*after)) == {}


def test_for_ever_is_longer_than_anything() -> None:
    before, after = objects_of(stack_of()), objects_of(stack_of())
    before["mimir"] = [config_map(mimir={"limits": {"compactor_blocks_retention_period": "0s"}, "server": {}})]
    before["loki"] = [config_map(config={"server": {}})]
    texts = {each.about: each.text for each in shortened(before, after)}
    assert texts["retention of metrics"].startswith("no end become 30 days for all data")
    assert texts["retention of logs"].startswith("no end become 30 days for all data")


def test_a_move_of_tempo_compares_the_old_release_with_the_new_one() -> None:
    def distributed(retention: str) -> list[Object]:
        return [config_map(tempo={"compactor": {"compaction": {"block_retention": retention}}, "server": {}})]

    before = objects_of(stack_of())
    moved = {name: its for name, its in before.items() if name != "tempo"}
    (warning,) = shortened(before, {**moved, "tempo-distributed": distributed("336h0m0s")})
    assert warning.text.startswith("30 days become 14 days")
    assert list(shortened(before, {**moved, "tempo-distributed": distributed("720h")})) == []


def release(action: str) -> dict[str, Any]:
    """Return the preview of a release of Mimir, and of Tempo's overrides."""
    inputs = {"name": "mimir", "namespace": "ns", "chart": "mimir-distributed", "version": "6.1.0", "values": {}}
    return {
        "op": action,
        "urn": "urn:pulumi:dev::telemetry::kubernetes:helm.sh/v3:Release::mimir",
        "oldState": {"inputs": inputs},
        "newState": {"inputs": inputs},
    }


def overrides(days: int) -> dict[str, Any]:
    own = {"overrides": {"payments": {"compaction": {"block_retention": f"{days * 24}h"}}}}
    return {**config_map(overrides=own), "apiVersion": "v1", "metadata": {"name": TENANTS_CONFIG_MAP}}


def reported(steps: list[dict[str, Any]], old: Object, new: Object) -> ChangeReport:
    seen = read({"steps": steps})
    rendered = {step.urn: Rendered((old,), (new,)) for step in seen.releases}
    return build(load_stack(), seen, rendered, Found("nothing"))


def mimir(days: int) -> Object:
    return {
        **config_map(mimir={"limits": {"compactor_blocks_retention_period": f"{days}d"}}),
        "apiVersion": "v1",
        "metadata": {"name": "mimir-config"},
    }


def test_the_report_ends_as_one_that_is_destructive() -> None:
    report = reported([release("update")], mimir(400), mimir(30))
    assert report.exit_code(allow=False) is Exit.DESTRUCTIVE
    assert [warning.text for warning in report.warnings if warning.about == "retention of metrics"]
    longer = reported([release("update")], mimir(30), mimir(400))
    assert longer.exit_code(allow=False) is Exit.CHANGES


def test_tempos_own_overrides_count_though_its_release_stays_as_it_is() -> None:
    tempo = config_map(tempo={"compactor": {"compaction": {"block_retention": "720h"}}, "server": {}})
    step = {
        "op": "update",
        "urn": f"urn:pulumi:dev::telemetry::kubernetes:core/v1:ConfigMap::{TENANTS_CONFIG_MAP}",
        "oldState": {"inputs": overrides(400)},
        "newState": {"inputs": overrides(40)},
    }
    same = yaml.safe_load(re.sub("mimir", "tempo", yaml.safe_dump(release("same"))))
    report = reported([same, step], {}, tempo)
    (warning,) = [each for each in report.warnings if each.about == "retention of traces"]
    assert warning.text.startswith("400 days become 40 days for tenant payments:")
