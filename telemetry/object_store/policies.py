"""Policies of buckets, which SeaweedFS heeds even against its administrator."""

import json


def deny_deletion(bucket: str) -> str:
    """Return the policy, as JSON, under which nobody can delete a bucket before the policy is taken away.

    SeaweedFS answers the deletion with 403, and everything else goes on as before (tests/sandbox/test_seaweedfs.py).
    """
    statement = {
        "Sid": "NobodyDeletesThisBucket",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)
