"""Where state is kept and how its secrets are: an S3 backend on SeaweedFS, its locks, and a passphrase per stack."""

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.engine import Engine
from sandbox.paths import REPO
from telemetry.operations.repair.locks import parsed
from tests.sandbox.deployment import Deployment
from tests.sandbox.reach import remove_bucket
from tests.waiting import until

pytestmark = pytest.mark.sandbox

BUCKET = "telemetry-state"
LOCKS = ".pulumi/locks/organization/"
WORD = "correct-horse-battery"
PROGRAM = """\
import pathlib, time, pulumi
config = pulumi.Config()
while config.get("waits") and not pathlib.Path("told-to-go-on").exists():
    time.sleep(0.1)
pulumi.export("word", config.require_secret("word"))
"""


@dataclass(frozen=True)
class Project:
    """A program without providers, and the engine with a backend in SeaweedFS."""

    folder: Path
    environment: dict[str, str]
    s3: Any

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start a pulumi command."""
        return subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env={**self.environment, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, stdin: str = "", **variables: str) -> str:
        """Run a pulumi command to its end and return its output; the test fails if it fails."""
        process = self.start(*arguments, **variables)
        stdout, stderr = process.communicate(stdin, timeout=120)
        assert process.returncode == 0, stdout + stderr
        return stdout

    def objects(self, prefix: str = "") -> dict[str, str]:
        """Return what is in the backend's bucket: key to content."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return {
            each["Key"]: self.s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read().decode() for each in listed
        }


@pytest.fixture(scope="module")
def backend(engine: Engine, dev: Deployment) -> Iterator[dict[str, str]]:
    """An environment whose backend is a bucket of its own."""
    dev.s3.create_bucket(Bucket=BUCKET)
    identity = dev.connections.s3_identities["provisioner"]
    yield {
        **engine.environment,
        "PULUMI_BACKEND_URL": f"s3://{BUCKET}?endpoint={dev.connections.s3_endpoint}"
        "&s3ForcePathStyle=true&region=us-east-1",
        "AWS_ACCESS_KEY_ID": identity.access_key,
        "AWS_SECRET_ACCESS_KEY": identity.secret_key.get_secret_value(),
    }
    remove_bucket(dev.s3, BUCKET)


@pytest.fixture(scope="module")
def tiny(backend: dict[str, str], dev: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A deployed stack in that bucket, with a passphrase of its own and a secret."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "Pulumi.yaml").write_text("name: tiny\nruntime:\n  name: python\n  options: {toolchain: pip}\n")
    (folder / "passphrase").write_text("the first one")
    own = {"PULUMI_HOME": str(folder / "home"), "PULUMI_CONFIG_PASSPHRASE_FILE": str(folder / "passphrase")}
    url = backend["PULUMI_BACKEND_URL"]
    project = Project(folder, {**backend, **own, "PULUMI_BACKEND_URL": ""}, dev.s3)
    project.run("login", url)
    project.run("stack", "init", "one", "--secrets-provider=passphrase")
    project.run("config", "set", "--secret", "word", stdin=WORD)
    project.run("up", "--yes", "--skip-preview")
    return project


def test_state_is_in_the_bucket_with_its_secrets_encrypted(tiny: Project) -> None:
    objects = tiny.objects(".pulumi/")
    checkpoint = json.loads(objects[".pulumi/stacks/tiny/one.json"])["checkpoint"]["latest"]
    assert set(checkpoint["resources"][0]["outputs"]) == {"word"}
    assert [key for key, content in objects.items() if WORD in content] == []
    assert [key for key in objects if key.startswith(LOCKS)] == []
    assert tiny.run("stack", "output", "word", "--show-secrets").strip() == WORD


def test_of_two_ups_at_once_one_fails_cleanly_and_the_state_is_whole(tiny: Project) -> None:
    tiny.run("config", "set", "waits", "yes")
    with tiny.start("up", "--yes", "--skip-preview") as first:
        until(lambda: tiny.objects(LOCKS))
        with tiny.start("up", "--yes", "--skip-preview") as second:
            stdout, stderr = second.communicate(timeout=120)
        assert second.returncode != 0
        assert "the stack is currently locked by 1 lock(s)" in stderr
        assert [(lock.host, lock.pid) for lock in parsed(stderr)] == [(socket.gethostname(), first.pid)]
        assert first.poll() is None
        (tiny.folder / "told-to-go-on").touch()
        stdout, stderr = first.communicate(timeout=120)
        assert first.returncode == 0, stdout + stderr
    assert tiny.objects(LOCKS) == {}
    assert "1 unchanged" in stdout
    deployment = json.loads(tiny.run("stack", "export"))["deployment"]
    assert [each["type"] for each in deployment["resources"]] == ["pulumi:pulumi:Stack"]
    assert not deployment.get("pending_operations")


def test_a_changed_passphrase_keeps_values_readable_and_the_old_one_opens_nothing(tiny: Project) -> None:
    tiny.run("stack", "change-secrets-provider", "passphrase", stdin="the second one\n")
    (tiny.folder / "passphrase").write_text("the second one")
    assert tiny.run("config", "get", "word").strip() == WORD
    assert tiny.run("stack", "output", "word", "--show-secrets").strip() == WORD
    with tiny.start("config", "get", "word", PULUMI_CONFIG_PASSPHRASE="the first one") as process:
        _, stderr = process.communicate()
    assert process.returncode != 0
    assert "incorrect passphrase" in stderr
    for text in ((tiny.folder / "Pulumi.one.yaml").read_text(), tiny.objects()[".pulumi/stacks/tiny/one.json"]):
        assert WORD not in text
        assert "second one" not in text


def test_repair_releases_a_lock_of_another_machine_only_if_told_to(
    backend: dict[str, str], dev: Deployment, tmp_path: Path
) -> None:
    shutil.copy(REPO / "Pulumi.yaml", tmp_path)
    init = ["pulumi", "-C", str(tmp_path), "stack", "init", "dev", "--no-select", "--non-interactive"]
    subprocess.run(init, env=backend, check=True)
    content = yaml.safe_load(dev.engine.config_file("dev").read_text())
    content["config"]["telemetry:namespace"]["name"] = "elsewhere"  # whose releases this empty stack does not miss
    settings = tmp_path / "elsewhere.yaml"
    settings.write_text(yaml.safe_dump(content))
    variables = {**backend, "TELEMETRY_CONFIG_FILE": str(settings)}
    lock = {"pid": 1, "username": "ci", "hostname": "runner-7", "timestamp": "2026-01-01T00:00:00Z"}
    key = f"{LOCKS}telemetry/dev/left.json"
    dev.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(lock))

    refused = dev.repair("--yes", code=1, variables=variables)
    assert "locked from another machine (ci@runner-7, process 1, since 2026-01-01T00:00:00Z)" in refused
    assert dev.s3.head_object(Bucket=BUCKET, Key=key)
    assert "released the lock" in dev.repair("--yes", "--break-lock", variables=variables)
    assert dev.s3.list_objects_v2(Bucket=BUCKET, Prefix=LOCKS)["KeyCount"] == 0
