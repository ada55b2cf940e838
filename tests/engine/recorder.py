"""Runs the real `__main__.py` against a monitor that records what is registered, without an engine.

Each run has an event loop and a Pulumi runtime of its own: what one test leaves behind has broken the next before
(pulumi/pulumi#7663, #7746).
"""

import asyncio
import gc
import json
import logging
import os
import runpy
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from unittest.mock import patch

import pulumi
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from pulumi.runtime.mocks import MockCallArgs, MockEngine, MockMonitor, MockResourceArgs, Mocks, MockSettings
from pulumi.runtime.settings import configure, get_root_resource, reset_options
from pulumi.runtime.stack import run_in_stack

from tests.support import REPO, Change, Tree, as_engine_gives, changed_tree, tree

logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # as the language host does: a refused run leaves tasks behind

State = tuple[str, dict[str, Any]]
"""A resource's id and outputs."""

SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"
"""How the engine's protocol marks a secret (sdk/go/common/resource)."""
_SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"

MADE: dict[str, Callable[[dict[str, Any]], State]] = {
    "aws:s3/bucket:Bucket": lambda given: (given["bucket"], given),
    "aws:s3/bucketPolicy:BucketPolicy": lambda given: (given["bucket"], given),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": lambda given: (
        given["bucket"],
        given,
    ),
    "aws:s3/bucketVersioning:BucketVersioning": lambda given: (given["bucket"], given),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": lambda given: (given["bucket"], given),
    "kubernetes:core/v1:Namespace": lambda given: (given["metadata"]["name"], given),
    "kubernetes:scheduling.k8s.io/v1:PriorityClass": lambda given: (given["metadata"]["name"], given),
    "kubernetes:core/v1:LimitRange": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:core/v1:ResourceQuota": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:core/v1:ServiceAccount": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:core/v1:Secret": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:core/v1:Service": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:core/v1:ConfigMap": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:apps/v1:Deployment": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:networking.k8s.io/v1:Ingress": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:route.openshift.io/v1:Route": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:gateway.networking.k8s.io/v1:TLSRoute": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:policy/v1:PodDisruptionBudget": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:external-secrets.io/v1:ExternalSecret": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:external-secrets.io/v1beta1:ExternalSecret": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:cert-manager.io/v1:Certificate": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:monitoring.coreos.com/v1:PodMonitor": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:monitoring.coreos.com/v1:PrometheusRule": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": lambda given: (_namespaced(given["metadata"]), given),
    "kubernetes:helm.sh/v3:Release": lambda given: (_namespaced(given), {**given, "status": {"status": "deployed"}}),
    "grafana:oss/dataSource:DataSource": lambda given: (f"1:{given['uid']}", given),
    "grafana:oss/folder:Folder": lambda given: (f"1:{given['uid']}", given),
    "grafana:oss/dashboard:Dashboard": lambda given: ("1:" + json.loads(given["configJson"])["uid"], given),
    "pulumi:providers:aws": lambda given: ("s3", given),
    "pulumi:providers:grafana": lambda given: ("grafana", given),
    "pulumi:providers:kubernetes": lambda given: ("kubernetes", given),
}
"""How each kind of resource comes out when it is made. A kind that is not here has no place in the program."""


def _namespaced(given: dict[str, Any]) -> str:
    return f"{given['namespace']}/{given['name']}"


@dataclass(frozen=True)
class Registered:
    """One resource as the program registered it."""

    type: str
    name: str
    urn: str
    parent: str
    provider: str
    custom: bool
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    dependencies: tuple[str, ...]
    inputs: dict[str, Any]
    """As sent to the engine: keys in the provider's spelling, secrets marked."""

    @property
    def plain(self) -> Any:
        """The inputs without the marks of secrets."""
        return unmarked(self.inputs)


@dataclass
class Run:
    """What one run of the program registered and exported."""

    resources: list[Registered] = field(default_factory=list)
    component_outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    exports: dict[str, Any] = field(default_factory=dict)
    secret_exports: list[str] = field(default_factory=list)

    def of(self, type_: str) -> list[Registered]:
        """Return the resources of a type."""
        return [resource for resource in self.resources if resource.type == type_]

    def one(self, type_: str, name: str) -> Registered:
        """Return the only resource of that type and name."""
        (found,) = [resource for resource in self.of(type_) if resource.name == name]
        return found

    def at(self, urn: str) -> Registered | None:
        """Return the resource with that URN; none for the stack itself."""
        return next((resource for resource in self.resources if resource.urn == urn), None)


def is_secret(value: Any) -> bool:
    """Whether a recorded input is marked as secret."""
    return isinstance(value, dict) and value.get(_SIGNATURE_KEY) == SECRET_SIGNATURE


