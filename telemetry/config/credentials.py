"""The secrets of a stack. They are not settings: they never reach Helm values, exports or error messages."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from telemetry.config.access import Moment
from telemetry.config.alerting import Name
from telemetry.config.base import SettingError, Settings
from telemetry.config.clusters import ClusterKey
from telemetry.config.strength import LEAST_BITS, bits


def _as_it_was_given(secret: SecretStr) -> SecretStr:
    """Refuse what a copy or a pipe has added to a secret: every system would refuse it, and none would say why."""
    text = secret.get_secret_value()
    if text != text.strip() or not text.isprintable():
        raise ValueError("has spaces around it or a line end in it; set it again without them")
    return secret


_KEY_LENGTH = 32
_MAKE_ONE = "make one with: openssl rand -base64 32"
_DERIVATION = 2
"""How tokens are made now."""

Secret = Annotated[SecretStr, Field(min_length=1), AfterValidator(_as_it_was_given)]
"""A secret on one line."""


class S3Key(Settings):
    """A key pair for S3."""

    access_key: Secret = Field(description="Access key id.")
    secret_key: Secret = Field(description="Secret access key.")


class S3Identity(S3Key):
    """An S3 identity's key pair, and the one before while it is being changed."""

    previous: S3Key | None = Field(
        default=None,
        description="The pair before, until no pod uses it any more: `identities` lets both in, and `up` sees that the "
        "server does (object-store.md, 'Another key').",
    )

    @property
    def pairs(self) -> tuple[S3Key, ...]:
        """What the server is to know of it, the pair in use first."""
        return (self, self.previous) if self.previous else (self,)

    @model_validator(mode="after")
    def _pairs_are_told_apart(self) -> Self:
        # SeaweedFS looks a key up by its id: of two with the same one, only one counts.
        if self.previous is not None and self.previous.access_key == self.access_key:
            raise SettingError(
                "previous.access_key",
                "is that of the new pair too, and the server could not know both; give the new pair an id of its own",
            )
        return self


class GrafanaIdentity(Settings):
    """What Grafana accepts of us."""

    auth: Secret = Field(description="A service account token, or user:password.")


def _is_strong(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if len(text) < _KEY_LENGTH:
        raise ValueError(f"is shorter than {_KEY_LENGTH} characters; {_MAKE_ONE}")
    if bits(text) < LEAST_BITS:
        raise ValueError(f"could be guessed: it repeats itself, or follows a pattern; {_MAKE_ONE}")
    return secret


class PreviousKey(Settings):
    """A key whose credentials count for a while beside those of the new one."""

    key: Secret = Field(description="The key before.")
    until: Moment = Field(
        description="Until when its tokens and client certificates are taken; the gateway itself looks at the clock."
    )
    derivation: Literal[1, 2] = Field(
        default=2,
        description="How its tokens were made. 1: without the environment, as this program did before it had "
        "`derivation`; `key` may then be the one in use.",
    )


class GatewayKey(Settings):
    """What tenants' tokens and the gateway's certificates are derived from."""

    key: Annotated[Secret, AfterValidator(_is_strong)] = Field(
        description="Random text, as `openssl rand -base64 32` makes it. Whoever has it has every token; a new one "
        "replaces them all."
    )
    previous: PreviousKey | None = Field(
        default=None,
        description="The key before, while tenants are handed what the new one makes. The gateway shows the "
        "certificate of the authority before as long as this is set (tenants.md, 'Another key').",
    )

    @model_validator(mode="after")
    def _previous_is_another(self) -> Self:
        if self.previous is not None and self.previous.derivation == _DERIVATION and self.previous.key == self.key:
            raise SettingError("previous.key", "is the key in use; give the one before it, or remove previous")
        return self


class Credentials(Settings):
    """All secrets of a stack; set with `pulumi config set -s STACK --secret --path telemetry:credentials.…`.

    Every backend has an identity of its own that reaches only its own buckets and is no admin: for an admin SeaweedFS
    creates a bucket for every mistyped name. What is in a Secret that exists already is none of them (secrets.md).
    """

    provisioner: S3Identity = Field(description="Creates buckets; used by Pulumi alone.")
    traces: S3Identity | None = Field(description="Tempo's identity.")
    metrics: S3Identity | None = Field(description="Mimir's identity.")
    logs: S3Identity | None = Field(default=None, description="Loki's identity; needed where telemetry:logs is set.")
    profiles: S3Identity | None = Field(
        default=None, description="Pyroscope's identity; needed where telemetry:profiles is set."
    )
    grafana: GrafanaIdentity = Field(description="Manages datasources.")
    gateway: GatewayKey | None = Field(
        default=None, description="Needed where there is a gateway of which it makes anything."
    )
    clusters: dict[ClusterKey, Secret] = Field(
        default_factory=dict,
        description="By cluster (telemetry:clusters): the token by which the gateway there lets our Grafana read.",
    )
    alerting: dict[Name, Secret] = Field(
        default_factory=dict,
        description="By receiver: its mail account's password, its webhook's address, its routing key or its token.",
    )

    def identities(self, signals: Iterable[str]) -> dict[str, S3Identity]:
        """Return the S3 identities of the backends of some signals, as far as known, and the provisioner's, by key."""
        given: dict[str, S3Identity | None] = {signal: getattr(self, signal) for signal in signals}
        return {"provisioner": self.provisioner, **{key: each for key, each in given.items() if each is not None}}

    @property
    def gateway_key(self) -> str:
        """The key of the gateway's secrets; empty where nothing is made of it, which `load` has seen to."""
        return self.gateway.key.get_secret_value() if self.gateway else ""

    @property
    def previous_gateway_key(self) -> PreviousKey | None:
        """The key before, while it counts."""
        return self.gateway.previous if self.gateway else None
