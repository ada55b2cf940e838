"""Stands in for pulumi-resource-aws: `aws:s3/bucket:Bucket` and `aws:s3/bucketPolicy:BucketPolicy` at an endpoint.

Ids, outputs, replacements and errors are those of the Terraform AWS provider 5.100. Of a bucket there are name, region
and force_destroy; any other argument is refused rather than ignored. Lifecycle, versioning and tags are not here:
SeaweedFS 3.39 has none of them. It has no policies either, but moto has.
"""

from __future__ import annotations

import json
from collections.abc import Callable
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
_POLICY_INPUTS = frozenset({"bucket", "policy", "region"})
_DEFAULTS: Properties = {"forceDestroy": False}
_COMPUTED = ("arn", "bucketDomainName", "bucketRegionalDomainName", "hostedZoneId")
_MISSING = ("404", "NoSuchBucket", "NotFound")


class Endpoint:
    """The one S3 endpoint of the provider."""

    def __init__(self) -> None:
        self._config: Properties = {}
        self._client: Any = None

    def configure(self, config: Properties) -> None:
        """Take the provider's settings; boto3 is not loaded before a call needs it."""
        self._config, self._client = config, None

    @property
    def region(self) -> str:
        """The provider's region."""
        return str(self._config.get("region", "us-east-1"))

    def call(self, what: str, call: Callable[[Any], Any], *, missing: tuple[str, ...] = ()) -> Any:
        """The answer; None where what is `missing` may be. Errors say what was tried and where, and never a key."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return call(self._connect())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in missing:
                return None
            text = f"{code}: {error.response['Error'].get('Message', '')}".rstrip(": ")
            raise ProviderError(f"{what}: {text} (at {self._url()})") from error
        except BotoCoreError as error:
            raise ProviderError(f"{what}: {error} (at {self._url()})") from error

    def _url(self) -> str:
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
                endpoint_url=self._url(),
                region_name=self.region,
                aws_access_key_id=self._config.get("accessKey"),
                aws_secret_access_key=self._config.get("secretKey"),
                config=Config(
                    s3={"addressing_style": "path" if path_style else "virtual"},
                    connect_timeout=5,
                    retries={"total_max_attempts": 3},
                ),
            )
        return self._client


class Bucket(ResourceType):
    """A bucket. Its id is its name."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @override
    def check(self, request: Request) -> Properties:
        _refuse_others(request, _INPUTS)
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
        self._call("creating", name, lambda client: client.create_bucket(Bucket=name))
        return name, _outputs(request.inputs)

    @override
    def read(self, request: Request) -> Live | None:
        if not self._exists(request.id, "reading"):
            return None
        inputs = {**_DEFAULTS, "region": self._endpoint.region, **request.inputs, "bucket": request.id}
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

    def _call(self, action: str, name: str, call: Callable[[Any], Any], *, missing_ok: bool = False) -> Any:
        return self._endpoint.call(_message(action, name), call, missing=_MISSING if missing_ok else ())


class BucketPolicy(ResourceType):
    """A bucket's policy. Its id is the bucket's name; texts that say the same are the same."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    @override
    def check(self, request: Request) -> Properties:
        _refuse_others(request, _POLICY_INPUTS)
        return {"region": self._endpoint.region, **request.inputs}

    @override
    def diff(self, request: Request) -> Diff:
        old, new = request.old_inputs, request.inputs
        if _parsed(old.get("policy")) == _parsed(new.get("policy")):
            old = {**old, "policy": new.get("policy")}
        return diff(old, new, replaces=below("bucket", "region"))

    @override
    def create(self, request: Request) -> tuple[str, Properties]:
        if request.preview:
            return "", request.inputs
        self._put(request.plain)
        return request.plain["bucket"], request.inputs

    @override
    def read(self, request: Request) -> Live | None:
        name = request.id
        answer = self._endpoint.call(
            f"reading S3 Bucket Policy ({name})",
            lambda client: client.get_bucket_policy(Bucket=name),
            missing=(*_MISSING, "NoSuchBucketPolicy"),
        )
        if answer is None:
            return None
        known_text = request.inputs.get("policy")
        text = known_text if _parsed(known_text) == _parsed(answer["Policy"]) else answer["Policy"]
        found = {"region": self._endpoint.region, **request.inputs, "bucket": name, "policy": text}
        return Live(name, found, found)

    @override
    def update(self, request: Request) -> Properties:
        if not request.preview:
            self._put(request.plain)
        return {**request.state, **request.inputs}

    @override
    def delete(self, request: Request) -> None:
        name = request.id
        self._endpoint.call(
            f"deleting S3 Bucket Policy ({name})",
            lambda client: client.delete_bucket_policy(Bucket=name),
            missing=(*_MISSING, "NoSuchBucketPolicy"),
        )

    def _put(self, inputs: Properties) -> None:
        name, policy = inputs["bucket"], inputs["policy"]
        self._endpoint.call(
            f"putting S3 Bucket Policy ({name})", lambda client: client.put_bucket_policy(Bucket=name, Policy=policy)
        )


def _refuse_others(request: Request, known_inputs: frozenset[str]) -> None:
    for key in sorted(request.inputs.keys() - known_inputs):
        raise CheckError(key, f"the sandbox's stand-in for {request.type} does not support this argument")


def _parsed(policy: object) -> object:
    """A policy's content, whatever the order of its keys; what is unknown or no JSON stays as it is."""
    try:
        return json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return policy


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


def _empty(client: Any, name: str) -> None:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=name, Key=item["Key"])


class Aws(Provider):
    """The provider: one S3 endpoint."""

    def __init__(self) -> None:
        self._endpoint = Endpoint()
        self._types: dict[str, ResourceType] = {
            "aws:s3/bucket:Bucket": Bucket(self._endpoint),
            "aws:s3/bucketPolicy:BucketPolicy": BucketPolicy(self._endpoint),
        }

    @override
    def configure(self, config: Properties) -> None:
        self._endpoint.configure(config)

    @override
    def resource_type(self, token: str) -> ResourceType:
        return known(self._types, token)


if __name__ == "__main__":
    serve(Aws())
