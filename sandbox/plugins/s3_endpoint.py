"""Not a stand-in itself: the one S3 endpoint that the aws stand-in's resources share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.plugins.base import ProviderError, parse_setting
from sandbox.plugins.values import Properties, Unknown

MISSING = ("404", "NoSuchBucket", "NotFound")
"""With these codes S3 says that there is no such bucket."""


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
