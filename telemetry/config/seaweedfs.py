"""What each SeaweedFS version can do: the one table that decides which S3 resources may be registered."""

import re
from typing import NamedTuple

Version = tuple[int, int]

SAFE_LISTINGS: Version = (4, 42)
"""Older versions can leave objects out of listings that compactors rely on (sources.md, SeaweedFS 4)."""


class Feature(NamedTuple):
    """A bucket feature: the setting that asks for it, the resource it needs, the first version that has it."""

    setting: str | None
    resource: str
    since: Version | None


# Read from the project's history up to 4.44. That 4.53 has them, and still keeps no tags of a bucket that is made with
# some, is seen by running it (tests/sandbox/test_seaweedfs.py). `since=None`: no version has it.
FEATURES = (
    Feature(None, "aws:s3/bucket:Bucket", (3, 39)),
    Feature("versioning", "aws:s3/bucketVersioning:BucketVersioning", (3, 94)),
    Feature("tags", "aws:s3/bucket:Bucket.tags", None),
    Feature(
        "abort_incomplete_uploads",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        (4, 18),
    ),
    # Earlier ones may write the days into each object, where no later setting takes them back (seaweedfs#9825).
    Feature(
        "expire_after",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration.expiration",
        (4, 42),
    ),
    Feature("deny_bucket_deletion", "aws:s3/bucketPolicy:BucketPolicy", (3, 97)),
    Feature(
        "server_side_encryption",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        (3, 97),
    ),
    Feature(None, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", (4, 53)),
)


def supports(version: Version, setting: str) -> bool:
    """Whether a release can honour a setting that the table knows (KeyError otherwise)."""
    since = {feature.setting: feature.since for feature in FEATURES}[setting]
    return since is not None and version >= since


def parse_version(text: str) -> Version:
    """Return (major, minor) of a SeaweedFS release such as `4.44` (ValueError otherwise)."""
    match = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})", text)
    if match is None:
        raise ValueError("not a SeaweedFS version; write its release in quotes, such as '4.44'")
    return int(match[1]), int(match[2])


def version_text(version: Version) -> str:
    """Return the release's name, two digits behind the dot as SeaweedFS writes it."""
    return f"{version[0]}.{version[1]:02d}"
