"""Secrets that External Secrets Operator makes of what a store has; the program never sees them."""

from typing import Annotated, Literal

from pydantic import Field

from telemetry.config.base import Line, Settings
from telemetry.config.existing_secrets import SecretKey, SecretName
from telemetry.config.quantities import Duration

_TWO_MINUTES, _HOUR = 120, 3_600
_ObjectName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]


class Store(Settings):
    """The store that the operator asks, which exists already."""

    name: _ObjectName = Field(description="Its name.")
    kind: Literal["SecretStore", "ClusterSecretStore"] = Field(
        default="SecretStore", description="Whether it is of the stack's namespace or of the cluster."
    )


class Remote(Settings):
    """A value in the store (`remoteRef`)."""

    key: Line = Field(max_length=2048, description="What the store calls the secret, such as its path.")
    property: Line | None = Field(
        default=None, max_length=253, description="Which property of it; none is the whole of it."
    )


class ExternalSecret(Settings):
    """A Secret that the operator makes, and removes with the ExternalSecret."""

    data: dict[SecretKey, Remote] = Field(min_length=1, description="By key of the Secret, where its value is.")
    type: Literal["Opaque", "kubernetes.io/tls", "kubernetes.io/dockerconfigjson"] = Field(
        default="Opaque", description="Its type; kubernetes.io/dockerconfigjson for images.pull_secrets."
    )


class ExternalSecrets(Settings):
    """Secrets that External Secrets Operator makes, for other settings to name."""

    store: Store = Field(description="Where the values are.")
    version: Literal["v1", "v1beta1"] = Field(
        default="v1", description="The version of ExternalSecret that the cluster has: v1 from the operator's 0.16 on."
    )
    refresh: Duration = Field(
        default=_HOUR, description="How often the operator looks for other values (refreshInterval)."
    )
    timeout: Duration = Field(
        default=_TWO_MINUTES, description="How long an `up` waits for each Secret, before it ends with an error."
    )
    secrets: dict[SecretName, ExternalSecret] = Field(min_length=1, description="The Secrets, by their names.")
