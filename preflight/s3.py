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

_ELSEWHERE, _AILING = "check the network and the address", "try again, or look at its log"
_SERVER_ERROR = 500


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
            answer = _client(store, identity).list_buckets()
        except ClientError as error:
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status not in (401, 403):
                return _no_s3(store, f"it answered {status}", _AILING if status >= _SERVER_ERROR else _ELSEWHERE)
            refused.append(
                f"telemetry:credentials.{name}: {store.provisioning_endpoint} refused it ({code}); set it again with: "
                f"pulumi config set --secret --path telemetry:credentials.{name}.…"
            )
        except BotoCoreError as error:
            return _no_s3(store, type(error).__name__)
        except TypeError:  # how botocore fails on a redirect that is not one of S3's
            return _no_s3(store, "a redirect")
        else:
            if not {"Buckets", "Owner"} & answer.keys():
                return _no_s3(store, "something else answers there")
    return refused


def _no_s3(store: ObjectStore, why: str, mend: str = _ELSEWHERE) -> list[str]:
    where = f"telemetry:object_store.provisioning_endpoint: {store.provisioning_endpoint}"
    return [f"{where} does not answer S3 ({why}); {mend}"]


def _client(store: ObjectStore, identity: S3Identity) -> "boto3.client":
    return boto3.client(
        "s3",
        endpoint_url=store.provisioning_endpoint,
        region_name=store.region,
        aws_access_key_id=identity.access_key.get_secret_value(),
        aws_secret_access_key=identity.secret_key.get_secret_value(),
        config=_CONFIG,
    )
