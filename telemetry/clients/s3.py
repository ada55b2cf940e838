"""A client of an S3 server. boto3 is loaded when one is made: that takes half a second."""

from collections.abc import Mapping
from typing import Any

from telemetry.clients import trust
from telemetry.config.credentials import S3Key
from telemetry.config.object_store import ObjectStore
from telemetry.config.trust import Trust

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 10.0

_REQUEST_ID = "x-amz-request-id"
"""A header of every answer of SeaweedFS and of most others that speak S3 (weed/util/request_id)."""


class NotS3Error(Exception):
    """Something else answers than an S3 server, such as a login page; the text says what it answered."""


def no_answer() -> tuple[type[Exception], ...]:
    """Return what a client raises where no S3 server answers.

    That is botocore's own errors, and how it breaks on redirects that are not one of S3's, and on what is no text.
    """
    from botocore.exceptions import BotoCoreError

    return NotS3Error, BotoCoreError, TypeError, RecursionError, UnicodeDecodeError


def connect(store: ObjectStore, key: S3Key, trusted: Trust) -> Any:
    """Return a client of a stack's object store, from where the stack is worked on. It raises NotS3Error as well."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url=store.provisioning_endpoint,
        region_name=store.region,
        aws_access_key_id=key.access_key.get_secret_value(),
        aws_secret_access_key=key.secret_key.get_secret_value(),
        verify=trust.boto(trusted),
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": 2},
            s3={"addressing_style": "path"},
        ),
    )
    client.meta.events.register("before-parse.s3", _check_seaweedfs)
    return client


def connect_as_environment_says(
    endpoint: str | None, region: str, *, profile: str | None = None, path_style: bool = False
) -> Any:
    """Return a client with the credentials and the trust of the environment, as Pulumi's own backend takes them.

    The client raises NotS3Error where a web page answers; servers other than SeaweedFS are not known by more.

    Raises:
        BotoCoreError, ValueError: there is no such profile, or the endpoint is none.
    """
    import boto3
    from botocore.config import Config

    style = "path" if path_style else "auto"
    client = boto3.session.Session(profile_name=profile).client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        config=Config(connect_timeout=_CONNECT_SECONDS, read_timeout=30, s3={"addressing_style": style}),
    )
    client.meta.events.register("before-parse.s3", _check_no_page)
    return client


def _check_seaweedfs(response_dict: Mapping[str, Any], **_: object) -> None:
    if _REQUEST_ID not in response_dict["headers"]:
        raise NotS3Error(_answered(response_dict))


def _check_no_page(response_dict: Mapping[str, Any], **_: object) -> None:
    headers = response_dict["headers"]
    if _REQUEST_ID not in headers and headers.get("Content-Type", "").startswith("text/html"):
        raise NotS3Error(_answered(response_dict))


def _answered(response: Mapping[str, Any]) -> str:
    kind = response["headers"].get("Content-Type", "")
    return f"something else answers there: {response['status_code']} {kind}".strip()
