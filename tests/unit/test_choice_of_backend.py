"""A section names its backend: a second one for metrics is another description in the registry."""

from dataclasses import replace
from typing import Literal

import pytest
from pydantic import Field

from telemetry import backends
from telemetry.backends import BACKENDS, backends_for
from telemetry.backends.mimir import BACKEND as MIMIR
from telemetry.backends.mimir.settings import Metrics
from telemetry.grafana.datasources import datasources_of
from telemetry.grafana.views import views
from telemetry.stack import ConfigError
from tests.support import Change, all_of, load_stack, put


class OtherMetrics(Metrics):
    """Settings of another program that stores metrics."""

    backend: Literal["other"] = "other"  # type: ignore[assignment]
    shards: int = Field(default=1, ge=1, description="What only it has.")


OTHER = replace(MIMIR, name="other", title="Other", settings=OtherMetrics)
CHOSEN = put("metrics.backend", "other")


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put another metrics backend into the registry."""
    monkeypatch.setattr(backends, "BACKENDS", (*BACKENDS, OTHER))


def said_of(change: Change) -> str:
    with pytest.raises(ConfigError) as refused:
        load_stack("dev", change)
    (line,) = refused.value.findings
    return line


def test_the_first_of_a_signal_is_the_default() -> None:
    assert list(backends_for("metrics")) == ["mimir", "thanos", "other"]
    assert load_stack("dev").backend("metrics").of is MIMIR


def test_a_section_is_read_as_the_backend_says_that_it_names() -> None:
    stack = load_stack("dev", all_of(CHOSEN, put("metrics.shards", 3)))
    assert stack.backend("metrics").of is OTHER
    assert stack.backend("metrics").settings == stack.metrics
    assert isinstance(stack.metrics, OtherMetrics)
    assert stack.metrics.shards == 3
    assert stack.signals == load_stack("dev").signals


def test_what_is_made_of_a_backend_follows_the_choice() -> None:
    stack = load_stack("dev", CHOSEN)
    urls = {"metrics": "http://m", "traces": "http://t"}
    (found,) = datasources_of(stack, views(stack, credentials={}, federation=None), urls=urls, authority=None)
    assert (found["metrics"].uid, found["metrics"].name) == ("other-dev", "Other (dev)")
    assert '"datasourceUid": "other-dev"' in found["traces"].json_data


def test_a_key_of_another_backend_is_unknown_and_the_chosen_ones_are_listed() -> None:
    assert "metrics.shards: unknown key" in said_of(put("metrics.shards", 3))
    line = said_of(all_of(CHOSEN, put("metrics.shard", 3)))
    assert line.startswith("telemetry:metrics.shard: unknown key (did you mean shards?)")


@pytest.mark.parametrize("name", ["cortex", ""])
def test_a_backend_that_nobody_has_is_refused_with_those_that_there_are(name: str) -> None:
    line = said_of(put("metrics.backend", name))
    assert line == f"telemetry:metrics.backend: {name!r}: must be 'mimir' or 'thanos' or 'other'; correct it"


@pytest.mark.parametrize("value", [1, ["mimir"], None])
def test_what_is_no_name_is_refused(value: object) -> None:
    assert said_of(put("metrics.backend", value)).startswith("telemetry:metrics.backend: ")


def test_with_one_backend_its_own_name_alone_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backends, "BACKENDS", tuple(each for each in BACKENDS if each.name != "thanos"))
    assert "metrics.backend: 'other': must be 'mimir'; correct it" in said_of(CHOSEN)
    assert load_stack("dev", put("metrics.backend", "mimir")) == load_stack("dev")
