"""Stands in for what is set on a bucket: `BucketPolicy`, `BucketVersioning` and the others of `aws:s3` in SETTINGS."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any, ClassVar

from typing_extensions import override

from sandbox.plugins.aws_bucket import refuse_others
from sandbox.plugins.base import CheckError, Live, ProviderError, Request, ResourceType
from sandbox.plugins.diff import Diff, below, diff
from sandbox.plugins.s3_endpoint import MISSING, Endpoint
from sandbox.plugins.values import Properties, has_unknown

_NAMES = {
    "abortIncompleteMultipartUpload": "AbortIncompleteMultipartUpload",
    "applyServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
    "days": "Days",
    "daysAfterInitiation": "DaysAfterInitiation",
    "expiration": "Expiration",
    "filter": "Filter",
    "id": "ID",
    "prefix": "Prefix",
    "sseAlgorithm": "SSEAlgorithm",
    "status": "Status",
}
"""Pulumi's names of what the program sets, and S3's."""
_PULUMIS = {theirs: ours for ours, theirs in _NAMES.items()}


class BucketSetting(ResourceType):
    """One argument beside the bucket's name, which is its id too."""

    title: ClassVar[str]
    argument: ClassVar[str]
    none: ClassVar[str] = ""
    """The code with which S3 says that nothing is set."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @override
    def check(self, request: Request) -> Properties:
        refuse_others(request, frozenset({"bucket", self.argument, "region"}))
        self._sendable(request.plain.get(self.argument))
        return {"region": self._endpoint.region, **request.inputs}

    @override
    def diff(self, request: Request) -> Diff:
        old, new = request.old_inputs, request.inputs
        if self._same(old.get(self.argument), new.get(self.argument)):
            old = {**old, self.argument: new.get(self.argument)}
        return diff(old, new, replaces=below("bucket", "region"))

    @override
    def create(self, request: Request) -> tuple[str, Properties]:
        if request.preview:
            return "", request.inputs
        self._set(request.plain)
        return request.plain["bucket"], request.inputs

    @override
    def read(self, request: Request) -> Live | None:
        name, known = request.id, request.inputs.get(self.argument)
        value = self._call("reading", name, lambda client: self._get(client, name), (*MISSING, self.none))
        if value is None:
            return None
        value = known if self._same(known, value) else value
        found = {"region": self._endpoint.region, **request.inputs, "bucket": name, self.argument: value}
        return Live(name, found, found)

    @override
    def update(self, request: Request) -> Properties:
        if not request.preview:
            self._set(request.plain)
        return {**request.state, **request.inputs}

    @override
    def delete(self, request: Request) -> None:
        name = request.id
        self._call("deleting", name, lambda client: self._delete(client, name), (*MISSING, self.none))

    def _set(self, inputs: Properties) -> None:
        """Set it, and fail if the server does not say the same afterwards: the real provider waits for that."""
        name, wanted = inputs["bucket"], inputs[self.argument]
        self._call("putting", name, lambda client: self._put(client, name, wanted))
        if not self._same(self._call("reading", name, lambda client: self._get(client, name)), wanted):
            raise ProviderError(f"putting {self.title} ({name}): the server keeps something else")

    def _call(self, action: str, name: str, call: Any, missing: tuple[str, ...] = ()) -> Any:
        return self._endpoint.call(f"{action} {self.title} ({name})", call, missing=missing)

    def _same(self, one: Any, other: Any) -> bool:
        return bool(one == other)

    def _sendable(self, value: Any) -> None:
        """Raise CheckError for what this stand-in cannot send."""
        if not has_unknown(value):
            _sent(value, self.argument)

    @abstractmethod
    def _put(self, client: Any, name: str, value: Any) -> None:
        """Set it."""

    @abstractmethod
    def _get(self, client: Any, name: str) -> Any:
        """Return what is set, in Pulumi's words."""

    @abstractmethod
    def _delete(self, client: Any, name: str) -> None:
        """Set nothing any more."""


