"""The S3 buckets and the SeaweedFS that holds them."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.addresses import Url, check_url
from telemetry.config.base import SettingError, Settings
from telemetry.config.existing_secrets import AuthoritySecret, S3Secrets
from telemetry.config.quantities import Bytes, Duration
from telemetry.config.seaweedfs import FEATURES, SAFE_LISTINGS, parse_version, supports, version_text

_DAY = 86_400


def _check_version(value: str) -> str:
    parse_version(value)
    return value


def _check_s3_endpoint(value: str) -> str:
    if urlsplit(check_url(value)).path:
        raise ValueError("an S3 endpoint is an address without a path; end it after the host and port")
    return check_url(value)


def _check_days(seconds: int) -> int:
    if seconds % _DAY:
        raise ValueError("S3 lifecycle counts in days; write whole days, such as 1d")
    return seconds


Days = Annotated[Duration, AfterValidator(_check_days)]
"""Seconds, a whole number of days of them; written `90d` or `2w`."""


class Volumes(Settings):
    """The volumes of SeaweedFS that buckets are kept in: a bucket shares none with another."""

    growth: int = Field(
        default=7,
        ge=1,
        le=1000,
        description="How many a bucket takes at its first write, copies included: master.toml's volume_growth, which "
        "by default is 7 for one copy, 12 for two and 9 for three.",
    )
    size: Bytes = Field(
        default=30_000 << 20,
        description="What one holds: the master's -volumeSizeLimitMB, 30000Mi by default, 1000Mi in SeaweedFS' chart.",
    )
    slots: int | None = Field(
        default=None,
        ge=0,
        description="How many of the servers' volumes (the sum of their -max) this stack may have; none is unknown. "
        "Without a free one every write to a new bucket fails with 500.",
    )


class Expiry(Settings):
    """When objects end that no compactor has deleted, by the age of the object (docs/object-store.md)."""

    traces: Days | None = Field(default=None, description="Of the bucket with traces; none: never.")
    metrics: Days | None = Field(default=None, description="Of the bucket with samples; none: never.")
    logs: Days | None = Field(default=None, description="Of the bucket with lines; none: never.")
    profiles: Days | None = Field(default=None, description="Of the bucket with profiles; none: never.")


S3Endpoint = Annotated[Url, AfterValidator(_check_s3_endpoint)]


class ObjectStore(Settings):
    """SeaweedFS: `seaweedfs-dev` for dev, `seaweedfs-ha` for test and prod."""

    provisioning_endpoint: S3Endpoint = Field(
        description="S3 address as seen from where Pulumi runs; buckets are made through it."
    )
    endpoint: S3Endpoint = Field(description="S3 address as seen from the pods; Tempo and Mimir use it.")
    master_endpoint: Url | None = Field(
        default=None,
        description="HTTP address of SeaweedFS' master (port 9333) as seen from where Pulumi runs. With it an `up` "
        "asks whether volumes are free for buckets that have none yet, of which S3 says nothing; none: it does not.",
    )
    volumes: Volumes = Field(default_factory=Volumes, description="How SeaweedFS keeps buckets.")
    region: str = Field(
        default="us-east-1",
        pattern=r"^[a-z0-9-]{1,32}$",
        description="S3 region. SeaweedFS has none and answers us-east-1; an empty one costs clients a look-up.",
    )
    seaweedfs_version: Annotated[str, AfterValidator(_check_version)] = Field(
        description="The server's release, such as '4.44': decides what may be asked of it."
    )
    allow_unsafe_version: bool = Field(
        default=False,
        description="Accept a SeaweedFS below 4.42 although its listings can miss objects. For throw-away data only.",
    )
    protect_buckets: bool | None = Field(
        default=None,
        description="Whether a bucket outlives `destroy`, removal and replacement. Default: yes in test and prod. "
        "Where not, a bucket goes with the stack and with all that is in it.",
    )
    deny_bucket_deletion: bool | None = Field(
        default=None,
        description="Whether a policy on each bucket forbids its deletion to everybody, the server's administrator "
        "included, until the policy is taken away. Default: yes where buckets are protected and "
        "the server has policies.",
    )
    server_side_encryption: bool = Field(
        default=False,
        description="Encrypt what is written (AES256, with the server's key). Volumes of SeaweedFS that are encrypted "
        "on disk need none of it.",
    )
    sse_key_configured: bool = Field(
        default=False,
        description="Whether the server has a key to encrypt with (s3.sse.kek in its security.toml): without one it "
        "accepts server_side_encryption and then answers every write with 500.",
    )
    versioning: bool = Field(
        default=False,
        description="Keep overwritten and deleted objects. Off: blocks are never overwritten, and nothing would "
        "ever remove what the compactors delete.",
    )
    abort_incomplete_uploads: Days | None = Field(
        default=None,
        description="Remove unfinished multipart uploads after this many whole days (Tempo's docs advise 1d).",
    )
    expire_after: Expiry | None = Field(
        default=None,
        description="The age at which the object store itself deletes what a compactor has left; none: never. "
        "Retention belongs to the compactors, and this is at least a week behind the longest of a signal.",
    )
    ca_secret: AuthoritySecret | None = Field(
        default=None,
        description="A Secret with the authority that signs the endpoint's certificate; none: the endpoint is plain "
        "HTTP or its certificate is publicly trusted.",
    )
    secrets: S3Secrets = Field(default_factory=S3Secrets, description="Where S3 key pairs are that exist already.")
    tags: dict[str, str] = Field(
        default_factory=dict,
        description="Bucket tags. No SeaweedFS keeps those that the AWS provider sends.",
    )

    @model_validator(mode="after")
    def _version_is_safe(self) -> Self:
        if parse_version(self.seaweedfs_version) < SAFE_LISTINGS and not self.allow_unsafe_version:
            raise SettingError(
                "seaweedfs_version",
                f"below {version_text(SAFE_LISTINGS)} listings can leave objects out; upgrade the server, or set "
                "allow_unsafe_version: true for data that may be lost",
            )
        return self

    @model_validator(mode="after")
    def _ca_has_a_use(self) -> Self:
        if self.ca_secret is not None and self.insecure:
            raise SettingError("ca_secret", "endpoint is plain HTTP; write https:// there, or remove ca_secret")
        return self

    @model_validator(mode="after")
    def _encryption_has_a_key(self) -> Self:
        if self.server_side_encryption and not self.sse_key_configured:
            raise SettingError(
                "server_side_encryption",
                "without a key on the server every write fails; give it one (s3.sse.kek in security.toml) and say so "
                "with sse_key_configured: true, or remove server_side_encryption",
            )
        return self

    @model_validator(mode="after")
    def _version_has_the_features(self) -> Self:
        for feature in FEATURES:
            if feature.setting is None or not getattr(self, feature.setting):
                continue
            if not supports(parse_version(self.seaweedfs_version), feature.setting):
                needs = f"needs SeaweedFS {version_text(feature.since)}" if feature.since else "works in no SeaweedFS"
                raise SettingError(
                    feature.setting,
                    f"{feature.setting} {needs}, and seaweedfs_version is {self.seaweedfs_version}; "
                    f"remove {feature.setting}" + (" or upgrade SeaweedFS" if feature.since else ""),
                )
        return self

    @model_validator(mode="after")
    def _what_expires_is_gone(self) -> Self:
        if self.expire_after is not None and self.versioning:
            raise SettingError("expire_after", "only hides objects where versioning keeps them; remove one of the two")
        return self

    @property
    def address(self) -> str:
        """`host:port` of the pods' endpoint, the form that backends take."""
        return urlsplit(self.endpoint).netloc

    @property
    def insecure(self) -> bool:
        """Whether the pods speak plain HTTP to it."""
        return urlsplit(self.endpoint).scheme == "http"

    def denies_bucket_deletion(self, *, protected: bool) -> bool:
        """Whether the server is told to let nobody delete a bucket, given whether the stack protects them."""
        if self.deny_bucket_deletion is not None:
            return self.deny_bucket_deletion
        return protected and supports(parse_version(self.seaweedfs_version), "deny_bucket_deletion")

    @property
    def abort_after_days(self) -> int | None:
        """Days after which an unfinished upload is removed; None: never."""
        return self.abort_incomplete_uploads // _DAY if self.abort_incomplete_uploads else None
