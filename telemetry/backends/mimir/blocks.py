"""Mimir's blocks as its own identity sees them in the bucket."""

from botocore.exceptions import BotoCoreError, ClientError

from telemetry.clients import trust
from telemetry.clients.s3 import connect
from telemetry.config.credentials import Credentials
from telemetry.spec.checks import CheckFailed
from telemetry.stack import Stack


def blocks(stack: Stack, credentials: Credentials, tenant: str) -> set[str]:
    """Return the keys of the meta.json of all of a tenant's blocks.

    Raises:
        CheckFailed: the bucket cannot be listed.
    """
    store = stack.object_store
    s3 = connect(store, credentials.metrics, stack.trust)
    bucket = stack.backend("metrics").buckets["blocks"]
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{tenant}/")
        keys = [str(each["Key"]) for page in pages for each in page.get("Contents", ())]
    except (BotoCoreError, ClientError) as error:
        why = trust.distrusted(error) or type(error).__name__
        raise CheckFailed(f"{store.provisioning_endpoint}/{bucket}: cannot be listed ({why})") from error
    return {key for key in keys if key.endswith("/meta.json")}
