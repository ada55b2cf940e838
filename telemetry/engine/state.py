"""Operations that a killed run has left in a stack's state, and the state without them. Secrets stay encrypted."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.engine.urn import RELEASE_TYPE, name_of

Resource = Mapping[str, Any]
Deployment = dict[str, Any]
Live = Callable[[Resource], Mapping[str, Any] | None]
"""Tells what to add to the outputs of a resource that exists; None: it does not, or somebody else has made it."""

_ID_INPUTS = {
    "aws:s3/bucket:Bucket": "bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "bucket",
    "aws:s3/bucketPolicy:BucketPolicy": "bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "bucket",
    "aws:s3/bucketVersioning:BucketVersioning": "bucket",
    "grafana:oss/dataSource:DataSource": "uid",
    "grafana:oss/folder:Folder": "uid",
}
"""The input that is also the id under which the provider finds the resource."""
_OUR_MANAGER = "pulumi-kubernetes"
"""How the names begin under which the provider writes objects of the cluster."""
_UNFINISHED = "a run failed, or was killed, before the release was ready"


@dataclass(frozen=True)
class ReleaseState:
    """What the state knows of a release."""

    operation: str | None = None
    """What a killed run was about to do with it, such as `creating`."""
    deployed: bool = False
    """Whether it is one of the stack's resources."""
    unfinished: bool = False
    """Whether it is noted as such: the next `up` sees to it."""


@dataclass(frozen=True)
class Operation:
    """An operation that was begun, and may or may not have been done."""

    type: str
    """Such as `creating`."""
    resource: Resource

    @property
    def urn(self) -> str:
        """Which resource of the stack it concerns."""
        return str(self.resource["urn"])

    @property
    def name(self) -> str:
        """The resource's name in the program."""
        return name_of(self.urn)

    @property
    def adoptable_as(self) -> str | None:
        """The id under which the engine may look for what was being made; None: it is made again, or uninstalled."""
        return identifier(self.resource) if self.type == "creating" else None


def operations(deployment: Deployment) -> tuple[Operation, ...]:
    """Return what was under way when a run was killed."""
    return tuple(Operation(each["type"], each["resource"]) for each in deployment.get("pending_operations") or ())


def identifier(resource: Resource) -> str | None:
    """Return the id that a provider gives to a resource with these inputs; None where that cannot be told.

    Never of a release: what a killed run has made of one is not taken over but uninstalled, as nobody uses it yet.
    """
    inputs = resource.get("inputs") or {}
    if resource["type"] in _ID_INPUTS:
        name_input, organisation = _text(inputs.get(_ID_INPUTS[resource["type"]])), _text(inputs.get("orgId"))
        return f"{organisation}:{name_input}" if name_input and organisation else name_input
    if not is_object(resource):
        return None
    metadata = inputs.get("metadata")
    name = _text(metadata.get("name")) if isinstance(metadata, Mapping) else None
    namespace = _text(metadata.get("namespace")) if isinstance(metadata, Mapping) else None
    return f"{namespace}/{name}" if name and namespace else name


def is_object(resource: Resource) -> bool:
    """Whether it is a single object of the cluster."""
    return str(resource["type"]).startswith("kubernetes:") and resource["type"] != RELEASE_TYPE


def our_manager(metadata: Mapping[str, Any]) -> str | None:
    """Return under which name the provider has written an object; None: it has not."""
    managers = (str(each.get("manager", "")) for each in metadata.get("managedFields") or ())
    return next((name for name in managers if name.startswith(_OUR_MANAGER)), None)


def provider_notes(resource: Resource, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the provider notes beside the outputs of an object that it has made."""
    return {"__fieldManager": our_manager(metadata), "__initialApiVersion": resource["inputs"]["apiVersion"]}


def release_states(deployment: Deployment) -> dict[str, ReleaseState]:
    """Return what the state knows of each release, by the name that Helm has for it."""
    found = {
        str(each["inputs"]["name"]): ReleaseState(deployed=True, unfinished=bool(each.get("initErrors")))
        for each in deployment.get("resources") or ()
        if each["type"] == RELEASE_TYPE and not each.get("delete")
    }
    for operation in operations(deployment):
        if operation.resource["type"] == RELEASE_TYPE:
            name = str(operation.resource["inputs"]["name"])
            before = found.get(name, ReleaseState())
            found[name] = ReleaseState(operation.type, before.deployed, before.unfinished)
    return found


def settled(
    deployment: Deployment, live: Live, *, unfinished: Collection[str] = (), freed: Collection[str] = ()
) -> tuple[Deployment, list[str]]:
    """Return the state without operations under way, and the URNs that a refresh has to bring up to date.

    What was being made is put in as if it had been; where it was not, the refresh takes it out again. (`pulumi
    refresh --import-pending-creates` promises the same, but engine 3.250 drops what it is to import.)

    Args:
        deployment: the state, as exported.
        live: asks for what was being made.
        unfinished: releases, by Helm's name, that the next `up` has to see to.
        freed: releases that were rolled back or uninstalled.
    """
    resources = [dict(each) for each in deployment.get("resources") or ()]
    for operation in operations(deployment):
        _adopt(resources, operation, live)
    outdated = {operation.urn for operation in operations(deployment)}
    for release in [each for each in resources if each["type"] == RELEASE_TYPE]:
        name = release["inputs"]["name"]
        if name in freed:
            outdated.add(release["urn"])
        if name in unfinished:
            release["initErrors"] = [_UNFINISHED]
            outdated.discard(release["urn"])  # a refresh would take the note away
    there = [each["urn"] for each in resources if each["urn"] in outdated]
    after = {key: value for key, value in deployment.items() if key != "pending_operations"}
    return {**after, "resources": resources}, list(dict.fromkeys(there))


def _adopt(resources: list[dict[str, Any]], operation: Operation, live: Live) -> None:
    place = next((n for n, each in enumerate(resources) if each["urn"] == operation.urn), len(resources))
    if place < len(resources) and not resources[place].get("pendingReplacement"):
        return  # the one that was to be replaced is there still
    outputs = live(operation.resource) if operation.adoptable_as else None
    if outputs is not None:
        adopted = {"id": operation.adoptable_as, "outputs": {**operation.resource["inputs"], **outputs}}
        resources[place : place + 1] = [{**operation.resource, **adopted}]


def _text(value: object) -> str | None:
    """Return a value that is text; a secret is none."""
    return value if isinstance(value, str) and value else None