class BucketPolicy(BucketSetting):
    """A bucket's policy: JSON, and texts that say the same are the same."""

    title, argument, none = "S3 Bucket Policy", "policy", "NoSuchBucketPolicy"

    @override
    def _put(self, client: Any, name: str, value: Any) -> None:
        client.put_bucket_policy(Bucket=name, Policy=value)

    @override
    def _get(self, client: Any, name: str) -> Any:
        return client.get_bucket_policy(Bucket=name)["Policy"]

    @override
    def _delete(self, client: Any, name: str) -> None:
        client.delete_bucket_policy(Bucket=name)

    @override
    def _same(self, one: Any, other: Any) -> bool:
        return bool(_parsed(one) == _parsed(other))

    @override
    def _sendable(self, value: Any) -> None:
        """Any text can be sent; the server says what is wrong with it."""


class BucketVersioning(BucketSetting):
    """Whether a bucket keeps versions. It cannot be unset, only suspended."""

    title, argument = "S3 Bucket Versioning", "versioningConfiguration"

    @override
    def _put(self, client: Any, name: str, value: Any) -> None:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration=_sent(value))

    @override
    def _get(self, client: Any, name: str) -> Any:
        return {"status": client.get_bucket_versioning(Bucket=name).get("Status", "Disabled")}

    @override
    def _delete(self, client: Any, name: str) -> None:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})


class BucketLifecycle(BucketSetting):
    """What becomes of objects and uploads as they grow old."""

    title, argument, none = "S3 Bucket Lifecycle Configuration", "rules", "NoSuchLifecycleConfiguration"

    @override
    def _put(self, client: Any, name: str, value: Any) -> None:
        client.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": _sent(value)})

    @override
    def _get(self, client: Any, name: str) -> Any:
        return _heard(client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"])

    @override
    def _delete(self, client: Any, name: str) -> None:
        client.delete_bucket_lifecycle(Bucket=name)


class BucketEncryption(BucketSetting):
    """How what is written without a word about it is encrypted."""

    title, argument = "S3 Bucket Server-side Encryption Configuration", "rules"
    none = "ServerSideEncryptionConfigurationNotFoundError"

    @override
    def _put(self, client: Any, name: str, value: Any) -> None:
        rules = {"Rules": _sent(value)}
        client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)

    @override
    def _get(self, client: Any, name: str) -> Any:
        rules = client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        # A bucket key that is off is one that is not spoken of.
        return _heard([{key: item for key, item in rule.items() if item is not False} for rule in rules])

    @override
    def _delete(self, client: Any, name: str) -> None:
        client.delete_bucket_encryption(Bucket=name)


SETTINGS: dict[str, type[BucketSetting]] = {
    "aws:s3/bucketPolicy:BucketPolicy": BucketPolicy,
    "aws:s3/bucketVersioning:BucketVersioning": BucketVersioning,
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": BucketLifecycle,
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": BucketEncryption,
}


def _sent(value: Any, path: str = "") -> Any:
    """Return a value in S3's words; raises CheckError for a word that this stand-in does not know."""
    if isinstance(value, dict):
        for key in value.keys() - _NAMES.keys():
            raise CheckError(f"{path}.{key}", "the sandbox's stand-in does not support this argument")
        return {_NAMES[key]: _sent(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, list):
        return [_sent(item, f"{path}[{index}]") for index, item in enumerate(value)]
    return value


def _heard(value: Any) -> Any:
    """Return what S3 says in Pulumi's words; what has none keeps S3's, so that it shows as a difference."""
    if isinstance(value, dict):
        return {_PULUMIS.get(key, key): _heard(item) for key, item in value.items()}
    return [_heard(item) for item in value] if isinstance(value, list) else value


def _parsed(policy: object) -> object:
    """A policy's content, whatever the order of its keys; what is unknown or no JSON stays as it is."""
    try:
        return json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return policy
