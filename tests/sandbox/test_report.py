"""What the report says before an `up` is what has changed afterwards, object by object and field by field."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client

from sandbox.paths import REPO
from tests.sandbox.deployment import Deployment
from tests.sandbox.snapshot import Fields, Identity, changes, take
from tests.sandbox.test_move import DISTRIBUTED
from tests.support import Change, Tree

pytestmark = pytest.mark.sandbox

PRIORITY = "telemetry-report"
MIMIR_CHART = REPO / "sandbox/charts/mimir-distributed"
TEMPO_ROLES = ["distributor", "ingester", "querier", "query-frontend", "compactor"]
MIMIR_ROLES = [*TEMPO_ROLES, "query-scheduler", "store-gateway", "ruler", "alertmanager"]

Key = tuple[Identity, str]
"""Something of the report that shows that an edit is in it: a thing, and a path or an action."""


def at(path: str, **values: Any) -> Change:
    """Return an edit of the settings below a path."""

    def change(config: Tree) -> None:
        first, *rest = path.split(".")
        place = config[f"telemetry:{first}"]
        for part in rest:
            place = place.setdefault(part, {})
        place.update(values)

    return change


def kubernetes(kind: str, name: str) -> Identity:
    """Return what an object is known by."""
    return "kubernetes", kind, name


ROOM = at("namespace", quota={"cpu": "8", "memory": "32Gi", "storage": "64Gi"})
LATEST = at("metrics.chart", version="6.1.0", reference="./sandbox/charts/mimir-distributed")
EDITS: dict[str, tuple[Change, Key]] = {
    "replica": (
        at("metrics.roles.querier", replicas=2),
        (kubernetes("Deployment", "mimir-querier"), "spec.replicas"),
    ),
    "request": (
        at("metrics.roles.ingester", cpu="80m"),
        (
            kubernetes("StatefulSet", "mimir-ingester"),
            "spec.template.spec.containers[ingester].resources.requests.cpu",
        ),
    ),
    "retention": (
        at("metrics", retention="9d"),
        (kubernetes("ConfigMap", "mimir-config"), 'data["mimir.yaml"].limits.compactor_blocks_retention_period'),
    ),
    "chart version": (LATEST, (kubernetes("Service", "mimir-gateway"), 'metadata.labels["app.kubernetes.io/version"]')),
    "label": (LATEST, (kubernetes("Service", "mimir-querier"), 'metadata.labels["helm.sh/chart"]')),
    "bucket purpose": (at("metrics.buckets", ruler="rules"), (("s3", "Bucket", "dts-metrics-dev-rules"), "create")),
    "quota": (
        at("namespace.quota", cpu="9"),
        (kubernetes("ResourceQuota", "telemetry"), 'spec.hard["requests.cpu"]'),
    ),
    "removed role": (
        at("metrics", enabled_roles=MIMIR_ROLES),
        (kubernetes("Deployment", "mimir-overrides-exporter"), "delete"),
    ),
    "datasource": (
        at("traces", enabled_roles=TEMPO_ROLES),
        (("grafana", "DataSource", "tempo-dev"), "jsonData.serviceMap"),
    ),
    "priority class": (
        at("traces.placement", priority_class=PRIORITY),
        (kubernetes("StatefulSet", "tempo"), "spec.template.spec.priorityClassName"),
    ),
    "node selector": (
        at("metrics.placement", node_selector={"kubernetes.io/os": "linux"}),
        (kubernetes("Deployment", "mimir-gateway"), "spec.template.spec.nodeSelector"),
    ),
    "toleration": (
        at("traces.placement", tolerations=[{"key": "node-type", "value": "telemetry", "effect": "NoSchedule"}]),
        (kubernetes("StatefulSet", "tempo"), "spec.template.spec.tolerations"),
    ),
}
"""`label`: no setting is one; the chart's own labels bear its version."""


def together(*changes: Change) -> Change:
    """Return several edits as one."""

    def change(config: Tree) -> None:
        for each in changes:
            each(config)

    return change


def guarded(**of_payments: Any) -> Change:
    """Return an edit: a gateway, and tenants of which the second comes with any word on the first."""
    tenants: list[dict[str, Any]] = [{"id": "payments", "display_name": "Payments", **of_payments}]
    if of_payments:
        tenants.append({"id": "search", "display_name": "Search"})

    gateway = {"total": {"cpu": "1", "memory": "1Gi"}, "accept_shared_organisation": True}

    def change(config: Tree) -> None:
        config |= {"telemetry:gateway": gateway, "telemetry:tenants": tenants}

    return change


ROTATED = {
    "access": {"token": {"version": 2, "previous_until": "2099-01-01T00:00:00Z"}},
    "limits": {"metrics": {"max_series": 7}, "traces": {"max_traces": 8}},
}


