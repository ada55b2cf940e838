"""Mimir's blocks as its own identity sees them in the bucket."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from telemetry.clients import trust
from telemetry.config.credentials import Credentials
from telemetry.spec.checks import CheckFailed
from telemetry.stack import Stack

_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2}, s3={"addressing_style": "path"})


def blocks(stack: Stack, credentials: Credentials, tenant: str) -> set[str]:
    """Return the keys of the meta.json of all of a tenant's blocks.

    Raises:
        CheckFailed: the bucket cannot be listed.
    """
    store, pair = stack.object_store, credentials.metrics
    s3 = boto3.client(
        "s3",
        endpoint_url=store.provisioning_endpoint,
        region_name=store.region,
        aws_access_key_id=pair.access_key.get_secret_value(),
        aws_secret_access_key=pair.secret_key.get_secret_value(),
        config=_CONFIG,
        verify=trust.boto(stack.trust),
    )
    bucket = stack.backend("metrics").buckets["blocks"]
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{tenant}/")
        keys = [str(each["Key"]) for page in pages for each in page.get("Contents", ())]
    except (BotoCoreError, ClientError) as error:
        why = trust.distrusted(error) or type(error).__name__
        raise CheckFailed(f"{store.provisioning_endpoint}/{bucket}: cannot be listed ({why})") from error
    return {key for key in keys if key.endswith("/meta.json")}
