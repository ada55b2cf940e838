"""The published schema of the outputs: up to date, closed, and never changed without its version."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from components.outputs import SCHEMA_VERSION, Outputs, status, tenants
from docs import make_schema
from examples.consumer.collector import KNOWN_VERSIONS, UnknownVersionError, configuration
from telemetry.capacity.summary import summary
from tests.support import ENVIRONMENTS, REPO, load_stack

HINT = "write it anew with: python -m docs.make_schema"
ADDRESSES = {
    "traces": {"otlp_grpc": "tempo:4317", "otlp_http": "http://tempo:4318/v1/traces", "query": "http://tempo:3200"},
    "metrics": {"remote_write": "http://mimir/push", "otlp_http": "http://mimir/otlp", "query": "http://mimir/query"},
    "logs": {"push": "http://loki/push", "otlp_http": "http://loki/otlp", "query": "http://loki"},
    "profiles": {"push": "http://pyroscope", "query": "http://pyroscope"},
}


def outputs(environment: str = "dev") -> dict[str, Any]:
    """Return outputs as another stack reads them: JSON."""
    stack = load_stack(environment)
    told = {
        "schema_version": SCHEMA_VERSION,
        "endpoints": ADDRESSES,
        "certificate_authority": "",
        "datasources": {signal: {"name": "Tempo (dev)", "uid": "tempo-dev"} for signal in ("traces", "metrics")},
        "buckets": list(stack.buckets),
        "tenants": tenants(stack, {"platform": "tenant-platform"}, {}),
        "capacity": summary(stack),
        "status": status(stack, {"mimir": "deployed"}),
    }
    parsed: dict[str, Any] = json.loads(json.dumps(told))
    return parsed


def test_the_published_schema_is_that_of_the_types() -> None:
    assert make_schema.SCHEMA.read_text() == make_schema.document(), HINT


def test_the_shape_is_that_of_its_version() -> None:
    published = json.loads(make_schema.VERSIONS.read_text())
    assert published[str(SCHEMA_VERSION)] == make_schema.digest(make_schema.schema()), "raise SCHEMA_VERSION"
    assert max(map(int, published)) == SCHEMA_VERSION


def test_published_versions_are_never_changed() -> None:
    file = make_schema.VERSIONS.relative_to(REPO)
    done = subprocess.run(["git", "show", f"HEAD:{file}"], cwd=REPO, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("no commit has versions yet, or this is no git checkout")
    before, now = json.loads(done.stdout), json.loads(make_schema.VERSIONS.read_text())
    assert {version: now.get(version) for version in before} == before


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_is_exported_is_of_that_shape_to_the_last_property(environment: str) -> None:
    told = outputs(environment)
    adapter = TypeAdapter(Outputs)
    assert adapter.dump_python(adapter.validate_python(told, strict=True)) == told


def objects(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    yield from schema["$defs"].values()


def test_no_object_may_have_more_than_its_properties_or_less() -> None:
    for each in objects(make_schema.schema()):
        assert each["additionalProperties"] is False, each
        assert set(each["required"]) == set(each["properties"]), each


def renamed(schema: dict[str, Any]) -> None:
    schema["properties"]["bucket_names"] = schema["properties"].pop("buckets")


def added(schema: dict[str, Any]) -> None:
    schema["$defs"]["Status"]["properties"]["since"] = {"type": "string"}


def nullable(schema: dict[str, Any]) -> None:
    schema["$defs"]["Datasource"]["properties"]["uid"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def optional(schema: dict[str, Any]) -> None:
    schema["$defs"]["Endpoints"]["required"].remove("traces")


def retyped(schema: dict[str, Any]) -> None:
    schema["$defs"]["Summary"]["properties"]["pods"]["type"] = "string"


def titled(schema: dict[str, Any]) -> None:
    """A property that is called like a word for people is a property."""
    schema["$defs"]["Datasource"]["properties"]["title"] = {"type": "string"}


@pytest.mark.parametrize("change", [renamed, added, nullable, optional, retyped, titled])
def test_another_shape_has_another_digest(change: Any) -> None:
    schema = copy.deepcopy(make_schema.schema())
    change(schema)
    assert make_schema.digest(schema) != make_schema.digest(make_schema.schema())


def test_words_names_of_types_and_order_are_no_part_of_a_shape() -> None:
    text = json.dumps(make_schema.schema()).replace("Datasource", "GrafanaSource").replace("in Grafana", "of Grafana")
    schema = json.loads(text)
    schema["required"].reverse()
    assert make_schema.digest(schema) == make_schema.digest(make_schema.schema())


def test_a_new_shape_under_an_old_version_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = tmp_path / "versions.json"
    versions.write_text(json.dumps({"1": "first", str(SCHEMA_VERSION): "another shape"}))
    monkeypatch.setattr(make_schema, "VERSIONS", versions)
    monkeypatch.setattr(make_schema, "SCHEMA", tmp_path / "schema.json")
    monkeypatch.setattr(sys, "argv", ["make_schema"])
    assert make_schema.main() == 1
    assert "raise SCHEMA_VERSION" in capsys.readouterr().err
    assert not make_schema.SCHEMA.exists()
    monkeypatch.setattr(make_schema, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    assert make_schema.main() == 0
    assert json.loads(versions.read_text())["1"] == "first"
    assert len(json.loads(versions.read_text())) == 3


def test_check_says_what_is_stale_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(make_schema, "SCHEMA", tmp_path / "schema.json")
    monkeypatch.setattr(sys, "argv", ["make_schema", "--check"])
    assert make_schema.main() == 1
    assert "schema.json" in capsys.readouterr().err
    assert not make_schema.SCHEMA.exists()
    make_schema.SCHEMA.write_text(make_schema.document())
    assert make_schema.main() == 0


def test_the_page_names_every_property() -> None:
    page = (REPO / "docs" / "outputs.md").read_text()
    words = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", page))))
    names = {name for each in objects(make_schema.schema()) for name in each["properties"]}
    assert names <= words
    assert f"| {SCHEMA_VERSION} | " in page, "the page does not say what changed in this version"


def test_the_example_makes_exporters_of_the_outputs() -> None:
    made = yaml.safe_load(configuration(outputs()))
    assert made["exporters"] == {
        "otlp/traces": {"endpoint": "tempo:4317", "tls": {"insecure": True}},
        "otlphttp/metrics": {"metrics_endpoint": "http://mimir/otlp"},
        "otlphttp/logs": {"logs_endpoint": "http://loki/otlp"},
    }
    used = [name for each in made["service"]["pipelines"].values() for name in each["exporters"]]
    assert sorted(used) == sorted(made["exporters"])


def test_a_stack_without_loki_has_no_pipeline_for_logs() -> None:
    told = {**outputs(), "endpoints": {**ADDRESSES, "logs": None, "profiles": None}}
    made = yaml.safe_load(configuration(told))
    assert set(made["service"]["pipelines"]) == {"traces", "metrics"}
    assert not [name for name in made["exporters"] if "logs" in name]
    adapter = TypeAdapter(Outputs)
    assert adapter.dump_python(adapter.validate_python(told, strict=True)) == told


def test_the_example_knows_this_version() -> None:
    assert SCHEMA_VERSION in KNOWN_VERSIONS


@pytest.mark.parametrize(
    ("version", "said"),
    [(1, "version 1,"), (2.0, "version 2,"), ("2", "no schema_version"), (None, "no schema_version")],
)
def test_the_example_refuses_what_it_does_not_know(version: Any, said: str) -> None:
    with pytest.raises(UnknownVersionError, match=said):
        configuration({**outputs(), "schema_version": version})
