"""Ways to reach a world's parts, and to see its processes, that several tests share."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import httpx
import psutil
from botocore.exceptions import ClientError

from sandbox.plugins.aws_bucket import empty
from sandbox.world import Connections
from sandbox.world.process import MARK


def s3(connections: Connections, identity: str = "provisioner") -> Any:
    keys = connections.s3_identities[identity]
    return boto3.client(
        "s3",
        endpoint_url=connections.s3_endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key.get_secret_value(),
    )


def remove_bucket(s3: Any, name: str) -> None:
    """Remove a bucket, whatever is in it and whatever policy guards it; one that is not there is none the less gone."""
    for step in (
        lambda: s3.delete_bucket_policy(Bucket=name),
        lambda: empty(s3, name),
        lambda: s3.delete_bucket(Bucket=name),
    ):
        try:
            step()
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchBucket", "NoSuchBucketPolicy"):
                raise


def grafana(connections: Connections) -> httpx.Client:
    user, _, password = connections.grafana_auth.get_secret_value().partition(":")
    return httpx.Client(base_url=connections.grafana_url, auth=(user, password), timeout=60)


def processes(state: Path) -> list[tuple[str, psutil.Process]]:
    """A world's live processes with their services' names, by the mark in their environment."""
    mark = f"{state}:"
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # another user's, or gone
            service = process.environ().get(MARK, "")
            if service.startswith(mark) and process.status() != psutil.STATUS_ZOMBIE:
                found.append((service.removeprefix(mark), process))
    return found