@dataclass(frozen=True)
class Run:
    """A report, as its command has made it."""

    code: int
    printed: str
    json: dict[str, Any]
    markdown: str

    @property
    def warnings(self) -> dict[str, list[str]]:
        """What is warned of, by level."""
        found: dict[str, list[str]] = {}
        for each in self.json["warnings"]:
            found.setdefault(each["level"], []).append(f"{each['about']}: {each['text']}")
        return found


def report(deployment: Deployment, folder: Path) -> Run:
    """Call the command with the options of the pipeline."""
    files = {name: folder / f"report.{name}" for name in ("json", "md")}
    for file in files.values():
        file.unlink(missing_ok=True)
    outputs = ["--output", str(files["json"]), "--markdown", str(files["md"])]
    done = deployment.answer("report", *outputs, variables={"KUBECONFIG": str(deployment.connections.kubeconfig)})
    assert files["json"].exists(), done.output
    return Run(done.exit_code, done.stdout, json.loads(files["json"].read_text()), files["md"].read_text())


def said(run: Run) -> dict[Identity, str | Fields]:
    """Return what a report says will become of each thing, in the form of `snapshot.changes`."""
    found: dict[Identity, str | Fields] = {}
    for item in run.json["items"]:
        if item["system"] == "pulumi":
            continue
        key = item["system"], item["kind"], item["name"]
        fields = {each["path"]: (each["op"], each["old"], each["new"]) for each in item["fields"]}
        found[key] = fields if item["action"] == "change" else item["action"]
    return found


def told_truly(deployment: Deployment, folder: Path) -> Run:
    """Make a report, deploy, and hold what was said against what has become; return the report."""
    before = take(deployment)
    run = report(deployment, folder)
    deployment.up()
    expected, happened = _that_can_be_seen(said(run)), changes(before, take(deployment))
    for key, fields in expected.items():
        actual = happened.get(key)
        if isinstance(fields, dict) and isinstance(actual, dict):
            happened[key] = {path: _masked(fields.get(path), change) for path, change in actual.items()}
    assert happened == expected
    return run


def _that_can_be_seen(said: dict[Identity, str | Fields]) -> dict[Identity, str | Fields]:
    """Leave out datasources of which only headers change: Grafana tells nobody their values."""
    return {
        key: fields
        for key, fields in said.items()
        if key[0] != "grafana" or isinstance(fields, str) or not all(path.startswith("httpHeaders") for path in fields)
    }


def _masked(said: tuple[str, Any, Any] | None, actual: tuple[str, Any, Any]) -> tuple[str, Any, Any]:
    """Return a change with its values hidden, where the report hides them."""
    return (actual[0], "[secret]", "[secret]") if said and "[secret]" in said[1:] else actual


def change_secret(deployment: Deployment) -> list[str]:
    """Give Tempo another S3 identity, and return all secrets that are in the settings now or were."""
    identities = deployment.connections.s3_identities
    credentials: dict[str, dict[str, str]] = {
        name: {"access_key": each.access_key, "secret_key": each.secret_key.get_secret_value()}
        for name, each in identities.items()
    }
    credentials["grafana"] = {"auth": deployment.connections.grafana_auth.get_secret_value()}
    old = [text for each in credentials.values() for text in each.values()]
    credentials["traces"] = credentials["provisioner"]
    line = ("config", "set", "--secret", "telemetry:credentials", "-s", deployment.stack)
    deployment.engine.in_project(*line, stdin=json.dumps(credentials))
    return old


