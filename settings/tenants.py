"""Tenants: whose data is kept apart, how much of the platform each may use, and how the gateway knows it."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from settings.base import SettingError, Settings
from settings.quantities import Bytes, Duration
from settings.resources import Compute

_ID = r"^[A-Za-z0-9!_.*'()-]{1,150}$"
_RESERVED = {
    ".": "a path of its own",
    "..": "a path of its own",
    "*": "all tenants without overrides of their own, to Tempo",
    "__mimir_cluster": "Mimir's own folder",
    "index": "the folder of Loki's index, beside those of tenants",
    "anonymous": "where Mimir and Pyroscope keep what is nobody's",
    "single-tenant": "where Tempo keeps what is nobody's",
    "fake": "where Loki keeps what is nobody's",
}
"""What an id would mean to a backend."""
_OBJECT_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")


def _check_id(value: str) -> str:
    if value in _RESERVED:
        raise ValueError(f"a backend uses this name itself ({_RESERVED[value]}); choose another id")
    return value


def object_name(tenant_id: str) -> str:
    """Return what a tenant's Kubernetes objects and datasources are called after: at most 30 of `a-z0-9-`.

    The id itself where it is such a name; else what is left of it, and a digest that keeps two of them apart.
    """
    if _OBJECT_NAME.fullmatch(tenant_id):
        return tenant_id
    legible = re.sub(r"[^a-z0-9]+", "-", tenant_id.lower()).strip("-")[:21].strip("-")
    return f"{legible or 'tenant'}-{hashlib.sha256(tenant_id.encode()).hexdigest()[:8]}"


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


Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), AfterValidator(_check_day)]
"""A day, `2026-11-21`."""
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"), AfterValidator(_check_moment)]
"""A moment in UTC to the second, `2026-12-01T00:00:00Z`."""
SecretName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
"""The name of a Secret in the stack's namespace."""


class MetricsLimits(Settings):
    """What Mimir grants a tenant; the defaults are Mimir's own."""

    ingestion_rate: int = Field(default=10_000, ge=1, description="Samples per second that are taken in (Mimir).")
    burst: int = Field(default=200_000, ge=1, description="Samples that may come at once (Mimir).")
    max_series: int = Field(default=150_000, ge=1, description="Series in memory at a time (Mimir).")
    max_query_length: Duration | None = Field(
        default=None, description="Longest range of one query; none is the chart's 12000h (charts.md 3.6)."
    )
    max_query_parallelism: int | None = Field(
        default=None, ge=1, le=1_000, description="Parts of one query that run at a time; none is Mimir's 14."
    )


class TracesLimits(Settings):
    """What Tempo grants a tenant; the defaults are Tempo's own, in binary units."""

    ingestion_rate: Bytes = Field(
        default=15 * 2**20, description="Bytes of spans per second that are taken in (Tempo: 15 MB)."
    )
    burst: Bytes = Field(default=20 * 2**20, description="Bytes of spans that may come at once (Tempo: 20 MB).")
    max_traces: int = Field(default=10_000, ge=1, description="Traces that are open at a time (Tempo).")
    max_trace_size: Bytes = Field(
        default=5 * 2**20,
        description="Largest trace (Tempo: 5 MB); at most 1Mi less than telemetry:traces.max_message_size, or nobody "
        "can read it.",
    )
    max_search_duration: Duration | None = Field(
        default=None, description="Longest range of one search; none is Tempo's 168h."
    )


class LogsLimits(Settings):
    """What Loki grants a tenant; the defaults are Loki's own."""

    ingestion_rate: Bytes = Field(default=4 * 2**20, description="Bytes of lines per second (Loki: 4 MB).")
    burst: Bytes = Field(default=6 * 2**20, description="Bytes of lines that may come at once (Loki: 6 MB).")
    max_streams: int = Field(default=5_000, ge=1, description="Streams that are active at a time (Loki).")
    max_query_length: Duration | None = Field(
        default=None, description="Longest range of one query; none is Loki's 721h."
    )


class ProfilesLimits(Settings):
    """What Pyroscope grants a tenant; the defaults are Pyroscope's own."""

    ingestion_rate: Bytes = Field(default=4 * 2**20, description="Bytes of samples per second (Pyroscope: 4 MB).")
    burst: Bytes = Field(
        default=2 * 2**20, description="Bytes of samples at once, no less than the largest profile (Pyroscope: 2 MB)."
    )


class BackendLimits(Settings):
    """How much of the backends somebody may use."""

    metrics: MetricsLimits = Field(default_factory=MetricsLimits, description="In Mimir.")
    traces: TracesLimits = Field(default_factory=TracesLimits, description="In Tempo.")
    logs: LogsLimits = Field(default_factory=LogsLimits, description="In Loki, where there is one.")
    profiles: ProfilesLimits = Field(default_factory=ProfilesLimits, description="In Pyroscope, where there is one.")


class Limits(BackendLimits):
    """How much of the platform a tenant may use."""

    requests_per_second: int = Field(
        default=100,
        ge=1,
        le=100_000,
        description="Requests that each replica of the gateway lets through (our choice).",
    )
    requests_burst: int = Field(
        default=200, ge=1, le=100_000, description="Requests that may come at once beyond the rate (our choice)."
    )
    concurrent_requests: int = Field(
        default=200, ge=1, le=10_000, description="Requests that each replica works on at a time (our choice)."
    )
    max_body: Bytes | None = Field(
        default=None,
        description="Largest request over HTTP, at most telemetry:traces.max_message_size; none is that.",
    )


