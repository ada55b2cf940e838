"""Tenants: whose data is kept apart, how much of the platform each may use, and how the gateway knows it."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from telemetry.backends import BACKENDS
from telemetry.backends.sections import LogsLimits, MetricsLimits, ProfilesLimits, TracesLimits
from telemetry.config.access import Access, TenantId
from telemetry.config.base import Line, Settings
from telemetry.config.existing_secrets import TokenSecret
from telemetry.config.namespace import TenantNamespace
from telemetry.config.quantities import Bytes, Duration
from telemetry.config.resources import Compute
from telemetry.stack.sections import default_limits, limits_of

_PATHS = {".": "a path of its own", "..": "a path of its own"}
_OBJECT_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")


def reserved_ids() -> dict[str, str]:
    """Return the ids that no tenant may have, with what each would mean to a backend."""
    reserved = dict(_PATHS)
    nobodys: dict[str, list[str]] = {}
    for backend in BACKENDS:
        reserved |= backend.reserved_tenants
        nobodys.setdefault(backend.nobody, []).append(backend.title)
    for tenant, titles in nobodys.items():
        reserved[tenant] = f"where {' and '.join(titles)} {'keep' if len(titles) > 1 else 'keeps'} what is nobody's"
    return reserved


def _check_id(value: str) -> str:
    meaning = reserved_ids().get(value)
    if meaning is not None:
        raise ValueError(f"a backend uses this name itself ({meaning}); choose another id")
    return value


def object_name(tenant_id: str) -> str:
    """Return what a tenant's Kubernetes objects and datasources are called after: at most 30 of `a-z0-9-`.

    The id itself where it is such a name; else what is left of it, and a digest that keeps two of them apart.
    """
    if _OBJECT_NAME.fullmatch(tenant_id):
        return tenant_id
    legible = re.sub(r"[^a-z0-9]+", "-", tenant_id.lower()).strip("-")[:21].strip("-")
    return f"{legible or 'tenant'}-{hashlib.sha256(tenant_id.encode()).hexdigest()[:8]}"


class BackendLimits(Settings):
    """How much of the backends somebody may use."""

    metrics: Annotated[MetricsLimits, limits_of("metrics")] = Field(
        default_factory=partial(default_limits, "metrics"), description="In the backend of metrics: Mimir by default."
    )
    traces: Annotated[TracesLimits, limits_of("traces")] = Field(
        default_factory=partial(default_limits, "traces"), description="In Tempo."
    )
    logs: Annotated[LogsLimits, limits_of("logs")] = Field(
        default_factory=partial(default_limits, "logs"), description="In Loki, where there is one."
    )
    profiles: Annotated[ProfilesLimits, limits_of("profiles")] = Field(
        default_factory=partial(default_limits, "profiles"), description="In Pyroscope, where there is one."
    )


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


class Tenant(Settings):
    """A tenant."""

    id: Annotated[TenantId, AfterValidator(_check_id)] = Field(
        description="What backends call it (X-Scope-OrgID); up to 150 letters, digits and !-_.*'() (Mimir, Tempo). "
        "Its data is found under this id only, so it never changes."
    )
    display_name: Annotated[Line, Field(pattern=r"^[^\"\\]{1,80}$")] = Field(
        description="What people call it; in the names of its datasources."
    )
    limits: Limits = Field(default_factory=Limits, description="How much of the platform it may use.")
    retention: Retention = Field(default_factory=Retention, description="How long its data is kept.")
    budget: Compute = Field(
        default=Compute.model_construct(cpu=50, memory=64 * 2**20),
        description="What it adds to the gateway's requests.",
    )
    access: Access = Field(default_factory=Access, description="How the gateway knows it.")
    grafana_org: int | None = Field(
        default=None, ge=1, description="The Grafana organisation that its datasources belong to; none is our login's."
    )
    namespaces: list[TenantNamespace] = Field(
        default_factory=list, description="Namespaces of its own workloads whose quota the program is to set."
    )

    @property
    def object_name(self) -> str:
        """What its objects are called after."""
        return object_name(self.id)


def with_defaults(tenants: Any, info: ValidationInfo) -> Any:
    """Return tenants as they are written, and in prod with `both` for whom certificates are given.

    A token alone that was stolen is then of no use.
    """
    if info.data.get("environment") != "prod" or not isinstance(tenants, list):
        return tenants
    return [_with_both(each) if _is_given_certificates(each) else each for each in tenants]


def _is_given_certificates(tenant: Any) -> bool:
    access = tenant.get("access") if isinstance(tenant, dict) else None
    return isinstance(access, dict) and not access.keys().isdisjoint(("certificate", "certificate_subject"))


def _with_both(tenant: dict[str, Any]) -> dict[str, Any]:
    return {**tenant, "access": {"accepts": "both", **tenant["access"]}}


def check_tenants(tenants: list[Tenant]) -> list[Tenant]:
    """Refuse two tenants of one id, one display name, one name of objects, or one credential of their own."""
    for what, of in _UNIQUE.items():
        counts = Counter(value for value in map(of, tenants) if value is not None)
        (value, count) = max(counts.items(), key=lambda each: each[1], default=("", 0))
        if count > 1:
            raise ValueError(f"{count} tenants have the {what} {value!r}; give each its own")
    return tenants


def _place(secret: TokenSecret | None) -> str | None:
    """Return where a token is: several may be in one Secret, under keys of their own."""
    return None if secret is None else secret.name if not secret.renamed_keys else f"{secret.name}, {secret.key}"


_UNIQUE: dict[str, Callable[[Tenant], str | None]] = {
    "id": lambda tenant: tenant.id,
    "display_name": lambda tenant: tenant.display_name,
    "object name": lambda tenant: tenant.object_name,
    "token_secret": lambda tenant: _place(tenant.access.token_secret),
    "certificate_subject": lambda tenant: tenant.access.certificate_subject,
}
Tenants = Annotated[list[Tenant], AfterValidator(check_tenants), BeforeValidator(with_defaults)]
