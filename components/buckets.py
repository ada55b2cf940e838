"""The S3 buckets of a stack."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from telemetry.config.object_store import ObjectStore
from telemetry.object_store.lifecycle import rules
from telemetry.object_store.policies import deny_deletion
from telemetry.stack import Stack
from telemetry.stack.buckets import expiries


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
        ends = expiries(stack)
        buckets = [self._bucket(name, settings, protect=protect, ends=ends.get(name)) for name in stack.buckets]
        self.names = pulumi.Output.all(*(bucket.bucket for bucket in buckets)).apply(list)
        self.register_outputs({"names": self.names})

    def _bucket(self, name: str, settings: ObjectStore, *, protect: bool, ends: int | None) -> aws.s3.Bucket:
        # On the bucket itself: SeaweedFS up to 4.44 drops a bucket with everything in it, and only these options stop
        # that. 4.53 refuses until it is empty, so what goes with the stack is emptied first.
        guarded = pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect)
        bucket = aws.s3.Bucket(name, bucket=name, force_destroy=not protect, opts=guarded)
        # What is set on a bucket is set one after the other: of two settings at once SeaweedFS may lose one for good.
        made: list[pulumi.Resource] = [bucket]
        if settings.denies_bucket_deletion(protected=protect):
            opts = pulumi.ResourceOptions.merge(guarded, self._after(made))
            made.append(aws.s3.BucketPolicy(name, bucket=bucket.bucket, policy=deny_deletion(name), opts=opts))
        if settings.server_side_encryption:
            made.append(_encryption(name, bucket, self._after(made)))
        if settings.versioning:
            made.append(_versioning(name, bucket, self._after(made)))
        if lifecycle := rules(abort_after_days=settings.abort_after_days, expire_after_days=ends):
            made.append(_lifecycle(name, bucket, lifecycle, self._after(made)))
        return bucket

    def _after(self, made: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=[made[-1]])


def _encryption(
    name: str, bucket: aws.s3.Bucket, opts: pulumi.ResourceOptions
) -> aws.s3.BucketServerSideEncryptionConfiguration:
    return aws.s3.BucketServerSideEncryptionConfiguration(
        name,
        bucket=bucket.bucket,
        rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
        opts=opts,
    )


def _versioning(name: str, bucket: aws.s3.Bucket, opts: pulumi.ResourceOptions) -> aws.s3.BucketVersioning:
    return aws.s3.BucketVersioning(
        name, bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=opts
    )


def _lifecycle(
    name: str, bucket: aws.s3.Bucket, lifecycle: list[dict[str, Any]], opts: pulumi.ResourceOptions
) -> aws.s3.BucketLifecycleConfiguration:
    return aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.bucket, rules=lifecycle, opts=opts)
