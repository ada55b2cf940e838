"""Who reads a deployed stack: another program, by its outputs, and `commands drift`, by all that was deployed."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client
from pydantic import TypeAdapter

from components.outputs import Outputs
from sandbox.paths import REPO
from tests.sandbox.deployment import Deployment
from tests.sandbox.test_leftovers import closed
from tests.waiting import until

pytestmark = pytest.mark.sandbox

MIMIR_CHART, TEMPO_CHART = (str(REPO / "sandbox/charts" / name) for name in ("mimir-distributed", "tempo"))
Field = tuple[str, str]
"""What differs, and where."""


@pytest.fixture(scope="module")
def deployed(dev: Deployment) -> Deployment:
    """The dev stack, deployed."""
    dev.up()
    return dev


@pytest.fixture(scope="module")
def apps(deployed: Deployment) -> client.AppsV1Api:
    return client.AppsV1Api(deployed.core.api_client)


def drift(stack: Deployment, *options: str) -> dict[str, Any]:
    """Return what `commands drift` tells of a stack; its exit code says whether there is any."""
    done = stack.answer("drift", "--json", *options)
    told: dict[str, Any] = json.loads(done.stdout)
    assert done.exit_code == (2 if told["findings"] else 0), done.output
    return told


def found(stack: Deployment, *options: str) -> dict[Field, dict[str, Any]]:
    """Return the findings by what and where."""
    findings = drift(stack, *options)["findings"]
    return {(each["subject"], each["path"]): each for each in findings}


def checklist(stack: Deployment, *options: str) -> tuple[int, dict[str, str]]:
    """Return how `commands checklist` ended, and the states of its items by their first word."""
    done = stack.answer("checklist", "--json", *options)
    assert done.stderr == ""
    return done.exit_code, {each["item"].split()[0]: each["state"] for each in json.loads(done.stdout)["items"]}


def test_the_checklist_ticks_the_clusters_secrets_and_leaves_the_rest_to_people(deployed: Deployment) -> None:
    code, states = checklist(deployed)
    assert (code, states.pop("Certificates")) == (1, "done")
    assert set(states.values()) == {"by hand"}
    assert checklist(deployed, "--allow-manual")[0] == 0


@pytest.fixture
def consumer(deployed: Deployment, tmp_path: Path) -> Iterator[Path]:
    """The example in a folder of its own, its stack in the backend of the stack that it reads."""
    folder = tmp_path / "consumer"
    shutil.copytree(REPO / "examples" / "consumer", folder, ignore=shutil.ignore_patterns("__pycache__"))
    project = (folder / "Pulumi.yaml").read_text()
    (folder / "Pulumi.yaml").write_text(project.replace("../../.venv", sys.prefix))
    config = {"telemetry-consumer:telemetry_stack": "organization/telemetry/dev"}
    pulumi(deployed, folder, "stack", "init", "dev")
    content = yaml.safe_load((folder / "Pulumi.dev.yaml").read_text())
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({**content, "config": config}))
    yield folder
    pulumi(deployed, folder, "stack", "rm", "dev", "--yes", "--force")


def pulumi(stack: Deployment, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(stack.engine.toolchain.path("pulumi")), *arguments, "--non-interactive", "--color=never"]
    environment = stack.engine.run_environment
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_another_program_makes_its_exporters_of_the_outputs(deployed: Deployment, consumer: Path) -> None:
    told = deployed.engine.json("stack output --json", "dev")
    adapter = TypeAdapter(Outputs)
    assert adapter.dump_python(adapter.validate_python(told, strict=True)) == told, "not the published shape"

    done = pulumi(deployed, consumer, "up", "-s", "dev", "--yes", "--skip-preview")
    assert done.returncode == 0, done.stdout + done.stderr
    exporters = yaml.safe_load(pulumi(deployed, consumer, "stack", "output", "collector", "-s", "dev").stdout)[
        "exporters"
    ]
    assert exporters["otlp/traces"]["endpoint"] == told["endpoints"]["traces"]["otlp_grpc"]
    assert exporters["otlphttp/metrics"]["metrics_endpoint"] == told["endpoints"]["metrics"]["otlp_http"]
    assert f"{deployed.namespace}.svc" in exporters["otlp/traces"]["endpoint"]

    collector = consumer / "collector.py"
    collector.write_text(collector.read_text().replace("KNOWN_VERSIONS = (3, 4)", "KNOWN_VERSIONS = (1,)"))
    refused = pulumi(deployed, consumer, "preview", "-s", "dev")
    assert refused.returncode != 0
    assert "error: telemetry's outputs are of version 4, this program knows 1" in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr


def east(stack: str) -> Callable[[dict[str, Any]], None]:
    """Return the edit of settings by which another stack is that of the cluster east."""
    return lambda config: config.update({"telemetry:clusters": {"east": {"stack": f"organization/telemetry/{stack}"}}})


def test_a_stack_makes_datasources_for_another_by_what_that_one_exports(deployed: Deployment, test: Deployment) -> None:
    told = deployed.engine.json("stack output --json", "dev")["endpoints"]
    with test.edited(east("dev")):
        steps = [step for step in test.preview()["steps"] if step["urn"].endswith("_east")]
    made = {step["newState"]["inputs"]["name"]: step["newState"]["inputs"]["url"] for step in steps}
    assert made == {f"{title} (east)": told[of]["query"] for title, of in (("Mimir", "metrics"), ("Tempo", "traces"))}


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ("test", "telemetry:clusters.east.stack: organization/telemetry/test has no outputs; deploy it first"),
        ("nowhere", "unknown stack"),
    ],
)
def test_a_stack_that_is_not_deployed_ends_a_preview_with_its_name(stack: str, message: str, test: Deployment) -> None:
    with test.edited(east(stack)):
        refused = test.pulumi("preview")
    assert refused.returncode != 0
    assert message in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr


def test_what_was_done_to_live_objects_is_found_with_field_and_hand_and_rolled_back(
    deployed: Deployment, apps: client.AppsV1Api, tmp_path: Path
) -> None:
    space, edit = deployed.namespace, {"field_manager": "kubectl-edit"}
    apps.patch_namespaced_deployment_scale("mimir-querier", space, {"spec": {"replicas": 2}}, field_manager="kubectl")
    pod = {
        "containers": [{"name": "gateway", "image": "nginx:2", "env": [{"name": "DB_PASSWORD", "value": "hunter2"}]}]
    }
    apps.patch_namespaced_deployment("mimir-gateway", space, {"spec": {"template": {"spec": pod}}}, **edit)
    tempo = deployed.core.read_namespaced_config_map("tempo", space).data["tempo.yaml"]
    edited = {"tempo.yaml": tempo.replace("block_retention: 72h", "block_retention: 1h")}
    deployed.core.patch_namespaced_config_map("tempo", space, {"data": edited}, **edit)
    client.PolicyV1Api(deployed.core.api_client).delete_namespaced_pod_disruption_budget("mimir-ruler", space)
    quota = {"spec": {"hard": {"requests.cpu": "9"}}}
    deployed.core.patch_namespaced_resource_quota("telemetry", space, quota, **edit)
    restart = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}}}
    apps.patch_namespaced_deployment(
        "mimir-ruler", space, {"spec": {"template": restart}}, field_manager="kubectl-rollout"
    )

    findings = found(deployed, "--no-preview", "--markdown", str(tmp_path / "drift.md"))
    container = "spec.template.spec.containers[name=gateway]"
    querier, gateway = (f"Deployment {space}/mimir-{role}" for role in ("querier", "gateway"))
    assert {key: (each["wanted"], each["found"]) for key, each in findings.items()} == {
        (querier, "spec.replicas"): (1, 2),
        (gateway, f"{container}.image"): ("docker.io/nginxinc/nginx-unprivileged:1.29.8-alpine", "nginx:2"),
        (gateway, f"{container}.env"): (None, [{"name": "DB_PASSWORD", "value": "[secret]"}]),
        (f"ConfigMap {space}/tempo", 'data["tempo.yaml"]'): (
            "compactor: {compaction: {block_retention: 72h}}",
            "compactor: {compaction: {block_retention: 1h}}",
        ),
        (f"PodDisruptionBudget {space}/mimir-ruler", ""): (None, None),
        (f"ResourceQuota {space}/telemetry", 'spec.hard["requests.cpu"]'): ("2530m", "9"),
    }
    (scaled,) = findings[querier, "spec.replicas"]["by"]
    assert (scaled["manager"], scaled["subresource"]) == ("kubectl", "scale")
    assert [by["manager"] for by in findings[gateway, f"{container}.image"]["by"]] == ["kubectl-edit"]
    page = (tmp_path / "drift.md").read_text()
    assert page.startswith("<!-- telemetry-drift:dev -->")
    assert "hunter2" not in page + json.dumps(list(findings.values()))

    # As docs/operations.md says: what was added, or is the program's own, goes by hand, the rest by a roll-back.
    quota["spec"]["hard"]["requests.cpu"] = "2530m"
    deployed.core.patch_namespaced_resource_quota("telemetry", space, quota, **edit)
    no_env = [{"op": "remove", "path": "/spec/template/spec/containers/0/env"}]
    apps.patch_namespaced_deployment("mimir-gateway", space, no_env, **edit)
    for release in json.loads(deployed.helm("list", "--namespace", space, "--output", "json")):
        deployed.helm("rollback", release["name"], release["revision"], "--namespace", space, "--wait")
    assert found(deployed, "--no-preview") == {}


def test_what_was_done_to_releases_is_found_even_if_their_objects_agree(deployed: Deployment) -> None:
    space = deployed.namespace
    upgrade = ("upgrade", "tempo", TEMPO_CHART, "--namespace", space, "--reuse-values", "--wait")
    deployed.helm(*upgrade, "--set", "tempo.retention=1h")
    (change,) = found(deployed, "--no-preview").values()
    assert (change["part"], change["subject"], change["path"]) == (
        "values",
        f"Release {space}/tempo",
        "tempo.retention",
    )
    assert (change["wanted"], change["found"]) == ("72h", "1h")
    deployed.helm("rollback", "tempo", "--namespace", space, "--wait")

    command = [str(deployed.engine.toolchain.path("helm")), *upgrade, "--set", "tempo.podAnnotations.a=b"]
    environment = {**deployed.engine.environment, "KUBECONFIG": str(deployed.connections.kubeconfig)}
    pending = "owner=helm,name=tempo,status=pending-upgrade"
    with (
        closed(deployed),  # or it might be through before it is killed
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as upgrading,
    ):
        until(lambda: deployed.core.list_namespaced_secret(space, label_selector=pending).items)
        upgrading.send_signal(signal.SIGKILL)
    stuck = found(deployed, "--no-preview")
    status = stuck[f"Release {space}/tempo", "status"]
    assert (status["wanted"], status["found"]) == ("deployed", "pending-upgrade")
    deployed.helm("rollback", "tempo", "--namespace", space, "--wait")
    assert found(deployed, "--no-preview") == {}


def test_what_was_done_to_the_rest_of_the_program_is_found_and_put_back_by_up(deployed: Deployment) -> None:
    space, edit = deployed.namespace, {"field_manager": "kubectl-edit"}
    deployed.core.patch_namespaced_secret("mimir-s3", space, {"data": {"AWS_SECRET_ACCESS_KEY": "bmV3"}}, **edit)
    deployed.drop_bucket("dts-metrics-dev-ruler")
    source = deployed.datasources()["tempo-dev"]
    deployed.grafana("PUT", "/api/datasources/uid/tempo-dev", {**source, "url": "http://elsewhere:3200"})

    findings = found(deployed)
    secret = f"Secret {space}/mimir-s3"
    url = "http://traces-query.ca7f8f-dev.svc.cluster.local.:3200"
    told = {key: (each["wanted"], each["found"], each["note"]) for key, each in findings.items()}
    assert told == {
        (secret, "data.AWS_SECRET_ACCESS_KEY"): ("[secret]", "[secret]", ""),
        ("Secret mimir-s3", ""): (None, None, "a preview fails: kubectl-edit took over .data.AWS_SECRET_ACCESS_KEY"),
        ("Bucket dts-metrics-dev-ruler", ""): (None, None, "is gone"),
        ("DataSource tempo-dev", "url"): (url, "http://elsewhere:3200", ""),
    }
    assert [by["manager"] for by in findings[secret, "data.AWS_SECRET_ACCESS_KEY"]["by"]] == ["kubectl-edit"]

    code, states = checklist(deployed, "--allow-manual")
    assert (code, states["Certificates"]) == (1, "open")

    # As docs/operations.md says: Pulumi takes no field from somebody else.
    deployed.core.delete_namespaced_secret("mimir-s3", space)
    deployed.up("--refresh")
    clean = drift(deployed)
    assert clean["findings"] == []
    assert clean["compared"]["releases"] == 2
    assert clean["compared"]["objects"] > 50
    assert clean["compared"]["program"] is True
