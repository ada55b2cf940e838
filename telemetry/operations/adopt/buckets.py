"""What exists in SeaweedFS: buckets, and what is set on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from telemetry.clients import trust
from telemetry.clients.s3 import NotS3Error, connect, no_answer
from telemetry.config.credentials import S3Identity
from telemetry.config.object_store import ObjectStore
from telemetry.config.trust import Trust
from telemetry.engine.plan import Planned
from telemetry.operations.adopt.errors import AdoptError
from telemetry.operations.adopt.state import Here
from telemetry.operations.adopt.systems import Foreign, Found, needed_id

_ASK: dict[str, Callable[[Any, str], Any]] = {
    "Bucket": lambda s3, name: s3.head_bucket(Bucket=name),
    "BucketPolicy": lambda s3, name: s3.get_bucket_policy(Bucket=name),
    "BucketVersioning": lambda s3, name: s3.get_bucket_versioning(Bucket=name).get("Status"),
    "BucketLifecycleConfiguration": lambda s3, name: s3.get_bucket_lifecycle_configuration(Bucket=name),
    "BucketServerSideEncryptionConfiguration": lambda s3, name: s3.get_bucket_encryption(Bucket=name),
}
"""By type: how it is asked for. Only a bucket itself can be somebody else's; whatever is set on ours is ours to set."""
_MISSING = (
    "404",
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NotFound",
    "ServerSideEncryptionConfigurationNotFoundError",
)
_FORBIDDEN = ("403", "AccessDenied", "Forbidden")


@dataclass(frozen=True)
class Buckets:
    """The buckets that the provisioning identity can see. One that it may not is somebody else's."""

    s3: Any

    @classmethod
    def of(cls, store: ObjectStore, identity: S3Identity, trusted: Trust) -> Self:
        """Return the buckets as the program's provider sees them."""
        return cls(connect(store, identity, trusted))

    def look_up(self, planned: Planned) -> Found:
        """Return what there is in place of a bucket, or of a setting of one."""
        from botocore.exceptions import ClientError

        kind, bucket = planned.type.rpartition(":")[2], str(planned.inputs["bucket"])
        if kind not in _ASK:
            return Foreign("this command knows no such kind", "see to it by hand: pulumi import")
        try:
            found = _ASK[kind](self.s3, bucket)
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            if code in _MISSING:
                return None
            if code in _FORBIDDEN and kind == "Bucket":
                return Foreign("our identity may not see it: it is somebody else's", "give the bucket another name")
            raise AdoptError(f"S3 does not say whether {bucket} has a {kind}: {code}") from error
        except no_answer() as error:
            why = trust.distrusted(error) or (str(error) if isinstance(error, NotS3Error) else type(error).__name__)
            raise AdoptError(f"S3 does not answer ({why})") from error
        return Here(needed_id(planned)) if found else None
