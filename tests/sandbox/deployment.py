"""A stack on the real engine and the session's world, with ways to look at what it made."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any
from unittest.mock import patch

import boto3
import httpx
import psutil
import yaml
from kubernetes import client
from typer.testing import CliRunner, Result

from sandbox.engine import Engine, checkpoint_of
from sandbox.paths import REPO
from sandbox.recovery import Recovery
from sandbox.world import Connections
from telemetry.backends import BACKENDS
from telemetry.cli.app import app
from tests.sandbox.reach import remove_bucket
from tests.waiting import until

_OPERATIONS = {"created": "create", "updated": "update", "deleted": "delete", "replaced": "replace"}
_DONE = re.compile(rf"^ [-+~]+ +(\S+) (\S+) ({'|'.join(_OPERATIONS)})\b", re.MULTILINE)
"""A line of what `up` prints: what a step has done to a resource."""


@dataclass(frozen=True)
class Deployment:
    """One stack in the world."""

    stack: str
    engine: Engine
    connections: Connections

    def pulumi(
        self, command: str, *options: str, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end and return what it printed, whatever its exit code."""
        with self.started(command, *options, variables=variables) as process:
            stdout, stderr = process.communicate(timeout=280)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    @contextmanager
    def started(
        self, command: str, *options: str, variables: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """Start a command and yield its process; it is ended with the block."""
        takes_settings = command in ("preview", "up", "refresh", "destroy", "config")
        settings = ["--config-file", str(self.engine.config_file(self.stack))] if takes_settings else []
        arguments = ["-s", self.stack, "--non-interactive", "--color=never", *settings, *options]
        with subprocess.Popen(
            [str(self.engine.toolchain.path("pulumi")), command, *arguments],
            cwd=REPO,
            env={**self.engine.run_environment, **(variables or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def up(self, *options: str, variables: Mapping[str, str] | None = None) -> str:
        """Deploy and return the output; the test fails if it fails."""
        return self._succeeds("up", "--yes", "--skip-preview", *options, variables=variables)

    def changed_by_up(self) -> dict[str, str]:
        """Deploy, and return what that has changed, components left out: name to operation, as in `changes`."""
        done = _DONE.findall(self.up())
        return {name: _OPERATIONS[how] for kind, name, how in done if kind != "pulumi:pulumi:Stack"}

    def refresh(self) -> str:
        """Refresh and return the output."""
        return self._succeeds("refresh", "--yes", "--skip-preview", "--diff")

    def clear(self) -> None:
        """Remove what is left of the stack from the world without the engine, in whatever state a test has left it."""
        for bucket in self.buckets():
            self.drop_bucket(bucket)
        for uid in self.datasources():
            self.grafana("DELETE", f"/api/datasources/uid/{uid}").raise_for_status()
        self.grafana("DELETE", f"/api/folders/telemetry-{self.stack}")  # with its dashboards, if there is one
        self._drop_roles_of_the_cluster()
        with suppress(client.ApiException):
            self.core.delete_namespace(self.namespace)
            # What waits for nothing else spares the cluster another look through all kinds.
            self.core.delete_collection_namespaced_pod(self.namespace, grace_period_seconds=0)
            self.core.delete_collection_namespaced_persistent_volume_claim(self.namespace)

    def await_cleared(self) -> None:
        """Wait for the end of the namespace that an earlier test's stack of this name has left behind."""
        until(lambda: not self._has_namespace(), every=0.5)

    def _drop_roles_of_the_cluster(self) -> None:
        rbac = client.RbacAuthorizationV1Api(self.core.api_client)
        for kind in ("cluster_role", "cluster_role_binding"):
            for each in getattr(rbac, f"list_{kind}")().items:
                if (each.metadata.annotations or {}).get("meta.helm.sh/release-namespace") == self.namespace:
                    getattr(rbac, f"delete_{kind}")(each.metadata.name)

    def _has_namespace(self) -> bool:
        try:
            self.core.read_namespace(self.namespace)
        except client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        return True

    def destroy(self, variables: Mapping[str, str] | None = None) -> str:
        """Destroy what is not protected and return the output."""
        return self._succeeds("destroy", "--yes", "--skip-preview", "--exclude-protected", variables=variables)

    def preview(self, *options: str) -> dict[str, Any]:
        """Return the preview as JSON."""
        preview: dict[str, Any] = json.loads(self._succeeds("preview", "--json", *options))
        return preview

    def changes(self, *options: str) -> dict[str, str]:
        """Return what a preview would change: resource name to operation."""
        steps = self.preview(*options)["steps"]
        return {step["urn"].rpartition("::")[2]: step["op"] for step in steps if step["op"] not in ("same", "refresh")}

    def recover(self) -> None:
        """Mend what a killed run left, as every command of the sandbox does before it begins."""
        Recovery(self.engine, self.stack).run()

    def repair(self, *options: str, code: int = 0, variables: Mapping[str, str] | None = None) -> str:
        """Run `commands repair` as a person would in the sandbox's environment, and return what it printed."""
        return self.command("repair", *options, code=code, variables=variables)

    def command(self, name: str, *options: str, code: int = 0, variables: Mapping[str, str] | None = None) -> str:
        """Run any of the commands on the stack, and return what it printed; the test fails at another exit code."""
        done = self.answer(name, *options, variables=variables)
        assert done.exit_code == code, done.output
        return done.output

    def answer(self, name: str, *options: str, variables: Mapping[str, str] | None = None) -> Result:
        """Run any of the commands on the stack, in this process: it takes a second to load in another."""
        own = {"TELEMETRY_CONFIG_FILE": str(self.engine.config_file(self.stack)), "COLUMNS": "200"}
        with patch.dict(os.environ, {**self.engine.environment, **own, **(variables or {})}, clear=True):
            return CliRunner().invoke(app, [name, self.stack, *options], catch_exceptions=False)

    def killed(self, command: str, release: str, status: str, *, with_plugins: bool = False) -> None:
        """Start a command and kill the engine, as `kill -9` does, once a release has this status.

        With its plugins it goes as when the machine is lost; without, they live on for a while.
        """
        selector = f"owner=helm,name={release},status={status}"
        with self.started(command, "--yes", "--skip-preview") as process:
            while not self.core.list_namespaced_secret(self.namespace, label_selector=selector).items:
                assert process.poll() is None, f"{release} was never {status}:\n{process.communicate()}"
                time.sleep(0.02)
            plugins = psutil.Process(process.pid).children(recursive=True) if with_plugins else ()
            process.send_signal(signal.SIGKILL)
            for plugin in plugins:
                with suppress(psutil.NoSuchProcess):
                    plugin.kill()

    @contextmanager
    def edited(self, edit: Callable[[dict[str, Any]], None]) -> Iterator[None]:
        """Change the stack's settings for the length of a block."""
        file = self.engine.config_file(self.stack)
        before = file.read_text()
        content = yaml.safe_load(before)
        edit(content["config"])
        file.write_text(yaml.safe_dump(content))
        try:
            yield
        finally:
            file.write_text(before)

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the state."""
        return list(checkpoint_of(self.engine.checkpoint(self.stack)).get("resources") or [])

    @property
    def namespace(self) -> str:
        """The namespace of the stack's workloads."""
        return self.engine.namespace(self.stack)

    @property
    def s3(self) -> Any:
        """An S3 client with the provisioner's identity."""
        identity = self.connections.s3_identities["provisioner"]
        return boto3.client(
            "s3",
            endpoint_url=self.connections.s3_endpoint,
            region_name="us-east-1",
            aws_access_key_id=identity.access_key,
            aws_secret_access_key=identity.secret_key.get_secret_value(),
        )

    def buckets(self) -> set[str]:
        """Return the stack's buckets that exist."""
        names = {bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]}
        return {name for name in names if f"-{self.stack}-" in name}

    def drop_bucket(self, name: str) -> None:
        """Delete a bucket with all that is in it behind the program's back."""
        remove_bucket(self.s3, name)

    @cached_property
    def core(self) -> client.CoreV1Api:
        """The cluster's core API."""
        return self.connections.core()

    def pods(self) -> dict[str, bool]:
        """Return the pods of the stack, and whether each is ready."""
        return {
            pod.metadata.name: any(c.type == "Ready" and c.status == "True" for c in pod.status.conditions or [])
            for pod in self.core.list_namespaced_pod(self.namespace).items
        }

    def releases(self) -> dict[str, str]:
        """Return the Helm releases of the stack and their status."""
        listed = json.loads(self.helm("list", "--namespace", self.namespace, "--all", "--output", "json"))
        return {release["name"]: release["status"] for release in listed}

    def helm(self, *arguments: str) -> str:
        """Run helm against the world's cluster."""
        target = ["--kubeconfig", str(self.connections.kubeconfig), "--kube-context", self.connections.context]
        command = [str(self.engine.toolchain.path("helm")), *arguments, *target]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def datasources(self) -> dict[str, dict[str, Any]]:
        """Return the stack's datasources in Grafana by uid."""
        listed = self.grafana("GET", "/api/datasources").json()
        names = "|".join(each.name for each in BACKENDS)
        own = re.compile(rf"({names})-{self.stack}([-_].*)?")
        return {each["uid"]: each for each in listed if own.fullmatch(each["uid"])}

    def grafana(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Call Grafana."""
        user, _, password = self.connections.grafana_auth.get_secret_value().partition(":")
        return httpx.request(
            method, f"{self.connections.grafana_url}{path}", auth=(user, password), json=body, timeout=60
        )

    def _succeeds(self, command: str, *options: str, variables: Mapping[str, str] | None = None) -> str:
        done = self.pulumi(command, *options, variables=variables)
        assert done.returncode == 0, f"pulumi {command}:\n{done.stdout}\n{done.stderr}"
        return done.stdout
