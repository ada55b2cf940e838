"""The collector's configuration is registered where it is asked for, word for word, and Alloy where that is too."""

import pytest

from telemetry.collector.config import configuration
from telemetry.collector.release import collector_release
from tests.engine.recorder import changed, run_of
from tests.support import ENVIRONMENTS, Change, all_of, load_stack, put
from tests.unit.bad_collectors import API_SERVER, CHART, DAEMON_SET, SCRAPES

CONFIG_MAP, RELEASE = "kubernetes:core/v1:ConfigMap", "kubernetes:helm.sh/v3:Release"
SCRAPING: Change = all_of(put("collector", {**DAEMON_SET, "api_server": API_SERVER}), SCRAPES)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_is_registered_unless_it_is_asked_for(environment: str) -> None:
    run = run_of(environment, preview=True)
    assert not [each for each in run.resources if each.name == "collector"]


def test_for_an_alloy_that_exists_there_is_the_configuration_alone() -> None:
    change = put("collector", {"metrics": "remote-write"})
    run, stack = changed(change, environment="prod", preview=True), load_stack("prod", change)
    assert stack.collector is not None
    assert run.one(CONFIG_MAP, "collector").plain["data"] == {"config.alloy": configuration(stack, stack.collector)}
    assert "collector" not in {each.name for each in run.of(RELEASE)}


def test_a_collector_of_another_kind_has_its_own_file() -> None:
    run = changed(put("collector", {"kind": "otel"}), environment="prod", preview=True)
    assert list(run.one(CONFIG_MAP, "collector").plain["data"]) == ["config.yaml"]


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_alloy_is_deployed_after_what_it_mounts_and_what_it_sends_to(preview: bool) -> None:
    run, wanted = (
        changed(SCRAPING, environment="prod", preview=preview),
        collector_release(load_stack("prod", SCRAPING)),
    )
    assert wanted is not None
    release = run.one(RELEASE, "collector")
    assert release.plain["values"] == wanted.values
    assert release.plain["repositoryOpts"] == {"repo": CHART["repository"]}
    order = [(each.type.rpartition(":")[2], each.name) for each in run.resources]
    before = [
        ("ConfigMap", "collector"),
        ("Secret", "tenant-platform"),
        ("Deployment", "gateway"),
        ("Release", "mimir"),
    ]
    assert order.index(("Release", "collector")) > max(map(order.index, before))
    assert {"collector", "telemetry-default-deny"} <= {
        each.name for each in run.resources if each.type.endswith(":NetworkPolicy")
    }
