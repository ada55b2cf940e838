"""PodMonitor objects are registered where an operator scrapes, word for word, and nowhere else."""

import pytest

from telemetry.monitoring.operator import pod_monitors
from tests.engine.recorder import changed
from tests.support import Change, all_of, load_stack, put
from tests.unit.bad_collectors import API_SERVER, DAEMON_SET

MONITOR = "kubernetes:monitoring.coreos.com/v1:PodMonitor"
ON: Change = all_of(
    put("monitoring.scrape", "operator"),
    put("monitoring.labels", {"release": "monitoring"}),
    put("collector", DAEMON_SET),
)


@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_what_is_scraped_is_sent_word_for_word(preview: bool) -> None:
    sent = {each.name: each.plain for each in changed(ON, environment="prod", preview=preview).of(MONITOR)}
    assert {name: each["spec"] for name, each in sent.items()} == {
        each.name: each.spec for each in pod_monitors(load_stack("prod", ON))
    }
    labels = {"app.kubernetes.io/part-of": "telemetry", "release": "monitoring"}
    assert [each["metadata"] for each in sent.values()] == [
        {"name": name, "namespace": "ca7f8f-prod", "labels": labels} for name in sent
    ]


@pytest.mark.parametrize("scrape", ["none", "collector", "annotations"])
def test_nobody_else_is_told_by_objects(scrape: str) -> None:
    api_server = {"api_server": API_SERVER} if scrape == "collector" else {}
    run = changed(
        put("monitoring.scrape", scrape),
        put("collector", {**DAEMON_SET, **api_server}),
        environment="prod",
        preview=True,
    )
    assert run.of(MONITOR) == []
    assert not [each for each in run.resources if each.type == "telemetry:monitoring:Scraping"]
