"""The published schema of stack files: up to date, and what it says of a file is what the program would say."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from pydantic import BaseModel

from docs import make_stack_schema
from tests.engine.rich_stacks import CERTIFIED, DEV, EXISTING, PROD, RULER
from tests.support import REPO, Change, all_of, drop, put, tree
from tests.unit.test_settings import ALL_MODELS

SECRET: dict[str, str] = {"secure": "v1:bm9uY2U=:Y2lwaGVy"}
IDENTITY = {"access_key": SECRET, "secret_key": SECRET}
CREDENTIALS = {
    **dict.fromkeys(("provisioner", "traces", "metrics"), IDENTITY),
    "grafana": {"auth": SECRET},
    "gateway": {"key": SECRET, "previous": {"key": SECRET, "until": SECRET}},
}
BEYOND_PYTHON = re.compile(r"\(\?P|\(\?[aiLmsux]|\\[AZ]")
"""What patterns of JavaScript, in which editors read them, do not have."""


@cache
def schema() -> Any:
    """Return the schema."""
    return make_stack_schema.schema()


def wrong_with(file: Any) -> dict[str, str]:
    """Return what an editor would underline: path below `config` to what is said."""
    found = jsonschema.Draft7Validator(schema()).iter_errors(file)
    return {".".join(map(str, list(each.absolute_path)[1:])): each.message for each in found}


def changed(environment: str, *changes: Change) -> dict[str, Any]:
    """Return a stack's file, changed, without its secrets."""
    settings = tree(environment)
    all_of(drop("credentials"), *changes)(settings)
    return {"config": {f"telemetry:{key}": value for key, value in settings.items()}}


def test_it_is_up_to_date_and_a_schema() -> None:
    hint = "docs/stack.schema.json is stale; write it anew with: python -m docs.make_stack_schema"
    assert (REPO / "docs" / "stack.schema.json").read_text() == make_stack_schema.document(), hint
    jsonschema.Draft7Validator.check_schema(json.loads(make_stack_schema.document()))


STACK_FILES = [*sorted(REPO.glob("Pulumi.*.yaml")), *sorted(REPO.glob("examples/*/Pulumi.*.yaml"))]
"""The stacks' own, and those of examples."""


@pytest.mark.parametrize("file", STACK_FILES, ids=lambda file: str(file.relative_to(REPO)))
def test_a_stack_file_names_it_and_keeps_it(file: Path) -> None:
    text = file.read_text()
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert named
    assert (file.parent / named[1]).samefile(make_stack_schema.SCHEMA)
    assert wrong_with(yaml.safe_load(text)) == {}


@pytest.mark.parametrize(
    ("environment", "changes"), [("prod", PROD), ("dev", DEV), ("test", CERTIFIED), ("test", all_of(EXISTING, RULER))]
)
def test_what_the_program_takes_is_not_underlined(environment: str, changes: Change) -> None:
    def without_secrets(settings: dict[str, Any]) -> None:
        settings.pop("credentials", None)

    assert wrong_with(changed(environment, changes, without_secrets)) == {}


def test_what_pulumi_writes_into_the_file_is_not_underlined() -> None:
    file = changed("dev", put("credentials", CREDENTIALS), put("tenants_file", "tenants.yaml"))
    for secrets in ({"encryptionsalt": "v1:…"}, {"secretsprovider": "awskms://…", "encryptedkey": "…"}):
        assert wrong_with({**secrets, **file}) == {}
    file["config"] |= {"telemetry:credentials": SECRET, "pulumi:disable-default-providers": ["*"], "aws:region": "x"}
    assert wrong_with(file) == {}


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        (put("metrcs", {}), "", "'telemetry:metrcs' does not match"),
        (put("metrics.retenton", "7d"), "telemetry:metrics", "'retenton' was unexpected"),
        (put("metrics.roles", {"ingestor": {}}), "telemetry:metrics.roles", "'ingestor' was unexpected"),
        (put("metrics.roles", {"ingester": {"memroy": "1Gi"}}), "telemetry:metrics.roles.ingester", "'memroy' was"),
        (put("metrics.roles", {"ingester": {"memory": "1G"}}), "telemetry:metrics.roles.ingester.memory", "'1G' does"),
        (put("metrics.retention", "7 days"), "telemetry:metrics.retention", "'7 days' does not match"),
        (put("metrics.replication_factor", "3"), "telemetry:metrics.replication_factor", "not of type 'integer'"),
        (put("metrics.replication_factor", 9), "telemetry:metrics.replication_factor", "greater than the maximum"),
        (put("object_store.seaweedfs_version", 4.44), "telemetry:object_store.seaweedfs_version", "not of type 'str"),
        (put("object_store.versioning", "yes"), "telemetry:object_store.versioning", "not of type 'boolean'"),
        (put("environment", "staging"), "telemetry:environment", "is not one of"),
        (put("namespace", "mine"), "telemetry:namespace", "not of type 'object'"),
        (put("gateway", {"replicas": 0}), "telemetry:gateway", "not valid under any"),
        (drop("grafana"), "", "'telemetry:grafana' is a required property"),
        (drop("grafana.url"), "telemetry:grafana", "'url' is a required property"),
        (put("credentials", {"grafana": {"auth": "in plain text"}}), "telemetry:credentials", "not valid under any"),
    ],
)
def test_mistakes_are_underlined_where_they_stand(changes: Change, path: str, said: str) -> None:
    ((where, message),) = wrong_with(changed("dev", changes)).items()
    assert where == path
    assert said in message


def test_a_file_is_more_than_its_settings() -> None:
    assert "'confg' was unexpected" in wrong_with({**changed("dev"), "confg": {}})[""]
    assert "'config' is a required property" in wrong_with({})[""]


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model.__name__)
def test_every_setting_is_described_in_it(model: type[BaseModel]) -> None:
    every = [schema()["properties"]["config"], *schema()["definitions"].values()]
    for name, field in model.model_fields.items():
        places = [described(each, name) for each in every]
        assert field.description in places, name


def described(model: dict[str, Any], name: str) -> str | None:
    """Return what an editor shows of a key: its own words, else those of what it holds."""
    properties = model.get("properties", {})
    field = properties.get(name) or properties.get(f"telemetry:{name}")
    if not isinstance(field, dict):
        return None
    held = schema()["definitions"].get(field.get("$ref", "").rpartition("/")[2], {})
    words: str | None = field.get("description") or held.get("description")
    return words


def test_defaults_are_as_one_would_write_them() -> None:
    definitions = schema()["definitions"]
    traces, gateway = (definitions[each]["properties"] for each in ("Traces", "Gateway"))
    assert traces["retention"]["default"] == "168h"
    assert traces["max_message_size"]["default"] == "16Mi"
    assert "default" not in gateway["base"]
    for name, model in definitions.items():
        for key, field in model.get("properties", {}).items():
            if isinstance(field, dict) and "default" in field:
                where = {"definitions": definitions, **field}
                assert jsonschema.Draft7Validator(where).is_valid(field["default"]), f"{name}.{key}"


def test_its_patterns_are_those_of_editors_too() -> None:
    patterns = re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', make_stack_schema.document())
    assert patterns
    assert [each for each in map(json.loads, patterns) if BEYOND_PYTHON.search(each)] == []
