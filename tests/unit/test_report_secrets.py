"""A known secret, planted wherever one could be, is in no output."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from rich.console import Console

from telemetry.engine.preview import read
from telemetry.engine.urn import RELEASE_TYPE
from telemetry.operations.report.build import Found, Rendered, build
from telemetry.operations.report.manifests import parse
from telemetry.operations.report.markdown import markdown
from telemetry.operations.report.model import ChangeReport
from telemetry.operations.report.terminal import terminal
from tests.support import load_stack

OLD, NEW = "planted-secret-before", "planted-secret-after"
URN = "urn:pulumi:dev::telemetry::telemetry:metrics:Mimir$"


def encoded(text: str) -> str:
    """Return text as a Secret has it."""
    return base64.b64encode(text.encode()).decode()


def manifest(secret: str) -> list[dict[str, Any]]:
    """Return a release that holds a secret in every place."""
    pod = {
        "containers": [
            {
                "name": "c",
                "image": "x:1",
                "args": [f"-s3.secret-key={secret}", f"-url=http://u:{secret}@host/", f"-copied={secret}"],
                "env": [{"name": "DB_PASSWORD", "value": secret}, {"name": "COPIED", "value": f"a {secret} b"}],
            }
        ]
    }
    conf = {"s3": {"secret_access_key": secret, "copied": secret, "url": f"http://u:{secret}@host"}, "api": [secret]}
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"k": encoded(secret)}},
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}, "stringData": {"k": secret}},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "c", "annotations": {"copied": secret, "encoded": encoded(secret)}},
            "data": {
                "conf.yaml": yaml.safe_dump(conf),
                "nginx.conf": f"password = {secret}\ncopied {secret}\n",
                "broken.yaml": f"token: {secret}\n[",
                "plain": secret,
            },
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "d"},
            "spec": {"selector": {}, "template": {"metadata": {"annotations": {"token": secret}}, "spec": pod}},
        },
    ]


def named(secret: str) -> list[dict[str, Any]]:
    """Return a release without the Secrets that would tell the value: only names say what it is."""
    config, deployment = manifest(secret)[2:]
    config["metadata"] = {"name": "c"}
    config["data"] = {"conf.yaml": yaml.safe_dump({"s3": {"secret_access_key": secret, "url": f"http://u:{secret}@h"}})}
    config["data"] |= {"nginx.conf": f"password = {secret}\n", "broken.yaml": f"token: {secret}\n["}
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    del container["args"][2:], container["env"][1:]
    return [config, deployment]


def preview() -> dict[str, Any]:
    """Return a preview with a release, and with native resources whose secrets the engine has masked."""
    release = {"name": "mimir", "namespace": "ns", "chart": "x", "values": {}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s3"}, "stringData": "[secret]"}
    source = {"uid": "tempo-dev", "jsonDataEncoded": "{}", "secureJsonDataEncoded": "[secret]"}
    return {
        "steps": [
            step(RELEASE_TYPE, "mimir", release, {}),
            step("kubernetes:core/v1:Secret", "s3", secret, {"stringData.KEY": "update"}),
            step("grafana:oss/dataSource:DataSource", "tempo-dev", source, {"secureJsonDataEncoded": "update"}),
            step("pulumi:providers:grafana", "grafana", {"auth": OLD}, {"auth": "update"}, {"auth": NEW}),
        ]
    }


def step(
    token: str, name: str, inputs: dict[str, Any], detail: dict[str, str], new: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return a step that updates a resource."""
    return {
        "op": "update",
        "urn": f"{URN}{token}::{name}"
        if not token.startswith("pulumi")
        else f"urn:pulumi:dev::telemetry::{token}::{name}",
        "oldState": {"inputs": inputs},
        "newState": {"inputs": new or inputs},
        "detailedDiff": {path: {"kind": kind} for path, kind in detail.items()},
    }


def outputs(report: ChangeReport) -> Iterator[str]:
    """Yield all that is shown of a report."""
    console = Console(record=True, width=400, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(terminal(report))
    yield console.export_text()
    yield markdown(report, 60_000)
    yield report.model_dump_json()


def reported(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> ChangeReport:
    """Return the report on a release that changes so."""
    seen = read(preview())
    rendered = Rendered(tuple(parse(yaml.safe_dump_all(old))), tuple(parse(yaml.safe_dump_all(new))))
    return build(load_stack(), seen, {seen.releases[0].urn: rendered}, Found("nothing"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (manifest(OLD), manifest(NEW)),
        (named(OLD), named(NEW)),
        (manifest(OLD), manifest("[secret]")),
        ([], manifest(NEW)),
        (manifest(OLD), []),
        (manifest(OLD)[:2], manifest(OLD)),
    ],
    ids=["changed", "known by its name alone", "masked by the engine", "created", "deleted", "added"],
)
def test_no_output_shows_a_secret(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    for output in outputs(reported(old, new)):
        for secret in (OLD, NEW, encoded(OLD), encoded(NEW)):
            assert secret not in output


def test_a_changed_secret_is_seen_to_change() -> None:
    report = reported(manifest(OLD), manifest(NEW))
    found = {(item.kind, item.name): [field.path for field in item.fields] for item in report.items}
    assert found["Secret", "a"] == found["Secret", "b"] == ["data.k"]
    assert found["Secret", "s3"] == ["data.KEY"]
    assert found["DataSource", "tempo-dev"] == ["secureJsonData"]
    assert 'data["conf.yaml"].s3.secret_access_key' in found["ConfigMap", "c"]
    assert "spec.template.spec.containers[c].args[-s3.secret-key]" in found["Deployment", "d"]


def test_what_is_no_secret_stays_readable() -> None:
    old, new = manifest(OLD), manifest(OLD)
    new[3]["spec"]["template"]["spec"]["serviceAccountName"] = "mimir"
    new[3]["spec"]["template"]["spec"]["volumes"] = [{"name": "v", "secret": {"secretName": "mimir-s3"}}]
    new[2]["data"]["conf.yaml"] = yaml.safe_dump({"s3": {"access_key_id": "${AWS_ACCESS_KEY_ID}"}, "key": "region"})
    shown = json.dumps([item.model_dump() for item in reported(old, new).items])
    for text in ("mimir-s3", "${AWS_ACCESS_KEY_ID}", "region", '"mimir"'):
        assert text in shown
