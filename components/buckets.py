"""The S3 buckets of a stack."""

import pulumi
import pulumi_aws as aws

from settings.object_store import ObjectStore


class Buckets(pulumi.ComponentResource):
    """Every bucket, with what the SeaweedFS version supports and the settings ask for.

    Never a public access block (501 in every SeaweedFS) and never tags (dropped): settings/seaweedfs.py is the table.
    """

    names: pulumi.Output[list[str]]
    """The buckets' names, known once they exist."""

    def __init__(
        self,
        name: str,
        *,
        bucket_names: tuple[str, ...],
        settings: ObjectStore,
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("telemetry:storage:Buckets", name, opts=opts)
        buckets = [self._bucket(bucket, settings, protect=protect) for bucket in bucket_names]
        self.names = pulumi.Output.all(*(bucket.bucket for bucket in buckets)).apply(list)
        self.register_outputs({"names": self.names})

    def _bucket(self, name: str, settings: ObjectStore, *, protect: bool) -> aws.s3.Bucket:
        # On the bucket itself: SeaweedFS drops a bucket with everything in it, and only these two options stop that.
        bucket = aws.s3.Bucket(
            name,
            bucket=name,
            force_destroy=False,
            opts=pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect),
        )
        if settings.versioning:
            aws.s3.BucketVersioning(
                name,
                bucket=bucket.bucket,
                versioning_configuration={"status": "Enabled"},
                opts=pulumi.ResourceOptions(parent=self),
            )
        if settings.abort_after_days is not None:
            aws.s3.BucketLifecycleConfiguration(
                name,
                bucket=bucket.bucket,
                rules=[
                    {
                        "id": "abort-incomplete-uploads",
                        "status": "Enabled",
                        "filter": {"prefix": ""},
                        "abort_incomplete_multipart_upload": {"days_after_initiation": settings.abort_after_days},
                    }
                ],
                opts=pulumi.ResourceOptions(parent=self),
            )
        return bucket
