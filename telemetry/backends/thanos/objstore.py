"""Thanos' way to its bucket (https://thanos.io/tip/thanos/storage.md/#s3)."""

from telemetry.backends.thanos.context import ThanosContext
from telemetry.config.existing_secrets import ACCESS_KEY_ENV, SECRET_KEY_ENV
from telemetry.spec.values.common import Values
from telemetry.spec.values.text import yaml_text
from telemetry.spec.values.transport import store_authority

SECRET = "thanos-s3"  # noqa: S105 - a Secret's name
"""The Secret with its S3 credentials."""
PREFIX = "thanos/blocks"
"""Two folders, so that a backend that takes the bucket's first folders for tenants finds no block in this one's."""


def objstore(context: ThanosContext) -> str:
    """Return the configuration, in which no key stands: the client finds them in its environment."""
    store, authority = context.object_store, store_authority(context)
    trusted = {"http_config": {"tls_config": {"ca_file": authority}}} if authority else {}
    config = {
        "type": "S3",
        "prefix": PREFIX,
        "config": {
            "bucket": context.buckets["blocks"],
            "endpoint": store.address,
            "region": store.region,
            "insecure": store.insecure,
            "bucket_lookup_type": "path",
            **trusted,
        },
    }
    return yaml_text(config)


def credentials_env(context: ThanosContext) -> list[Values]:
    """Return the environment in which the client finds its key, for charts that take no `envFrom`."""
    secret = context.s3_secret
    keys = {ACCESS_KEY_ENV: secret.access_key, SECRET_KEY_ENV: secret.secret_key}
    return [
        {"name": name, "valueFrom": {"secretKeyRef": {"name": secret.name, "key": key}}} for name, key in keys.items()
    ]
