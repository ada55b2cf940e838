"""What is seen while the S3 keys of a stack are changed: which pods come and go, and what keys the server takes."""

import json
import secrets
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from kubernetes import client as kubernetes
from kubernetes import watch

from telemetry.config.credentials import Credentials, S3Key
from telemetry.object_store.identities import identities_of
from tests.sandbox.deployment import Deployment
from tests.sandbox.s3_gateway import Keyed, client
from tests.support import load_stack

CREDENTIALS = "telemetry:credentials"
BACKENDS = ("traces", "metrics")
Given = dict[str, Any]
"""`telemetry:credentials` as it is set."""
Role = tuple[str, str]
"""Release and component of a pod."""


def given(stack: Deployment) -> Given:
    """Return the stack's credentials."""
    found: Given = json.loads(_pulumi(stack, "config", "get", CREDENTIALS))
    return found


def give(stack: Deployment, credentials: Given) -> None:
    """Set the stack's credentials."""
    _pulumi(stack, "config", "set", "--secret", CREDENTIALS, stdin=json.dumps(credentials))


def _pulumi(stack: Deployment, *arguments: str, stdin: str | None = None) -> str:
    tool, folder = str(stack.engine.toolchain.path("pulumi")), str(stack.engine.project)
    line = [tool, "-C", folder, "--non-interactive", *arguments, "-s", stack.stack]
    environment = stack.engine.run_environment
    return subprocess.run(line, env=environment, input=stdin, check=True, capture_output=True, text=True).stdout


def changing(credentials: Given) -> Given:
    """Return credentials with a new key for each backend, beside the one before."""
    fresh = {
        name: {
            "access_key": secrets.token_hex(8),
            "secret_key": secrets.token_hex(16),
            "previous": {key: credentials[name][key] for key in ("access_key", "secret_key")},
        }
        for name in BACKENDS
    }
    return {**credentials, **fresh}


def changed(credentials: Given) -> Given:
    """Return credentials without the keys before."""
    ended = {name: {key: its for key, its in credentials[name].items() if key != "previous"} for name in BACKENDS}
    return {**credentials, **ended}


def keyed(environment: str, credentials: Given) -> list[Keyed]:
    """Return the identities that the server is to know."""
    known = Credentials.model_validate(credentials)
    return [(each, getattr(known, place)) for place, each in identities_of(load_stack(environment)).items()]


def report(stack: Deployment) -> dict[str, Any]:
    """Return the report on the stack."""
    file = stack.engine.state / "report.json"
    stack.command("report", "--output", str(file), code=2, variables={"KUBECONFIG": str(stack.connections.kubeconfig)})
    found: dict[str, Any] = json.loads(file.read_text())
    return found


@dataclass
class Server:
    """Asks the server again and again with each key, and counts what it says: `(place, whether it let us in)`."""

    url: str
    said: Counter[tuple[str, bool]] = field(default_factory=Counter)

    @contextmanager
    def asked(self, pairs: Mapping[str, tuple[S3Key, str]]) -> Iterator[None]:
        """Ask for the length of a block; `pairs` has a key and a bucket by the key's place."""
        over = threading.Event()
        clients = {place: (client(self.url, pair), bucket) for place, (pair, bucket) in pairs.items()}

        def ask() -> None:
            while not over.wait(0.2):
                for place, (own, bucket) in clients.items():
                    with suppress(BotoCoreError):  # no answer is none of either sort
                        self.said[place, lets_in(own, bucket)] += 1

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            yield
        finally:
            over.set()
            asking.join()


def lets_in(own: Any, bucket: str) -> bool:
    """Whether the server lets a client list a bucket."""
    try:
        own.list_objects_v2(Bucket=bucket, MaxKeys=1)
    except ClientError:
        return False
    return True


@dataclass
class Pods:
    """Follows the pods of a namespace, event by event."""

    stack: Deployment
    fewest: dict[Role, int] = field(default_factory=dict)
    """The fewest pods of a role that were ready at one time."""
    _ready: dict[str, Role] = field(default_factory=dict)

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Follow them for the length of a block."""
        api = kubernetes.CoreV1Api(self.stack.core.api_client)
        listed = api.list_namespaced_pod(self.stack.namespace)
        for each in listed.items:
            self._see("ADDED", each)
        self.fewest = dict(Counter(self._ready.values()))
        stream, over = watch.Watch(), threading.Event()

        def follow() -> None:
            since = listed.metadata.resource_version
            while not over.is_set():
                for event in stream.stream(
                    api.list_namespaced_pod, self.stack.namespace, resource_version=since, timeout_seconds=2
                ):
                    since = event["object"].metadata.resource_version
                    self._see(event["type"], event["object"])
                    for role, number in self._count().items():
                        self.fewest[role] = min(self.fewest[role], number)

        following = threading.Thread(target=follow)
        following.start()
        try:
            yield
        finally:
            time.sleep(0.5)
            over.set()
            following.join()

    def _count(self) -> dict[Role, int]:
        now = Counter(self._ready.values())
        return {role: now[role] for role in self.fewest}

    def _see(self, kind: str, pod: Any) -> None:
        self._ready.pop(pod.metadata.uid, None)
        ready = any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or ())
        if kind != "DELETED" and ready and pod.metadata.deletion_timestamp is None:
            self._ready[pod.metadata.uid] = role_of(pod)


def role_of(pod: Any) -> Role:
    """Return the role of a pod."""
    labels = pod.metadata.labels
    return labels["app.kubernetes.io/instance"], labels.get("app.kubernetes.io/component", "")
