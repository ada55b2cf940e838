"""Does SeaweedFS answer, and does it know our three identities?"""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from settings import Credentials, S3Identity
from settings.object_store import ObjectStore

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=10,
    retries={"total_max_attempts": 2},
    s3={"addressing_style": "path"},
)


def check(store: ObjectStore, credentials: Credentials) -> list[str]:
    """Return what stands in the way."""
    identities = {
        "provisioner": credentials.provisioner,
        "traces": credentials.traces,
        "metrics": credentials.metrics,
    }
    refused = []
    for name, identity in identities.items():
        try:
            _client(store, identity).list_buckets()
        except ClientError as error:
            refused.append(
                f"telemetry:credentials.{name}: {store.provisioning_endpoint} refused it "
                f"({error.response['Error']['Code']}); set it again with: "
                f"pulumi config set --secret --path telemetry:credentials.{name}.…"
            )
        except BotoCoreError as error:
            return [
                f"telemetry:object_store.provisioning_endpoint: {store.provisioning_endpoint} does not answer S3 "
                f"({type(error).__name__}); check the network and the address"
            ]
    return refused


def _client(store: ObjectStore, identity: S3Identity) -> "boto3.client":
    return boto3.client(
        "s3",
        endpoint_url=store.provisioning_endpoint,
        region_name=store.region,
        aws_access_key_id=identity.access_key.get_secret_value(),
        aws_secret_access_key=identity.secret_key.get_secret_value(),
        config=_CONFIG,
    )
