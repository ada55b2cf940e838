"""Stands in for `aws:s3/bucket:Bucket`: name, region and force_destroy, and every read that the real one makes."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from typing_extensions import override

from sandbox.plugins.base import CheckError, IncompleteError, Live, ProviderError, Request, ResourceType
from sandbox.plugins.diff import Diff, below, diff
from sandbox.plugins.s3_endpoint import MISSING, Endpoint
from sandbox.plugins.values import UNKNOWN, Properties

READS: dict[str, str] = {
    "get_bucket_policy": "NoSuchBucketPolicy",
    "get_bucket_acl": "",
    "get_bucket_cors": "NoSuchCORSConfiguration",
    "get_bucket_website": "NoSuchWebsiteConfiguration",
    "get_bucket_versioning": "",
    "get_bucket_accelerate_configuration": "",
    "get_bucket_request_payment": "",
    "get_bucket_logging": "",
    "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
    "get_bucket_replication": "ReplicationConfigurationNotFoundError",
    "get_bucket_encryption": "ServerSideEncryptionConfigurationNotFoundError",
    "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
    "get_bucket_location": "",
    "get_bucket_tagging": "NoSuchTagSet",
}
"""What the real provider asks of a bucket when it reads it, and the code with which it is told that there is none.

Any other error fails the read. Source: internal/service/s3/bucket.go of the Terraform AWS provider.
"""
_INPUTS = frozenset({"bucket", "forceDestroy", "region"})
_DEFAULTS: Properties = {"forceDestroy": False}
_COMPUTED = ("arn", "bucketDomainName", "bucketRegionalDomainName", "hostedZoneId")


class Bucket(ResourceType):
    """A bucket. Its id is its name."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @override
    def check(self, request: Request) -> Properties:
        refuse_others(request, _INPUTS)
        if not request.inputs.get("bucket"):
            raise CheckError("bucket", "the sandbox's stand-in does not invent bucket names: give one")
        return {**_DEFAULTS, "region": self._endpoint.region, **request.inputs}

    @override
    def diff(self, request: Request) -> Diff:
        return diff(request.old_inputs, request.inputs, replaces=below("bucket", "region"))

    @override
    def create(self, request: Request) -> tuple[str, Properties]:
        name = request.plain["bucket"]
        if request.preview:
            return "", {**request.inputs, **dict.fromkeys(_COMPUTED, UNKNOWN)}
        if self._exists(name, "creating"):
            # AWS answers 200 to a second creation in us-east-1, so the provider looks first.
            raise ProviderError(f"{_message('creating', name)}: BucketAlreadyOwnedByYou: it exists and is yours")
        self._call("creating", name, operator.methodcaller("create_bucket", Bucket=name))
        made = _outputs(request.inputs)
        try:
            self._exists_with_settings(name)
        except ProviderError as error:
            raise IncompleteError(str(error), name, made) from error
        return name, made

    @override
    def read(self, request: Request) -> Live | None:
        if not self._exists_with_settings(request.id):
            return None
        inputs = {**_DEFAULTS, "region": self._endpoint.region, **request.inputs, "bucket": request.id}
        return Live(request.id, inputs, _outputs(inputs))

    @override
    def update(self, request: Request) -> Properties:
        return {**request.state, **request.inputs}

    @override
    def delete(self, request: Request) -> None:
        name, forced = request.id, bool(request.state.get("forceDestroy"))
        self._call("deleting", name, lambda client: _delete(client, name, forced=forced), missing=MISSING)

    def _exists(self, name: str, action: str) -> bool:
        return bool(self._call(action, name, operator.methodcaller("head_bucket", Bucket=name), missing=MISSING))

    def _exists_with_settings(self, name: str) -> bool:
        """Whether there is such a bucket; fails where the real provider could not read what is set on it."""
        if not self._exists(name, "reading"):
            return False
        for operation, none in READS.items():
            ask = operator.methodcaller(operation, Bucket=name)
            self._call(f"reading ({operation})", name, ask, missing=(*MISSING, none))
        return True

    def _call(self, action: str, name: str, call: Callable[[Any], Any], *, missing: tuple[str, ...] = ()) -> Any:
        return self._endpoint.call(_message(action, name), call, missing=missing)


def refuse_others(request: Request, known_inputs: frozenset[str]) -> None:
    """Raise CheckError for an argument that is not one of these."""
    for key in sorted(request.inputs.keys() - known_inputs):
        raise CheckError(key, f"the sandbox's stand-in for {request.type} does not support this argument")


def empty(client: Any, name: str) -> None:
    """Delete every version of every object in a bucket."""
    for page in client.get_paginator("list_object_versions").paginate(Bucket=name):
        for each in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
            client.delete_object(Bucket=name, Key=each["Key"], VersionId=each["VersionId"])


def _delete(client: Any, name: str, *, forced: bool) -> None:
    """Delete a bucket; one that is not empty is emptied if it is ``forced``, and refused by the server if not."""
    from botocore.exceptions import ClientError

    try:
        client.delete_bucket(Bucket=name)
    except ClientError as error:
        if not forced or error.response["Error"]["Code"] != "BucketNotEmpty":
            raise
        empty(client, name)
        client.delete_bucket(Bucket=name)


def _message(action: str, name: str) -> str:
    return f"{action} S3 Bucket ({name})"


def _outputs(inputs: Properties) -> Properties:
    name, region = inputs["bucket"], inputs["region"]
    return {
        **inputs,
        "arn": f"arn:aws:s3:::{name}",
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": region,
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "hostedZoneId": "Z3AQBSTGFYJSTF",
        "objectLockEnabled": False,
        "requestPayer": "BucketOwner",
        "tagsAll": {},
    }