@pytest.fixture(scope="module")
def old_chart(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A copy of the stand-in that is the earlier of the two versions which the settings know."""
    folder = tmp_path_factory.mktemp("charts") / "mimir-distributed"
    shutil.copytree(MIMIR_CHART, folder)
    content = yaml.safe_load((folder / "Chart.yaml").read_text())
    (folder / "Chart.yaml").write_text(yaml.safe_dump(content | {"version": "6.0.6", "appVersion": "3.0.1"}))
    return os.path.relpath(folder, REPO)


@pytest.fixture(scope="module")
def deployed(dev: Deployment, old_chart: str) -> Iterator[Deployment]:
    """The dev stack on Mimir's earlier chart, with room to grow."""
    scheduling = client.SchedulingV1Api(dev.core.api_client)
    scheduling.create_priority_class({"metadata": {"name": PRIORITY}, "value": 1000})
    with dev.edited(together(ROOM, at("metrics.chart", version="6.0.6", reference=old_chart))):
        dev.up()
        yield dev
    scheduling.delete_priority_class(PRIORITY)


def test_a_report_without_edits_says_that_nothing_changes_and_has_nothing_to_post(
    deployed: Deployment, tmp_path: Path
) -> None:
    run = report(deployed, tmp_path)
    assert run.code == 0, run.printed
    assert run.markdown == ""
    assert run.json["items"] == []


@pytest.mark.nightly  # by day: what is said of it, in tests/unit
def test_a_volume_that_cannot_be_resized_is_said_to_fail_and_fails(deployed: Deployment, tmp_path: Path) -> None:
    with deployed.edited(at("metrics.roles.ingester", volume="2Gi")):
        before = take(deployed)
        run = report(deployed, tmp_path)
        assert run.code == 3
        assert "cannot be resized in place (1Gi to 2Gi): `up` fails" in run.warnings["fails"][0]
        assert said(run) == {kubernetes("StatefulSet", "mimir-ingester"): "replace"}
        failed = deployed.pulumi("up", "--yes", "--skip-preview")
        assert failed.returncode != 0
        assert "updates to statefulset spec for fields other than" in failed.stdout + failed.stderr
        assert changes(before, take(deployed)) == {}
    run = report(deployed, tmp_path)
    assert run.json["items"] == [], "what has not come to be need not be undone"
    assert any(line.startswith("release mimir: is failed; `up` tries again") for line in run.warnings["disruptive"])


def test_what_is_said_is_what_happens(deployed: Deployment, tmp_path: Path) -> None:
    """From a release that has failed, if the test before has left one."""
    with deployed.edited(together(*(change for change, _ in EDITS.values()))):
        run = told_truly(deployed, tmp_path)
    found = said(run)
    for name, (_, (thing, what)) in EDITS.items():
        fields = found.get(thing)
        assert fields == what or (isinstance(fields, dict) and what in fields), f"{name}: {fields}"


def test_a_tenant_comes_another_is_rotated_and_nothing_restarts(deployed: Deployment, tmp_path: Path) -> None:
    """What the test before has edited is undone as the gateway comes."""
    with deployed.edited(guarded()):
        first = told_truly(deployed, tmp_path)
        assert said(first)[kubernetes("Deployment", "gateway")] == "create"
        assert said(first)[kubernetes("Deployment", "mimir-gateway")] == "delete"
    with deployed.edited(guarded(**ROTATED)):
        run = told_truly(deployed, tmp_path)
    tempo, mimir = (f'data["{file}.yaml"].overrides' for file in ("overrides", "runtime"))
    found = said(run)
    assert found.keys() == {
        kubernetes("Secret", "tenant-search"),
        *(("grafana", "DataSource", f"{backend}-dev-search") for backend in ("mimir", "tempo")),
        # payments' own; Grafana comes with another token
        kubernetes("Secret", "tenant-payments"),
        # what all share
        kubernetes("Secret", "gateway-tenants"),
        kubernetes("ConfigMap", "mimir-runtime"),
        kubernetes("ConfigMap", "tempo-tenants"),
    }
    assert f"{mimir}.payments.max_global_series_per_user" in found[kubernetes("ConfigMap", "mimir-runtime")]
    assert f"{tempo}.payments.ingestion.max_global_traces_per_user" in found[kubernetes("ConfigMap", "tempo-tenants")]
    assert [item["name"] for item in run.json["items"] if item["restart"]] == []
    assert {item["name"] for item in run.json["items"] if item["reloaded"]} == {
        "gateway-tenants",
        "mimir-runtime",
        "tempo-tenants",
    }
    for output in (run.printed, json.dumps(run.json), run.markdown):
        assert "tlm_" not in output


def test_a_move_an_autoscaler_and_new_credentials_are_said_to_be_what_they_are(
    deployed: Deployment, tmp_path: Path
) -> None:
    """Last: Helm removes an autoscaler after all else, and until then it may set the replicas back to its own.

    The gateway of the test before goes at the same time.
    """

    def move(config: Tree) -> None:
        config["telemetry:traces"] = {"retention": config["telemetry:traces"]["retention"], **DISTRIBUTED}
        # Of a role that the chart gives one replica: a provider before 4.30 drops the null in `replicas: null`.
        at("metrics.roles.distributor", autoscaling={"max_replicas": 3})(config)

    with deployed.edited(move):
        secrets = change_secret(deployed)
        run = told_truly(deployed, tmp_path)
    assert run.code == 3
    hidden = ("change", "[secret]", "[secret]")
    assert said(run)[kubernetes("Secret", "tempo-s3")] == {
        "data.AWS_ACCESS_KEY_ID": hidden,
        "data.AWS_SECRET_ACCESS_KEY": hidden,
    }
    for output in (run.printed, json.dumps(run.json), run.markdown):
        assert not [secret for secret in secrets if secret in output]
    assert said(run)[kubernetes("StatefulSet", "tempo-distributed-ingester")] == "create"
    assert said(run)[kubernetes("StatefulSet", "tempo")] == "delete"
    assert said(run)[kubernetes("HorizontalPodAutoscaler", "mimir-distributor")] == "create"
    assert any("release tempo: is uninstalled" in line for line in run.warnings["destructive"])
    assert any(line.startswith("traces: move to distributed") for line in run.warnings["disruptive"])