class Retention(Settings):
    """How long a tenant's data is kept, where that differs from the backend's own retention."""

    metrics: Duration | None = Field(default=None, description="Of samples; none is telemetry:metrics.retention.")
    traces: Duration | None = Field(default=None, description="Of traces; none is telemetry:traces.retention.")
    logs: Duration | None = Field(default=None, description="Of lines; none is telemetry:logs.retention.")
    profiles: Duration | None = Field(default=None, description="Of profiles; none is telemetry:profiles.retention.")


class Rotation(Settings):
    """A credential that the program makes: which version counts, and until when the one before it does too."""

    version: int = Field(default=1, ge=1, le=10_000, description="Raised to rotate; every version is another secret.")
    previous_until: Moment | None = Field(
        default=None,
        description="Until when version - 1 is taken too; the gateway itself looks at the clock. None: no longer.",
    )

    @model_validator(mode="after")
    def _has_a_previous_one(self) -> Self:
        if self.previous_until is not None and self.version == 1:
            raise SettingError("previous_until", "there is no version before 1; raise version, or remove it")
        return self


_Use = Literal["read", "write"]
_Right = Literal["read", "write", "admin"]


class Scopes(Settings):
    """What a tenant's own credentials may do. Grafana comes with others, which only read."""

    traces: list[_Use] = Field(default=["read", "write"], description="read: queries; write: spans.")
    metrics: list[_Right] = Field(
        default=["read", "write"],
        description="read: queries; write: samples; admin: the tenant's rules, and all of its alertmanager, whose "
        "configuration has the passwords of receivers in it.",
    )
    logs: list[_Use] = Field(default=["read", "write"], description="read: queries; write: lines.")
    profiles: list[_Use] = Field(default=["read", "write"], description="read: queries; write: profiles.")

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, each as `metrics:read`."""
        signals = type(self).model_fields
        return tuple(sorted({f"{signal}:{right}" for signal in signals for right in getattr(self, signal)}))


class Access(Settings):
    """How the gateway knows a tenant, and what it lets it do."""

    accepts: Literal["token", "certificate", "either", "both"] = Field(
        default="token",
        description="A bearer token, a client certificate, one of them, or both at once, of the same tenant.",
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
    token_secret: SecretName | None = Field(
        default=None, description="A Secret that exists already, with the key `token`; then the program makes none."
    )
    certificate: Rotation = Field(default_factory=Rotation, description="The client certificate that it makes.")
    reader: Rotation = Field(
        default_factory=Rotation,
        description="What Grafana's datasources come with, which only reads: a token, a certificate, or both, as "
        "`accepts` says.",
    )
    certificate_subject: str | None = Field(
        default=None,
        pattern=r'^[^"\\\n;{}$]{1,500}$',
        description="Subject of a certificate of your own authority (telemetry:gateway.client_ca_secret), as RFC 2253 "
        "writes it: CN=agent,OU=payments,O=Example.",
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

    @model_validator(mode="after")
    def _says_nothing_idle(self) -> Self:
        if self.token_secret is not None and not self.takes_token:
            raise SettingError("token_secret", "the tenant accepts certificates only; remove it, or widen accepts")
        if self.certificate_subject is not None and not self.takes_certificate:
            raise SettingError("certificate_subject", "the tenant accepts tokens only; remove it, or widen accepts")
        return self


class Tenant(Settings):
    """A tenant."""

    id: Annotated[str, Field(pattern=_ID), AfterValidator(_check_id)] = Field(
        description="What backends call it (X-Scope-OrgID); up to 150 letters, digits and !-_.*'() (Mimir, Tempo). "
        "Its data is found under this id only, so it never changes."
    )
    display_name: str = Field(
        pattern=r"^[^\n\"\\]{1,80}$", description="What people call it; in the names of its datasources."
    )
    limits: Limits = Field(default_factory=Limits, description="How much of the platform it may use.")
    retention: Retention = Field(default_factory=Retention, description="How long its data is kept.")
    budget: Compute = Field(
        default=Compute.model_construct(cpu=50, memory=64 * 2**20),
        description="What it adds to the gateway's requests (seed 004: 50m and 64Mi a tenant).",
    )
    access: Access = Field(default_factory=Access, description="How the gateway knows it.")
    grafana_org: int | None = Field(
        default=None, ge=1, description="The Grafana organisation that its datasources belong to; none is our login's."
    )

    @property
    def object_name(self) -> str:
        """What its objects are called after."""
        return object_name(self.id)


def check_tenants(tenants: list[Tenant]) -> list[Tenant]:
    """Refuse two tenants of one id, one display name, one name of objects, or one credential of their own."""
    for what, of in _UNIQUE.items():
        counts = Counter(value for value in map(of, tenants) if value is not None)
        (value, count) = max(counts.items(), key=lambda each: each[1], default=("", 0))
        if count > 1:
            raise ValueError(f"{count} tenants have the {what} {value!r}; give each its own")
    return tenants


_UNIQUE: dict[str, Callable[[Tenant], str | None]] = {
    "id": lambda tenant: tenant.id,
    "display_name": lambda tenant: tenant.display_name,
    "object name": lambda tenant: tenant.object_name,
    "token_secret": lambda tenant: tenant.access.token_secret,
    "certificate_subject": lambda tenant: tenant.access.certificate_subject,
}
Tenants = Annotated[list[Tenant], AfterValidator(check_tenants)]
