"""What buckets are called."""

from typing import Annotated

from pydantic import Field

Purpose = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
"""The last part of a bucket's name."""

LONGEST_NAME = 63
"""Most characters that S3 allows."""


def bucket_name(signal: str, environment: str, purpose: str) -> str:
    """Return `dts-{signal}-{environment}-{purpose}`, the convention of the object store's owners (R10)."""
    return f"dts-{signal}-{environment}-{purpose}"
