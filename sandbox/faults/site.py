"""A world of its own with a stack in it, whose connections go through proxies, and the commands of its user."""

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import boto3
import httpx
import psutil
import yaml
from kubernetes import client

from sandbox.engine import Engine, checkpoint_of, failed
from sandbox.faults.proxy import Proxy
from sandbox.faults.witness import Witness, take
from sandbox.paths import REPO
from sandbox.plugins.install import install
from sandbox.stacks import prepare
from sandbox.toolchain import Toolchain
from sandbox.world import Connections, World
from sandbox.world.files import write_private
from sandbox.world.process import ProcessTable
from telemetry.engine.urn import name_of
from telemetry.operations.repair.processes import Runs, end_family

PARTS = {"cluster": "kube-apiserver", "store": "seaweedfs", "grafana": "grafana"}
"""Which processes of the world a part is; all whose name begins so are killed with it."""
OPTIONS = {
    "up": ("--yes", "--skip-preview"),
    "destroy": ("--yes", "--skip-preview", "--exclude-protected"),
}
NEIGHBOUR = "somebody-elses"
_RELEASE_TIMEOUT = "2m"
"""How long a release is waited for here, in place of 15 minutes. After an outage of the API server controllers take up
to 40 s to notice that it is back (client-go's backoff), and then the pods have to roll."""
_KEPT = "kept"
_POLL_SECONDS = 0.05
_PATIENCE_SECONDS = 240.0
_LAST_LINES = 12
"""Of a command that does not end."""

Config = dict[str, Any]
Edit = Callable[[Config], object]


class Overdue(Exception):  # noqa: N818 - what it is: the bound on a try is over
    """A try has taken longer than it may."""


@dataclass(frozen=True)
class Ran:
    """A command that has ended."""

    command: str
    code: int
    output: str

    @property
    def failed(self) -> bool:
        """Whether it did not do what it should."""
        return self.code != 0


