"""The secrets of a stack. They are not settings: they never reach Helm values, exports or error messages."""

from pydantic import Field, SecretStr

from settings.base import Settings


class S3Identity(Settings):
    """An S3 identity's key pair."""

    access_key: SecretStr = Field(min_length=1, description="Access key id.")
    secret_key: SecretStr = Field(min_length=1, description="Secret access key.")


class GrafanaIdentity(Settings):
    """What Grafana accepts of us."""

    auth: SecretStr = Field(min_length=1, description="A service account token, or user:password.")


class Credentials(Settings):
    """All secrets of a stack; set with `pulumi config set --secret --path telemetry:credentials.…`.

    Tempo and Mimir have identities of their own that reach only their own buckets and are no admins: for an admin
    SeaweedFS creates a bucket for every mistyped name (anchors.md C3).
    """

    provisioner: S3Identity = Field(description="Creates buckets; used by Pulumi alone.")
    traces: S3Identity = Field(description="Tempo's identity.")
    metrics: S3Identity = Field(description="Mimir's identity.")
    grafana: GrafanaIdentity = Field(description="Manages datasources.")
