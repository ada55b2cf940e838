"""Mimir's blocks as its own identity sees them in the bucket."""

from botocore.exceptions import BotoCoreError, ClientError

from telemetry.backends.mimir.context import MimirContext
from telemetry.clients import trust
from telemetry.clients.s3 import NotS3Error, connect
from telemetry.config.credentials import S3Identity
from telemetry.spec.checks import CheckFailed


def blocks(context: MimirContext, identity: S3Identity, tenant: str) -> set[str]:
    """Return the keys of the meta.json of all of a tenant's blocks.

    Raises:
        CheckFailed: the bucket cannot be listed.
    """
    store, bucket = context.object_store, context.buckets["blocks"]
    s3 = connect(store, identity, context.trust)
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{tenant}/")
        keys = [str(each["Key"]) for page in pages for each in page.get("Contents", ())]
    except NotS3Error as error:
        raise CheckFailed(f"{store.provisioning_endpoint}/{bucket}: cannot be listed ({error})") from error
    except (BotoCoreError, ClientError) as error:
        why = trust.distrusted(error) or type(error).__name__
        raise CheckFailed(f"{store.provisioning_endpoint}/{bucket}: cannot be listed ({why})") from error
    return {key for key in keys if key.endswith("/meta.json")}
