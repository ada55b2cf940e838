"""The S3 buckets of a stack."""

import pulumi
import pulumi_aws as aws

from telemetry.config.object_store import ObjectStore
from telemetry.object_store.policies import deny_deletion
from telemetry.stack import Stack


class Buckets(pulumi.ComponentResource):
    """Every bucket, with what the SeaweedFS version supports and the settings ask for.

    Never a public access block (501 in 4.44) and never tags (dropped): telemetry/config/seaweedfs.py is the table.
    """

    names: pulumi.Output[list[str]]
    """The buckets' names, known once they exist."""

    def __init__(
        self,
        name: str,
        *,
        stack: Stack,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("telemetry:storage:Buckets", name, opts=opts)
        settings, protect = stack.object_store, stack.protects_buckets
        buckets = [self._bucket(bucket, settings, protect=protect) for bucket in stack.buckets]
        self.names = pulumi.Output.all(*(bucket.bucket for bucket in buckets)).apply(list)
        self.register_outputs({"names": self.names})

    def _bucket(self, name: str, settings: ObjectStore, *, protect: bool) -> aws.s3.Bucket:
        # On the bucket itself: SeaweedFS up to 4.44 drops a bucket with everything in it, and only these options stop
        # that. 4.53 refuses until it is empty, so what goes with the stack is emptied first.
        guarded = pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect)
        bucket = aws.s3.Bucket(name, bucket=name, force_destroy=not protect, opts=guarded)
        if settings.denies_bucket_deletion(protected=protect):
            aws.s3.BucketPolicy(name, bucket=bucket.bucket, policy=deny_deletion(name), opts=guarded)
        if settings.server_side_encryption:
            self._encryption(name, bucket)
        if settings.versioning:
            self._versioning(name, bucket)
        if settings.abort_after_days is not None:
            self._lifecycle(name, bucket, settings.abort_after_days)
        return bucket

    def _encryption(self, name: str, bucket: aws.s3.Bucket) -> None:
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _versioning(self, name: str, bucket: aws.s3.Bucket) -> None:
        aws.s3.BucketVersioning(
            name,
            bucket=bucket.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _lifecycle(self, name: str, bucket: aws.s3.Bucket, abort_after_days: int) -> None:
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "abort-incomplete-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": abort_after_days},
                }
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