def unmarked(value: Any) -> Any:
    """Return a recorded input without the marks of secrets."""
    if is_secret(value):
        return unmarked(value["value"])
    if isinstance(value, dict):
        return {key: unmarked(inner) for key, inner in value.items()}
    return [unmarked(inner) for inner in value] if isinstance(value, list) else value


class _Provider(Mocks):
    def __init__(self, *, preview: bool, stacks: Mapping[str, Mapping[str, Any]]) -> None:
        self._preview = preview
        self._stacks = stacks

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"the program reads nothing from providers, but called {args.token}")

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if args.typ == "pulumi:pulumi:StackReference":  # read, at a preview too
            return args.inputs["name"], {**args.inputs, "outputs": self._stacks[args.inputs["name"]]}
        if not args.custom:
            return None, {}
        id_, outputs = MADE[args.typ](unmarked(args.inputs))
        # At preview an engine knows no ids, and of the outputs only the inputs.
        return ("", args.inputs) if self._preview else (id_, outputs)


class _Recorder(MockMonitor):
    def __init__(self, mocks: Mocks, run: Run) -> None:
        super().__init__(mocks)
        self._run = run

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        answer = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        if request.type != "pulumi:pulumi:Stack":
            self._run.resources.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    urn=answer.urn,
                    parent=request.parent,
                    provider=request.provider,
                    custom=request.custom,
                    protect=request.protect,
                    retain_on_delete=request.retainOnDelete,
                    delete_before_replace=request.deleteBeforeReplace,
                    dependencies=tuple(request.dependencies),
                    inputs=MessageToDict(request.object),
                )
            )
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        self._run.component_outputs[request.urn] = MessageToDict(request.outputs)
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]


@contextmanager
def _runtime(
    stack_name: str, run: Run, *, preview: bool, stacks: Mapping[str, Mapping[str, Any]]
) -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        reset_options()
        provider = _Provider(preview=preview, stacks=stacks)
        # Not set_mocks: it makes a root resource, whose registration has begun before the program does; none has
        # under the language host.
        configure(
            MockSettings(  # type: ignore[no-untyped-call]
                monitor=_Recorder(provider, run),
                engine=MockEngine(None),
                project="telemetry",
                stack=stack_name,
                dry_run=preview,
                organization="organization",
                callbacks=None,
            )
        )
        yield loop
    finally:
        gc.enable()  # the program switches it off for a process of its own
        reset_options()
        asyncio.set_event_loop(None)
        loop.close()


async def _known(value: Any, run: Run) -> dict[str, Any]:
    """Return the exports that are known; at preview some are not."""
    exports: dict[str, Any] = {}
    for name, given in value.items():
        output = pulumi.Output.from_input(given)
        waiting: Awaitable[Any] = output.future(with_unknowns=False)
        exports[name] = await waiting
        if await output.is_secret():
            run.secret_exports.append(name)
    return exports


def run_program(
    settings: Tree,
    stack_name: str,
    *,
    preview: bool,
    encrypted: bool = True,
    run: Run | None = None,
    stacks: Mapping[str, Mapping[str, Any]] | None = None,
) -> Run:
    """Run `__main__.py` on a tree of settings and return what it registered, in `run` if one is given.

    `stacks` are the outputs of other stacks by name. Raises whatever the program raises.
    """
    run = run or Run()
    environment = {
        "PULUMI_CONFIG": json.dumps(as_engine_gives(settings)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(["telemetry:credentials"] if encrypted else []),
    }
    with patch.dict(os.environ, environment), _runtime(stack_name, run, preview=preview, stacks=stacks or {}) as loop:

        def program() -> None:
            runpy.run_path(str(REPO / "__main__.py"), run_name="__main__")

        async def deployment() -> None:
            await run_in_stack(program)
            root: Any = get_root_resource()
            run.exports = await _known(root.outputs, run)

        loop.run_until_complete(deployment())
    return run


@cache
def run_of(environment: str, *, preview: bool) -> Run:
    """Run the program on a real stack file; the result is shared between tests and only read."""
    return run_program(tree(environment), environment, preview=preview)


def changed(
    *changes: Change,
    environment: str = "dev",
    preview: bool = False,
    stacks: Mapping[str, Mapping[str, Any]] | None = None,
) -> Run:
    return run_program(changed_tree(environment, *changes), environment, preview=preview, stacks=stacks)


def watched(backend: str) -> set[tuple[str, str]]:
    """Return types and names of what a Prometheus operator is told of a backend."""
    kinds = ("PodMonitor", "PrometheusRule")
    return {(f"kubernetes:monitoring.coreos.com/v1:{kind}", f"telemetry-{backend}") for kind in kinds}
