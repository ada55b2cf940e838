"""How a tenant is known to the gateway, until when, and what it may do."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.existing_secrets import TokenSecret
from telemetry.config.oidc import Readers
from telemetry.config.quantities import Duration

_DAY = 86_400
_VALUE = r"""(?:[^\s,+"\\<>;$\x00-\x1f\x7f-\U0010ffff]| (?!,|\+|$)|\\[,+"\\<>;# =]|\\[0-9A-F]{2})*"""
_ATTRIBUTE = rf"[A-Za-z][A-Za-z0-9-]*=(?! ){_VALUE}|[0-9]+(?:\.[0-9]+)+=(?! ){_VALUE}"
_SUBJECT = re.compile(rf"(?:{_ATTRIBUTE})(?:[,+](?:{_ATTRIBUTE}))*")
"""A name in the form of RFC 2253 and OpenSSL. No `$`, which nginx would read as a variable."""


def _check_day(value: str) -> str:
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("not a day; write it in quotes, such as '2026-11-21'") from error
    if not 2000 <= day.year < 2100:
        raise ValueError("is no day of this century; correct it")
    return value


def _check_moment(value: str) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("not a moment; write it in quotes and in UTC, such as '2026-12-01T00:00:00Z'") from error
    if moment.utcoffset() is None or moment.utcoffset() != UTC.utcoffset(None) or not value.endswith("Z"):
        raise ValueError("a moment is written in UTC and to the second, such as '2026-12-01T00:00:00Z'")
    return value


def _check_days(seconds: int) -> int:
    if seconds % _DAY:
        raise ValueError("is no whole number of days; write it such as 90d or 13w")
    return seconds


def _check_subject(value: str) -> str:
    if _SUBJECT.fullmatch(value) is None:
        raise ValueError(
            "not a subject as nginx knows it; write it without spaces behind commas and in ASCII, as `openssl x509 -in "
            "tls.crt -noout -subject -nameopt RFC2253` does behind subject="
        )
    return value


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_check_day)]
"""A day, `2026-11-21`."""


Moment = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"), AfterValidator(_check_moment)]
"""A moment in UTC to the second, `2026-12-01T00:00:00Z`."""


Days = Annotated[Duration, AfterValidator(_check_days)]
"""Seconds that are whole days; written `90d` or `13w`."""


TenantId = Annotated[str, Field(pattern=r"^[A-Za-z0-9!_.*'()-]{1,150}$")]
"""A tenant as backends call it, in the header X-Scope-OrgID (Mimir's and Tempo's own limits)."""
TenantIds = Annotated[str, Field(pattern=r"^[A-Za-z0-9!_.*'()-]{1,150}(\|[A-Za-z0-9!_.*'()-]{1,150})*$")]
"""The same, or several of them with `|` between, whose data backends then read together."""


class Rotation(Settings):
    """A credential that the program makes: which version counts, until when, and until when the one before it does."""

    version: int = Field(default=1, ge=1, le=10_000, description="Raised to rotate; every version is another secret.")
    previous_until: Moment | None = Field(
        default=None,
        description="Until when version - 1 is taken too; the gateway itself looks at the clock. None: no longer.",
    )
    issued_on: Day | None = Field(
        default=None,
        description="First day of the time that valid_for says, no day to come; moved on with each version.",
    )
    valid_for: Days | None = Field(
        default=None,
        description="How long this version is taken, in whole days from the beginning of issued_on, in UTC; the "
        "gateway itself looks at the clock. None: until another version takes its place.",
    )

    @property
    def until(self) -> Moment | None:
        """The moment at which this version ends; None is never."""
        if self.issued_on is None or self.valid_for is None:
            return None
        end = datetime.combine(date.fromisoformat(self.issued_on), time(), UTC) + timedelta(seconds=self.valid_for)
        return end.strftime("%Y-%m-%dT%H:%M:%SZ")

    @model_validator(mode="after")
    def _has_a_previous_one(self) -> Self:
        if self.previous_until is not None and self.version == 1:
            raise SettingError("previous_until", "there is no version before 1; raise version, or remove it")
        return self

    @model_validator(mode="after")
    def _ends_at_a_known_moment(self) -> Self:
        if self.valid_for is not None and self.issued_on is None:
            raise SettingError(
                "issued_on", "is not set, and valid_for counts from it; add the day on which this version is handed out"
            )
        if self.issued_on is not None and self.valid_for is None:
            raise SettingError("issued_on", "says nothing without valid_for; add valid_for, or remove it")
        if self.until is not None and self.previous_until is not None and self.previous_until > self.until:
            raise SettingError(
                "previous_until",
                f"is later than {self.until}, when the version after it ends; set it to before that",
            )
        return self


_Use = Literal["read", "write"]


