"""What the charts make keeps every policy, and plain `pulumi` refuses what does not before it makes anything."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from sandbox.engine import Engine, checkpoint_of
from sandbox.paths import REPO
from sandbox.stacks import prepare
from sandbox.world import Connections
from sandbox.world.connections import S3Identity
from telemetry.policies.evaluate import violations
from telemetry.policies.model import World
from telemetry.releases import releases_of
from tests.engine.policed import judged
from tests.sandbox.charts import render
from tests.support import ENVIRONMENTS, WITH_THANOS, WITH_THANOS_IN_PROD, Change, load_stack, put

pytestmark = pytest.mark.sandbox

PROGRAM = """
import runpy, sys
sys.path.insert(0, {repo!r})
from components import preflight
preflight.run = lambda *_: None  # nothing is there to be asked, and nothing is to be reached
runpy.run_path({main!r}, run_name="__main__")
"""


ROOM = put("namespace.requested_quota", {"cpu": "10", "memory": "40Gi", "storage": "160Gi"})


def whole(environment: str, *changes: Change) -> World:
    """Return all that a stack registers, and all that its charts make."""
    stack, (seen, _) = load_stack(environment, *changes), judged(environment, *changes)
    rendered = {each.name: render(each.chart.name, each.values, each.name) for each in releases_of(stack)}
    return World.of(stack, seen.registered, rendered)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_stack_with_its_releases_keeps_every_policy(environment: str) -> None:
    world = whole(environment)
    assert len(world.manifests) > 50
    assert violations(world) == ()


@pytest.mark.parametrize(("environment", "changes"), [("dev", (WITH_THANOS,)), ("prod", (WITH_THANOS_IN_PROD, ROOM))])
def test_so_does_one_with_another_metrics_backend(environment: str, changes: tuple[Change, ...]) -> None:
    assert violations(whole(environment, *changes)) == ()


@pytest.fixture(scope="module")
def violating(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is ours, with a setting that breaks a policy; its connections lead nowhere."""
    prepare("test", engine, _nowhere(tmp_path_factory.mktemp("nowhere")))
    folder = tmp_path_factory.mktemp("violating")
    project = {"name": "telemetry", "runtime": {"name": "python"}}
    (folder / "Pulumi.yaml").write_text(json.dumps(project))
    (folder / "__main__.py").write_text(PROGRAM.format(repo=str(REPO), main=str(REPO / "__main__.py")))
    settings = yaml.safe_load(engine.config_file("test").read_text())
    settings["config"]["telemetry:gateway"]["image"] = "registry.example.org/nginx:latest"
    (folder / "Pulumi.test.yaml").write_text(yaml.safe_dump(settings))
    return folder


@pytest.mark.parametrize("command", [["preview"], ["up", "--yes", "--skip-preview"]], ids=["preview", "up"])
def test_plain_pulumi_refuses_a_violation_before_it_makes_anything(
    engine: Engine, violating: Path, command: list[str]
) -> None:
    done = subprocess.run(
        [str(engine.toolchain.path("pulumi")), *command, "-s", "test", "--non-interactive"],
        cwd=violating,
        env=engine.run_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "error: 1 policy is not kept (docs/policies.md); nothing was changed:" in said
    assert "image-version: Deployment gateway, spec.template.spec.containers[nginx].image" in said
    assert "Traceback" not in said
    made = checkpoint_of(engine.checkpoint("test")).get("resources") or []
    assert {each["type"] for each in made} <= {"pulumi:pulumi:Stack"}


def _nowhere(folder: Path) -> Connections:
    """Return connections at which nobody answers."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
                "users": [{"name": "u", "user": {}}],
                "contexts": [{"name": "sandbox", "context": {"cluster": "c", "user": "u"}}],
            }
        )
    )
    names = ("provisioner", "traces", "metrics")
    return Connections(
        kubeconfig=kubeconfig,
        api_server="https://127.0.0.1:9",
        s3_endpoint="http://127.0.0.1:9",
        s3_version="4.53",
        grafana_url="http://127.0.0.1:9",
        s3_identities={name: S3Identity(access_key=name, secret_key=SecretStr("s0-fake")) for name in names},
        grafana_auth=SecretStr("ga0-fake"),
    )
