"""A client of an S3 server. boto3 is loaded when one is made: that takes half a second."""

from typing import Any

from telemetry.clients import trust
from telemetry.config.credentials import S3Key
from telemetry.config.object_store import ObjectStore
from telemetry.config.trust import Trust

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 10.0


def no_answer() -> tuple[type[Exception], ...]:
    """Return what a client raises where no S3 server answers.

    That is botocore's own errors, and how it breaks on redirects that are not one of S3's, and on what is no text.
    """
    from botocore.exceptions import BotoCoreError

    return BotoCoreError, TypeError, RecursionError, UnicodeDecodeError


def connect(store: ObjectStore, key: S3Key, trusted: Trust) -> Any:
    """Return a client of a stack's object store, from where the stack is worked on."""
    import boto3
    from botocore.config import Config

    return boto3.client(
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


def connect_as_environment_says(
    endpoint: str | None, region: str, *, profile: str | None = None, path_style: bool = False
) -> Any:
    """Return a client with the credentials and the trust of the environment, as Pulumi's own backend takes them.

    Raises:
        BotoCoreError, ValueError: there is no such profile, or the endpoint is none.
    """
    import boto3
    from botocore.config import Config

    style = "path" if path_style else "auto"
    return boto3.session.Session(profile_name=profile).client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        config=Config(connect_timeout=_CONNECT_SECONDS, read_timeout=30, s3={"addressing_style": style}),
    )
