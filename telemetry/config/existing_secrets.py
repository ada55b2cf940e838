"""Secrets that exist already, in the stack's namespace: by name, and by key where theirs are called otherwise."""

from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from telemetry.config.base import Settings

SecretName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
"""The name of a Secret in the stack's namespace."""
SecretKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,253}$")]
"""A key of a Secret."""
ACCESS_KEY_ENV = "AWS_ACCESS_KEY_ID"
SECRET_KEY_ENV = "AWS_SECRET_ACCESS_KEY"  # noqa: S105 - a variable's name
"""Keys of a Secret with an S3 key pair. Every backend's S3 client, minio-go's or AWS' own, reads these variables by
itself, where it is given no keys."""


class ExistingSecret(Settings):
    """A Secret that exists already; its name alone will do where its keys are called as by default."""

    name: SecretName = Field(description="The Secret, in the stack's namespace.")

    @model_validator(mode="before")
    @classmethod
    def _may_be_the_name_alone(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    @property
    def read_keys(self) -> tuple[str, ...]:
        """The keys that are read of it."""
        return tuple(value for name, value in self if name != "name" and isinstance(value, str))

    @property
    def keys(self) -> dict[str, str]:
        """What its keys are called, by what they are called by default."""
        fields = type(self).model_fields.items()
        return {field.default: getattr(self, name) for name, field in fields if isinstance(field.default, str)}

    @property
    def renamed_keys(self) -> dict[str, str]:
        """The same where any is called otherwise; else nothing."""
        return self.keys if any(name != key for name, key in self.keys.items()) else {}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        whole = handler.resolve_ref_schema(handler(schema))
        return {**whole, "type": ["object", "string"], "pattern": whole["properties"]["name"]["pattern"]}


class CredentialSecret(ExistingSecret):
    """A credential in a Secret that exists already."""

    key: SecretKey = Field(description="Its key with the credential.")


class TokenSecret(CredentialSecret):
    """A token in a Secret that exists already; its name alone is enough where the key is called so."""

    key: SecretKey = Field(default="token", description="Its key with the token.")


class LoginSecret(CredentialSecret):
    """A login in a Secret that exists already; its name alone is enough where the key is called so."""

    key: SecretKey = Field(default="auth", description="Its key with a service account token, or user:password.")


class AuthoritySecret(CredentialSecret):
    """An authority in a Secret that exists already; its name alone is enough where the key is called so."""

    key: SecretKey = Field(default="ca.crt", description="Its key with the authority's certificate, in PEM.")


class CertificateSecret(ExistingSecret):
    """A certificate in a Secret that exists already; its name alone is enough where the keys are called so."""

    certificate: SecretKey = Field(default="tls.crt", description="Its key with the certificate and its chain, in PEM.")
    private_key: SecretKey = Field(default="tls.key", description="Its key with the private key, in PEM.")


class BackendsCertificateSecret(CertificateSecret):
    """The backends' certificate in a Secret that exists already; its name alone is enough where the keys are so."""

    authority: SecretKey = Field(default="ca.crt", description="Its key with the authority that has signed it, in PEM.")


class ClientCertificateSecret(CertificateSecret):
    """What a client shows and trusts, in a Secret that exists already; its name alone is enough where keys are so."""

    authority: SecretKey = Field(
        default="ca.crt", description="Its key with the authority that has signed the server's certificate, in PEM."
    )


class S3Secret(ExistingSecret):
    """An S3 key pair in a Secret that exists already; its name alone is enough where the keys are called so."""

    access_key: SecretKey = Field(default=ACCESS_KEY_ENV, description="Its key with the access key id.")
    secret_key: SecretKey = Field(default=SECRET_KEY_ENV, description="Its key with the secret access key.")


class BackendS3Secret(S3Secret):
    """The Secret through which a backend's pods learn their S3 key pair; its name alone is enough if it is there."""

    create: bool = Field(
        default=False,
        description="Whether the program makes it, of telemetry:credentials; else it exists already, and the program "
        "never sees the key pair.",
    )


class S3Secrets(Settings):
    """The Secrets with S3 key pairs. None: the program makes those of backends, each called as its backend is."""

    provisioner: S3Secret | None = Field(
        default=None,
        description="With the key pair that makes buckets. Pulumi's provider takes it from AWS_ACCESS_KEY_ID and "
        "AWS_SECRET_ACCESS_KEY, which whoever runs Pulumi sets; neither config nor state has it.",
    )
    traces: BackendS3Secret | None = Field(default=None, description="Tempo's.")
    metrics: BackendS3Secret | None = Field(default=None, description="Mimir's.")
    logs: BackendS3Secret | None = Field(default=None, description="Loki's.")
    profiles: BackendS3Secret | None = Field(default=None, description="Pyroscope's.")

    def existing(self, name: str) -> S3Secret | None:
        """Return the Secret of the provisioner, or of a signal's backend; None where none exists already."""
        chosen: S3Secret | None = getattr(self, name)
        return None if isinstance(chosen, BackendS3Secret) and chosen.create else chosen
