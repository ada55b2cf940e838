"""Stands in for pulumi-resource-aws: `aws:s3/bucket:Bucket` at a custom endpoint, its name, region and force_destroy.

Ids, outputs, replacements and errors are those of the Terraform AWS provider 5.100. Any other argument of a bucket is
refused rather than ignored. Lifecycle, versioning, tags and policy are not here: SeaweedFS 3.39 has none of them.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from sandbox.plugins.base import (
    CheckError,
    Live,
    Provider,
    ProviderError,
    Request,
    ResourceType,
    known,
    parse_setting,
)
from sandbox.plugins.diff import Diff, below, diff
from sandbox.plugins.server import serve
from sandbox.plugins.values import UNKNOWN, Properties, Unknown

_INPUTS = frozenset({"bucket", "forceDestroy", "region"})
_DEFAULTS: Properties = {"forceDestroy": False}
_COMPUTED = ("arn", "bucketDomainName", "bucketRegionalDomainName", "hostedZoneId")


class Bucket(ResourceType):
    """A bucket. Its id is its name."""

    def __init__(self) -> None:
        self._config: Properties = {}
        self._client: Any = None

    def configure(self, config: Properties) -> None:
        """Take the provider's settings; boto3 is not loaded before a call needs it."""
        self._config, self._client = config, None

    @override
    def check(self, request: Request) -> Properties:
        for key in sorted(request.inputs.keys() - _INPUTS):
            raise CheckError(key, "the sandbox's stand-in for a bucket does not support this argument")
        if not request.inputs.get("bucket"):
            raise CheckError("bucket", "the sandbox's stand-in does not invent bucket names: give one")
        return {**_DEFAULTS, "region": self._config.get("region", "us-east-1"), **request.inputs}

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
            raise ProviderError(_message("creating", name, "BucketAlreadyOwnedByYou: it exists and is yours"))
        self._call("creating", name, lambda client: client.create_bucket(Bucket=name))
        return name, _outputs(request.inputs)

    @override
    def read(self, request: Request) -> Live | None:
        if not self._exists(request.id, "reading"):
            return None
        region = self._config.get("region", "us-east-1")
        inputs = {**_DEFAULTS, "region": region, **request.inputs, "bucket": request.id}
        return Live(request.id, inputs, _outputs(inputs))

    @override
    def update(self, request: Request) -> Properties:
        return {**request.state, **request.inputs}

    @override
    def delete(self, request: Request) -> None:
        name = request.id
        if request.state.get("forceDestroy") and self._exists(name, "emptying"):
            self._call("emptying", name, lambda client: _empty(client, name))
        self._call("deleting", name, lambda client: client.delete_bucket(Bucket=name), missing_ok=True)

    def _exists(self, name: str, action: str) -> bool:
        return bool(self._call(action, name, lambda client: client.head_bucket(Bucket=name), missing_ok=True))

    def _call(self, action: str, name: str, call: Any, *, missing_ok: bool = False) -> Any:
        """The answer; None for a bucket that is not there when that may be. Errors name the endpoint, never a key."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call(self._connect())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if missing_ok and code in ("404", "NoSuchBucket", "NotFound"):
                return None
            text = f"{code}: {error.response['Error'].get('Message', '')}".rstrip(": ")
            raise ProviderError(_message(action, name, f"{text} (at {self._endpoint()})")) from error
        except BotoCoreError as error:
            raise ProviderError(_message(action, name, f"{error} (at {self._endpoint()})")) from error

    def _endpoint(self) -> str:
        endpoints = parse_setting(self._config.get("endpoints") or [])
        found = [item["s3"] for item in endpoints if item.get("s3")] if isinstance(endpoints, list) else []
        if not found or isinstance(found[0], Unknown):
            raise ProviderError("the sandbox's stand-in for aws needs endpoints=[{s3: ...}]: it never calls Amazon")
        return str(found[0])

    def _connect(self) -> Any:
        if self._client is None:
            import boto3
            from botocore.config import Config

            path_style = parse_setting(self._config.get("s3UsePathStyle")) is True
            self._client = boto3.session.Session().client(
                "s3",
                endpoint_url=self._endpoint(),
                region_name=self._config.get("region", "us-east-1"),
                aws_access_key_id=self._config.get("accessKey"),
                aws_secret_access_key=self._config.get("secretKey"),
                config=Config(
                    s3={"addressing_style": "path" if path_style else "virtual"},
                    connect_timeout=5,
                    retries={"total_max_attempts": 3},
                ),
            )
        return self._client


def _message(action: str, name: str, reason: str) -> str:
    return f"{action} S3 Bucket ({name}): {reason}"


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


def _empty(client: Any, name: str) -> None:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=name, Key=item["Key"])


class Aws(Provider):
    """The provider: one S3 endpoint."""

    def __init__(self) -> None:
        self._bucket = Bucket()

    @override
    def configure(self, config: Properties) -> None:
        self._bucket.configure(config)

    @override
    def resource_type(self, token: str) -> ResourceType:
        return known({"aws:s3/bucket:Bucket": self._bucket}, token)


if __name__ == "__main__":
    serve(Aws())