class Site:
    """A stack in a world that is gone after `close`. The platform owns the namespace, and buckets are protected."""

    def __init__(self, stack: str = "dev") -> None:
        self.stack = stack
        self.deadline = time.monotonic() + 300
        self.seconds: dict[str, float] = {}
        """How long each command took when it last succeeded: whoever wants to hit the middle of one asks here."""
        self._directory = tempfile.TemporaryDirectory(prefix="telemetry-faults-")
        root = Path(self._directory.name)
        self._state = root / "world"
        self._toolchain = Toolchain()
        self.world = World(self._state, self._toolchain)
        self.direct = self.world.start()
        self.proxies = {
            "cluster": Proxy(_authority(self.direct.api_server)),
            "store": Proxy(_authority(self.direct.s3_endpoint)),
            "grafana": Proxy(_authority(self.direct.grafana_url)),
        }
        self.engine = Engine(root / "engine", self._toolchain)
        install(self.engine.home, self.engine.toolchain)
        prepare(stack, self.engine, self._through_proxies(root))
        self.change(_platforms_namespace)
        self.change(lambda config: config["telemetry:kubernetes"].update(release_timeout=_RELEASE_TIMEOUT))
        self.core.create_namespace({"metadata": {"name": self.namespace}})
        self.s3.create_bucket(Bucket=NEIGHBOUR)
        self.s3.put_object(Bucket=NEIGHBOUR, Key=_KEPT, Body=b"not ours")

    def close(self) -> None:
        """End everything and remove it."""
        end_family(self._runs.engines())
        end_family(self._runs.orphans())
        for proxy in self.proxies.values():
            proxy.refuse()
        self.world.destroy()
        self._directory.cleanup()

    # The user's commands

    def run(self, command: str) -> Ran:
        """Run up, destroy or repair to its end, as `make` would. Raises Overdue."""
        begun = time.monotonic()
        ran = self.end(self.start(command), command)
        if not ran.failed:
            self.seconds[command] = time.monotonic() - begun
        return ran

    def start(self, command: str) -> "subprocess.Popen[str]":
        """Start a command; its output is one stream, as on a terminal."""
        return subprocess.Popen(
            self._line(command),
            cwd=REPO,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self, process: "subprocess.Popen[str]", command: str) -> Ran:
        """Wait for a command, and return what it printed with what `make` adds. Raises Overdue."""
        try:
            output, _ = process.communicate(timeout=max(1.0, self.deadline - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            self.kill(process, with_plugins=True)
            printed = (error.output or b"").decode(errors="replace").split("\n")[-_LAST_LINES:]
            raise Overdue("\n".join([f"{command} did not end in time", *printed])) from error
        said = "" if process.returncode == 0 or command == "repair" else f"\nerror: {failed(command, self.stack)}"
        return Ran(command, process.returncode, output + said)

    def kill(self, process: "subprocess.Popen[str]", *, with_plugins: bool) -> None:
        """`kill -9` an engine, with its plugins as when the machine is lost."""
        plugins: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            plugins = psutil.Process(process.pid).children(recursive=True) if with_plugins else []
        process.kill()
        for plugin in plugins:
            with suppress(psutil.NoSuchProcess):
                plugin.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def change(self, edit: Edit) -> None:
        """Edit the stack's settings."""
        self.engine.change(self.stack, edit)

    def new_retention(self, rng: Random) -> None:
        """Make a change that rolls both backends."""
        days = rng.randint(8, 60)
        self.change(lambda config: config["telemetry:metrics"].update(retention=f"{days}d"))
        self.change(lambda config: config["telemetry:traces"].update(retention=f"{days}d"))

    def helm(self, *arguments: str) -> list[str]:
        """Return the command line of helm on the stack's namespace."""
        target = ["--kubeconfig", str(self.direct.kubeconfig), "--namespace", self.namespace]
        return [str(self.engine.toolchain.path("helm")), *arguments, *target]

    # What happens to the parts

    def kill_part(self, part: str) -> None:
        """`kill -9` the processes of a part, and refuse connections to it."""
        table = ProcessTable(self._state)
        for status in self.world.status():
            found = table.find(status.name) if status.name.startswith(PARTS[part]) else None
            if found is not None:
                found.process.kill()
        self.proxies[part].refuse()

    def heal(self) -> None:
        """Start what does not run, and let everybody through again."""
        self.world.start()
        for proxy in self.proxies.values():
            proxy.listen()

    # What is there

    def witness(self) -> Witness:
        """Look at what must not be lost, past all proxies."""
        listed = self.grafana.get("/api/datasources").raise_for_status().json()
        return take(self.s3, self.core, self.namespace, listed)

    def put_blocks(self, rng: Random) -> None:
        """Put a block into each of the stack's buckets that has none."""
        for bucket in self.buckets():
            if not self.s3.list_objects_v2(Bucket=bucket).get("Contents"):
                self.s3.put_object(Bucket=bucket, Key=_KEPT, Body=rng.randbytes(2_000))

    def buckets(self) -> list[str]:
        """Return the stack's buckets that exist."""
        names = [each["Name"] for each in self.s3.list_buckets()["Buckets"]]
        return [name for name in names if f"-{self.stack}-" in name]

    def wrong(self) -> tuple[str, ...]:
        """Return what is not as after a good `up`: locks, operations, releases, pods. Waits a moment for pods."""
        deployment = self._deployment
        failing = [name_of(each["urn"]) for each in deployment.get("resources") or () if each.get("initErrors")]
        releases = [f"release {name} is {status}" for name, status in self.releases().items() if status != "deployed"]
        unready = self.waits(lambda: not self.unready(), 20) or self.unready()
        return (
            *(["the stack is locked"] if self.engine.locks(self.stack) else []),
            *(f"pending: {name}" for name in self.pending()),
            *(f"unfinished: {name}" for name in failing),
            *([] if len(self.releases()) == 2 else ["a release is missing"]),
            *releases,
            *([] if unready is True else [f"not ready: {', '.join(unready)}"]),
        )

    def pending(self) -> list[str]:
        """Return what the state says is under way."""
        operations = self._deployment.get("pending_operations") or ()
        return [f"{each['type']} {name_of(each['resource']['urn'])}" for each in operations]

    def releases(self) -> dict[str, str]:
        """Return the newest status of each Helm release."""
        secrets = self.core.list_namespaced_secret(self.namespace, label_selector="owner=helm").items
        ordered = sorted((each.metadata.labels for each in secrets), key=lambda labels: int(labels["version"]))
        return {labels["name"]: labels["status"] for labels in ordered}

    def unready(self) -> list[str]:
        """Return the pods that do not serve."""
        return [
            pod.metadata.name
            for pod in self.core.list_namespaced_pod(self.namespace).items
            if not any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])
        ]

    def waits(self, condition: Callable[[], object], seconds: float, process: Any = None) -> bool:
        """Wait for a condition; whether it came true in time, and before a process has ended."""
        until = min(time.monotonic() + seconds, self.deadline)
        while time.monotonic() < until:
            if condition():
                return True
            if process is not None and process.poll() is not None:
                return False
            time.sleep(_POLL_SECONDS)
        return False

    def awaits_status(self, status: str, process: Any) -> bool:
        """Wait until a command has brought some release into a status."""
        return self.waits(lambda: status in self.releases().values(), _PATIENCE_SECONDS, process)

    @property
    def namespace(self) -> str:
        """The namespace of the stack's workloads."""
        return self.engine.namespace(self.stack)

    @cached_property
    def s3(self) -> Any:
        """An S3 client of the administrator's."""
        identity = self.direct.s3_identities["provisioner"]
        return boto3.client(
            "s3",
            endpoint_url=self.direct.s3_endpoint,
            region_name="us-east-1",
            aws_access_key_id=identity.access_key,
            aws_secret_access_key=identity.secret_key.get_secret_value(),
        )

    @cached_property
    def core(self) -> client.CoreV1Api:
        """The cluster's core API."""
        return self.direct.core()

    @cached_property
    def grafana(self) -> httpx.Client:
        """Grafana, as its administrator."""
        user, _, password = self.direct.grafana_auth.get_secret_value().partition(":")
        return httpx.Client(base_url=self.direct.grafana_url, auth=(user, password), trust_env=False)

    @property
    def _deployment(self) -> Mapping[str, Any]:
        try:
            return checkpoint_of(self.engine.checkpoint(self.stack))
        except ValueError:  # it is being written
            return {}

    @property
    def _runs(self) -> Runs:
        return Runs.of(self.engine.environment, REPO)

    def _line(self, command: str) -> list[str]:
        config_file = ["--config-file", str(self.engine.config_file(self.stack))]
        if command == "repair":
            python = str(Path(self.engine.environment["VIRTUAL_ENV"]) / "bin" / "python")
            return [python, "-m", "telemetry", "repair", self.stack, "--yes", *config_file]
        pulumi = [str(self.engine.toolchain.path("pulumi")), command, "-s", self.stack]
        return [*pulumi, "--non-interactive", "--color=never", *config_file, *OPTIONS[command]]

    @property
    def _environment(self) -> Mapping[str, str]:
        return {**self.engine.run_environment, "COLUMNS": "200"}

    def _through_proxies(self, root: Path) -> Connections:
        kubeconfig = yaml.safe_load(self.direct.kubeconfig.read_text())
        for cluster in kubeconfig["clusters"]:
            cluster["cluster"]["server"] = f"https://{self.proxies['cluster'].address}"
        return self.direct.model_copy(
            update={
                "kubeconfig": write_private(root / "kubeconfig", yaml.safe_dump(kubeconfig)),
                "s3_endpoint": f"http://{self.proxies['store'].address}",
                "grafana_url": f"http://{self.proxies['grafana'].address}",
            }
        )


@contextmanager
def opened(stack: str = "dev") -> Iterator[Site]:
    """Yield a site that is gone after the block."""
    site = Site(stack)
    try:
        yield site
    finally:
        site.close()


def _platforms_namespace(config: Config) -> None:
    """As on the first user's cluster: so claims outlive a destroy, and one can tell whether they are the same."""
    config["telemetry:namespace"]["create"] = False
    config["telemetry:object_store"]["protect_buckets"] = True


def _authority(url: str) -> str:
    return httpx.URL(url).netloc.decode()