SILENCES = "metrics:alerts"
"""The scope of alerts and silences."""
_Right = Literal["read", "write", "alerts", "admin"]


class Scopes(Settings):
    """What a tenant's own credentials may do.

    Grafana comes with others, which only read; and with telemetry:alerting silence too, where the tenant may.
    """

    traces: list[_Use] = Field(default=["read", "write"], description="read: queries; write: spans.")
    metrics: list[_Right] = Field(
        default=["read", "write"],
        description="read: queries; write: samples; alerts: alerts and silences in the tenant's alertmanager; admin: "
        "that, the tenant's rules, and the configuration of its alertmanager, which may have passwords in it.",
    )
    logs: list[_Use] = Field(default=["read", "write"], description="read: queries; write: lines.")
    profiles: list[_Use] = Field(default=["read", "write"], description="read: queries; write: profiles.")

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, each as `metrics:read`."""
        signals = type(self).model_fields
        given = {f"{signal}:{right}" for signal in signals for right in getattr(self, signal)}
        return tuple(sorted(given | ({SILENCES} if self.silences else set())))

    @property
    def silences(self) -> bool:
        """Whether they see the tenant's alerts and hold them back."""
        return not {"alerts", "admin"}.isdisjoint(self.metrics)


class Access(Settings):
    """How the gateway knows a tenant, and what it lets it do."""

    accepts: Literal["token", "certificate", "either", "both"] = Field(
        default="token",
        description="A bearer token, a client certificate, one of them, or both at once, of the same tenant. Left out "
        "in prod, it is `both` for a tenant with `certificate` or `certificate_subject`.",
    )
    scopes: Scopes = Field(default_factory=Scopes, description="What these credentials may do.")
    epoch: int = Field(
        default=1,
        ge=1,
        le=10_000,
        description="Raised when an id is given away again, or all of its credentials are lost: none of those before "
        "count any more, without a grace period.",
    )
    token: Rotation = Field(default_factory=Rotation, description="The token that the program makes.")
    token_secret: TokenSecret | None = Field(
        default=None, description="A Secret with the token, which exists already; then the program makes none."
    )
    certificate: Rotation = Field(default_factory=Rotation, description="The client certificate that it makes.")
    reader: Rotation = Field(
        default_factory=Rotation,
        description="What Grafana's datasources come with, which only reads: a token, a certificate, or both, as "
        "`accepts` says.",
    )
    oidc: Readers | None = Field(
        default=None,
        description="Who reads its data with a token of the OpenID provider (telemetry:gateway.oidc), whatever "
        "`accepts` says of the tenant's own credentials; none: nobody.",
    )
    certificate_subject: Annotated[str, Field(max_length=500), AfterValidator(_check_subject)] | None = Field(
        default=None,
        description="Subject of a certificate of your own authority (telemetry:gateway.client_ca_secret), as `openssl "
        "x509 -noout -subject -nameopt RFC2253` writes it: CN=agent,OU=payments,O=Example\\, Inc.",
    )

    @property
    def takes_token(self) -> bool:
        """Whether a token is of use to the tenant."""
        return self.accepts != "certificate"

    @property
    def makes_token(self) -> bool:
        """Whether the program makes the tenant's token."""
        return self.takes_token and self.token_secret is None

    @property
    def takes_certificate(self) -> bool:
        """Whether a client certificate is of use to the tenant."""
        return self.accepts != "token"

    @property
    def makes_certificate(self) -> bool:
        """Whether the tenant comes with a certificate, and with none of an authority of its own."""
        return self.takes_certificate and self.certificate_subject is None

    def is_satisfied(self, *, token: bool, certificate: bool) -> bool:
        """Whether the gateway lets somebody in who has these."""
        return {
            "token": token,
            "certificate": certificate,
            "both": token and certificate,
            "either": token or certificate,
        }[self.accepts]

    @model_validator(mode="after")
    def _says_nothing_idle(self) -> Self:
        if self.token_secret is not None and not self.takes_token:
            raise SettingError("token_secret", "the tenant accepts certificates only; remove it, or widen accepts")
        if self.certificate_subject is not None and not self.takes_certificate:
            raise SettingError("certificate_subject", "the tenant accepts tokens only; remove it, or widen accepts")
        return self

    @model_validator(mode="after")
    def _ends_what_is_made(self) -> Self:
        made = {"token": self.makes_token, "certificate": self.makes_certificate}
        for name in (name for name, is_made in made.items() if not is_made):
            if getattr(self, name).valid_for is not None:
                raise SettingError(
                    f"{name}.valid_for", f"the program makes no {name} of this tenant that could end; remove it"
                )
        return self


@dataclass(frozen=True)
class Pair:
    """A certificate and its private key (PKCS 8), in PEM."""

    certificate: str
    key: str = field(repr=False)
