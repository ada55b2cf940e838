"""Lifecycle rules of buckets, as the aws provider spells them in Python."""

from typing import Any


def rules(*, abort_after_days: int | None, expire_after_days: int | None) -> list[dict[str, Any]]:
    """Return the rules of a bucket: none where nothing is asked for."""
    actions = {
        "abort-incomplete-uploads": ("abort_incomplete_multipart_upload", "days_after_initiation", abort_after_days),
        "expire-objects": ("expiration", "days", expire_after_days),
    }
    return [
        {"id": name, "status": "Enabled", "filter": {"prefix": ""}, action: {unit: days}}
        for name, (action, unit, days) in actions.items()
        if days is not None
    ]
