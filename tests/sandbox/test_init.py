"""A newcomer's first stack, in a checkout without one: by questions at a terminal, by flags, on the real systems."""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from sandbox.engine import Engine
from sandbox.world import Connections
from telemetry.stack import file as stack_file
from tests.support import REPO

pytestmark = pytest.mark.sandbox

PARTS = (
    "components",
    "telemetry",
    "policy-pack",
    "sandbox/charts",
    "docs/stack.schema.json",
    "__main__.py",
    "Pulumi.yaml",
)
NAMESPACE = "newcomers"
QUOTA = {"requests.cpu": "8", "requests.memory": "32Gi", "requests.storage": "64Gi"}
PROMPT = re.compile(r"  ([a-z0-9_.]+)( \[[^\n]*\])?: $")
KEEP = re.compile(r"Keep it all the same\? \[y/N\]: $")
SECONDS = 120


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the project in which nobody has a stack yet."""
    copy = tmp_path_factory.mktemp("checkout")
    for part in PARTS:
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        if (REPO / part).is_dir():
            shutil.copytree(REPO / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(REPO / part, copy / part)
    (copy / ".venv").symlink_to(sys.prefix)
    return copy


@pytest.fixture(scope="module")
def environment(engine: Engine, world: Connections) -> dict[str, str]:
    """What a shell has in which plain `pulumi` and the kubeconfig are set up."""
    return {**engine.run_environment, "KUBECONFIG": str(world.kubeconfig), "COLUMNS": "200", "TERM": "dumb"}


@pytest.fixture(scope="module")
def namespace(world: Connections) -> Iterator[None]:
    """A namespace with a quota, as a platform hands it out."""
    core = world.core()
    core.create_namespace({"metadata": {"name": NAMESPACE}})
    core.create_namespaced_resource_quota(NAMESPACE, {"metadata": {"name": "platform"}, "spec": {"hard": QUOTA}})
    yield
    core.delete_namespace(NAMESPACE)


def secrets_of(world: Connections) -> dict[str, str]:
    identities = {name: world.s3_identities[name] for name in ("provisioner", "traces", "metrics")}
    keys = {
        f"credentials.{name}.{part}": value
        for name, pair in identities.items()
        for part, value in (("access_key", pair.access_key), ("secret_key", pair.secret_key.get_secret_value()))
    }
    return {**keys, "credentials.grafana.auth": world.grafana_auth.get_secret_value()}


def at_terminal(
    command: list[str], folder: Path, environment: Mapping[str, str], answers: Mapping[str, list[str]]
) -> tuple[int, str]:
    """Answer a command's questions at a terminal of its own; return its exit code and all that the terminal showed."""
    left = {key: [*given] for key, given in answers.items()}
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, dict(environment))  # noqa: S606 - it is to have this terminal
    shown, answered = "", 0
    while select.select([terminal], [], [], SECONDS)[0]:
        try:
            shown += os.read(terminal, 65536).decode().replace("\r\n", "\n")
        except OSError:  # the terminal is closed: the command has ended
            break
        if asked := PROMPT.search(shown, answered):
            given = left.get(asked[1]) or ([""] if asked[2] or asked[1] not in answers else [])
            if not given:
                os.kill(child, signal.SIGKILL)  # asked more often than there are answers
                break
            os.write(terminal, given.pop(0).encode() + b"\n")
        elif KEEP.search(shown, answered):
            os.write(terminal, b"n\n")
        else:
            continue
        answered = len(shown)
    else:
        os.kill(child, signal.SIGKILL)  # it says nothing more
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown


@pytest.mark.usefixtures("namespace")
def test_a_newcomer_answers_and_sees_a_preview(checkout: Path, environment: dict[str, str], world: Connections) -> None:
    secrets = secrets_of(world)
    answers = {
        "namespace.name": ["Newcomers", NAMESPACE],
        "object_store.provisioning_endpoint": ["http://127.0.0.1:9", world.s3_endpoint],
        "object_store.endpoint": [world.s3_endpoint],
        "object_store.seaweedfs_version": ["3.9", world.s3_version],
        "grafana.url": [world.grafana_url],
        "charts": ["./sandbox/charts"],
        **{key: [secret] for key, secret in secrets.items()},
        "credentials.metrics.secret_key": ["mistyped-0", secrets["credentials.metrics.secret_key"]],
        "credentials.metrics.access_key": [secrets["credentials.metrics.access_key"]] * 2,
    }
    command = [sys.executable, "-m", "telemetry", "init", "dev"]
    code, shown = at_terminal(command, checkout, environment, answers)
    assert code == 0, shown
    assert f"found: {world.context}\n" in shown
    assert "found: cpu=8 memory=32Gi storage=64Gi" in shown
    assert "'Newcomers': not allowed" in shown
    assert "provisioning_endpoint: http://127.0.0.1:9 does not answer S3" in shown
    assert "'3.9': below 4.42" in shown
    assert "telemetry:credentials.metrics: " in shown
    assert "refused it (SignatureDoesNotMatch)" in shown
    assert re.search(r"\+ \d+ to create", shown), shown
    file = checkout / "Pulumi.dev.yaml"
    text = file.read_text()
    assert [key for key, secret in secrets.items() if secret in shown + text] == []
    assert text.startswith("# yaml-language-server: $schema=docs/stack.schema.json\n")
    settings = stack_file.load("dev", file)
    assert settings.namespace.quota is not None
    assert settings.namespace.quota.memory == 32 << 30
    assert settings.kubernetes.platform == "kubernetes"
    again = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "Pulumi.dev.yaml: is there already" in again.stderr
    assert file.read_text() == text


@pytest.mark.usefixtures("namespace")
def test_a_pipeline_is_told_what_is_missing_and_then_goes_through(
    checkout: Path, environment: dict[str, str], world: Connections
) -> None:
    told = {
        "namespace.name": NAMESPACE,
        "object_store.provisioning_endpoint": world.s3_endpoint,
        "object_store.seaweedfs_version": world.s3_version,
        "grafana.url": world.grafana_url,
        "charts": "./sandbox/charts",
        "tenants": "payments",
    }
    flags = [word for key, answer in told.items() for word in ("--set", f"{key}={answer}")]
    command = [sys.executable, "-m", "telemetry", "init", "test", *flags]
    missing = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert missing.returncode == 2, missing.stdout + missing.stderr
    assert "give it in TELEMETRY_TEST_METRICS_SECRET_KEY" in missing.stdout
    assert "config" not in yaml.safe_load((checkout / "Pulumi.test.yaml").read_text())
    variables = {
        f"TELEMETRY_TEST_{key.removeprefix('credentials.')}".replace(".", "_").upper(): secret
        for key, secret in secrets_of(world).items()
    }
    done = subprocess.run(
        [*command, "--make-keys"],
        cwd=checkout,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "to create" in done.stdout
    assert stack_file.load("test", checkout / "Pulumi.test.yaml").gateway is not None
