"""What must not be lost: buckets and what is in them, volume claims, Secrets and datasources, before and after."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_HELM = "helm.sh/release.v1"
"""Helm's own notes: they come and go with revisions."""


@dataclass(frozen=True)
class Witness:
    """What there was at one moment. Of Secrets and objects it keeps digests only."""

    buckets: frozenset[str] = frozenset()
    blocks: Mapping[str, str] = field(default_factory=dict)
    """`bucket/key` to the digest of its content."""
    claims: Mapping[str, str] = field(default_factory=dict)
    """Names of volume claims to `uid volume`: a claim that was replaced is lost."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """`secret/key` to the digest of its value."""
    datasources: Mapping[str, str] = field(default_factory=dict)

    def lost(self, after: "Witness", renewed: Iterable[str] = ()) -> list[str]:
        """Return what was there and is no longer, or is no longer the same.

        Args:
            after: what there is now.
            renewed: keys of Secrets that were changed on purpose; they must still be there.
        """
        gone = [f"bucket {name}" for name in sorted(self.buckets - after.buckets)]
        kinds = (
            ("block", self.blocks, after.blocks),
            ("volume claim", self.claims, after.claims),
            ("secret", self.secrets, after.secrets),
            ("datasource", self.datasources, after.datasources),
        )
        meant = set(renewed)
        for kind, before, now in kinds:
            for name, value in before.items():
                if name not in now:
                    gone.append(f"{kind} {name}")
                elif now[name] != value and not (kind == "secret" and name in meant):
                    gone.append(f"{kind} {name} (changed)")
        return gone


def take(s3: Any, core: Any, namespace: str, datasources: Iterable[Mapping[str, Any]]) -> Witness:
    """Look at everything.

    Args:
        s3: an S3 client that sees all buckets.
        core: the cluster's core API.
        namespace: where claims and Secrets are.
        datasources: as Grafana lists them.
    """
    buckets = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    secrets = core.list_namespaced_secret(namespace).items
    return Witness(
        buckets=frozenset(buckets),
        blocks={f"{bucket}/{key}": digest(body) for bucket in buckets for key, body in _objects(s3, bucket)},
        claims={
            each.metadata.name: f"{each.metadata.uid} {each.spec.volume_name}"
            for each in core.list_namespaced_persistent_volume_claim(namespace).items
        },
        secrets={
            f"{each.metadata.name}/{key}": digest(value.encode())
            for each in secrets
            if each.type != _HELM
            for key, value in (each.data or {}).items()
        },
        datasources={str(each["uid"]): digest(_canonical([each["name"], each["url"]])) for each in datasources},
    )


def digest(content: bytes) -> str:
    """Return what tells contents apart without showing them."""
    return hashlib.sha256(content).hexdigest()


def _objects(s3: Any, bucket: str) -> list[tuple[str, bytes]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    return [(key, s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def _canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True).encode()
