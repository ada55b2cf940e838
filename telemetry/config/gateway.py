"""The gateway: nginx in front of every backend, which knows tenants by their credentials."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from telemetry.config.access import Day, Rotation
from telemetry.config.autoscaling import Autoscaling
from telemetry.config.base import SettingError, Settings
from telemetry.config.existing_secrets import AuthoritySecret, BackendsCertificateSecret, CertificateSecret
from telemetry.config.expose import Expose
from telemetry.config.images import Reference
from telemetry.config.oidc import Oidc
from telemetry.config.placement import ClassName, Placement
from telemetry.config.quantities import Bytes, Duration
from telemetry.config.resources import Compute
from telemetry.config.roles import check_replicas, merged
from telemetry.config.trust import Pem

_DAY = 86_400
NGINX_TAG = "1.29.8-alpine"
"""Of nginx' unprivileged image."""
_OLDEST = (1, 25, 3)
"""The first nginx that bounds new streams of HTTP/2 in each turn (CVE-2023-44487)."""
_VERSION = re.compile(r":v?(\d+)\.(\d+)(?:\.(\d+))?(?![\w.])")
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"^(\*\.)?{_LABEL}(\.{_LABEL})*$"
Host = Annotated[str, Field(pattern=_HOST, max_length=253)]
"""A DNS name."""


SCRATCH_SPARE = 64 * 2**20
"""Bytes of the scratch volume that are not for requests."""


def check_nginx(value: str) -> str:
    """Return an image's name as it is, or refuse an nginx that is too old (ValueError)."""
    found = _VERSION.search(value)
    version = found and tuple(int(part) for part in found.groups(default="999"))
    if version and version < _OLDEST:
        raise ValueError(
            f"nginx before {'.'.join(map(str, _OLDEST))} lets one client open and reset streams without end "
            "(CVE-2023-44487); take a newer one"
        )
    return value


NginxImage = Annotated[Reference, AfterValidator(check_nginx)]
"""An image of nginx by its full name."""


def _check_fingerprint(value: str) -> str:
    plain = value.replace(":", "").lower()
    if re.fullmatch("[0-9a-f]{40}", plain) is None:
        raise ValueError(
            "not a SHA-1 fingerprint of 40 hexadecimal digits; openssl x509 -in tls.crt -noout -fingerprint -sha1"
        )
    return plain


Fingerprint = Annotated[str, AfterValidator(_check_fingerprint)]
"""A certificate's SHA-1 fingerprint, which is the one that nginx knows; with or without colons."""


class Issuer(Settings):
    """An issuer of cert-manager."""

    name: ClassName = Field(description="Its name.")
    kind: Literal["Issuer", "ClusterIssuer"] = Field(default="Issuer", description="Where it is found.")


class ServerCertificate(Settings):
    """Where the gateway's own certificate comes from."""

    source: Literal["issued", "existing", "cert-manager"] = Field(
        default="issued",
        description="issued: by the program, from its own authority; existing: a Secret that is there; cert-manager: "
        "a Certificate that cert-manager fulfils.",
    )
    secret: CertificateSecret | None = Field(default=None, description="With `existing`: the Secret that has it.")
    issuer: Issuer | None = Field(default=None, description="With `cert-manager`: who issues it.")
    authority: Pem | None = Field(
        default=None,
        description="PEM of the authority that clients and Grafana are to trust, where it is neither ours nor public.",
    )

    @model_validator(mode="after")
    def _has_what_its_source_needs(self) -> Self:
        for key, value, source in (("secret", self.secret, "existing"), ("issuer", self.issuer, "cert-manager")):
            if self.source == source and value is None:
                raise SettingError(key, f"is not set, and source {source} needs it; add it")
            if self.source != source and value is not None:
                raise SettingError(key, f"belongs to source {source}, but source is {self.source}; remove it")
        if self.source == "issued" and self.authority is not None:
            raise SettingError("authority", "belongs to other sources than issued; remove it")
        return self


class Issued(Settings):
    """What the program's own certificates have in common. They are derived from a key, so the same each time."""

    issued_on: Day = Field(
        default="2026-11-01",
        description="First day of their validity, no day to come; moved on, together with version, to renew. A stack "
        "whose certificates are over by now is refused.",
    )
    valid_for: Duration = Field(
        default=397 * _DAY, description="Validity of servers' and clients' certificates (CA/Browser Forum's 397d)."
    )
    version: int = Field(default=1, ge=1, description="Raised to renew the servers' certificates.")
    authority_version: int = Field(
        default=1, ge=1, description="Raised to replace the authority: every client must learn to trust the new one."
    )


class BackendTls(Settings):
    """TLS between the gateway and the backends' HTTP and OTLP ports."""

    secret: BackendsCertificateSecret | None = Field(
        default=None,
        description="A Secret with a certificate for backends.<namespace>.svc; without one the program issues it.",
    )


class Federation(Settings):
    """One more credential that reads, and never writes, all tenants at once, for the environment's datasources."""

    token: Rotation = Field(default_factory=Rotation, description="Its token.")
    requests_per_second: int = Field(
        default=100, ge=1, le=100_000, description="Requests that each replica lets through (our choice)."
    )
    requests_burst: int = Field(
        default=200, ge=1, le=100_000, description="Requests that may come at once beyond the rate (our choice)."
    )
    concurrent_requests: int = Field(
        default=100, ge=1, le=10_000, description="Requests that each replica works on at a time (our choice)."
    )
    grafana_org: int | None = Field(
        default=None, ge=1, description="The Grafana organisation that its datasources belong to; none is our login's."
    )


class AddressLimits(Settings):
    """What one client address may do at each replica, whoever it is. Clients behind one proxy share an address."""

    connections: int = Field(
        default=256, ge=1, le=10_000, description="Connections at a time, also such as never finish a request."
    )
    requests: int = Field(
        default=256,
        ge=1,
        le=10_000,
        description="Requests at a time. A wrong credential counts until it is answered, so that many guesses shut "
        "out the address that they come from.",
    )
    unknown_per_second: int = Field(
        default=10, ge=1, le=1_000, description="Requests without a credential that counts that are answered a second."
    )


class Gateway(Settings):
    """nginx in front of every backend."""

    replicas: int = Field(
        default=1, ge=1, le=20, description="Pods, the fewest where they are autoscaled; 2 in prod survive a lost one."
    )
    autoscaling: Autoscaling | None = Field(
        default=None, description="Replaces a fixed number of pods; each is as large as one of the fewest."
    )
    base: Compute = Field(
        default=Compute.model_construct(cpu=200, memory=256 * 2**20),
        description="What it asks for before any tenant, over all replicas; each tenant's budget is added.",
    )
    total: Compute | None = Field(
        default=None,
        description="What it asks for whatever the tenants are, which base and all budgets must not exceed. "
        "None: it asks for just these, so every new tenant changes its requests and rolls its pods.",
    )
    image: NginxImage | None = Field(
        default=None,
        description="nginx without root and with its modules stream and, for oidc, auth_request, 1.25.3 or later, by a "
        "tag of three numbers or by digest: a tag such as 1.29-alpine moves. None: "
        f"nginxinc/nginx-unprivileged:{NGINX_TAG}, from where `telemetry:images` has it.",
    )
    connections: int = Field(
        default=3_000, ge=100, le=10_000, description="Clients' connections at each replica; probes have their own."
    )
    address_limits: AddressLimits = Field(
        default_factory=AddressLimits, description="What one client address may do before and after it is known."
    )
    scratch: Bytes = Field(
        default=2**30,
        description="Disk of each pod for requests that are too large for memory, up to 60 of 16Mi at a time; it asks "
        "its node for as much.",
    )
    revoked_certificates: list[Fingerprint] = Field(
        default_factory=list,
        description="SHA-1 fingerprints of clients' certificates that count no longer, such as one that was stolen.",
    )
    hosts: list[Host] = Field(
        default_factory=list, description="DNS names by which it is known beside those in the cluster."
    )
    expose: Expose | None = Field(
        default=None, description="A way in from outside of the cluster; none: it is reached in the cluster alone."
    )
    certificate: ServerCertificate = Field(
        default_factory=ServerCertificate, description="Its own certificate. There is no gateway without TLS."
    )
    issued: Issued = Field(default_factory=Issued, description="Certificates that the program issues.")
    client_ca_secret: AuthoritySecret | None = Field(
        default=None,
        description="A Secret with the authority that signs tenants' client certificates; without one the program's "
        "own authority does, and makes the certificates too.",
    )
    backend_tls: BackendTls | None = Field(
        default=None, description="TLS to the backends; none is plain HTTP within the namespace."
    )
    federation: Federation | None = Field(
        default_factory=Federation,
        description="Reading all tenants at once; null switches it off, and the environment's datasources show one "
        "tenant or are none (docs/tenants.md).",
    )
    oidc: Oidc | None = Field(
        default=None,
        description="Who reads with a token of an OpenID provider, as tenants' access.oidc says; none: nobody.",
    )
    accept_shared_organisation: bool = Field(
        default=False,
        description="Whether datasources of several tenants, or of all at once, may be in one Grafana organisation: "
        "its people may then query all of them, as Grafana OSS has no rights on single datasources.",
    )
    placement: Placement = Field(default_factory=Placement, description="Where its pods may run.")

    @model_validator(mode="before")
    @classmethod
    def _has_as_many_as_its_autoscaler(cls, given: Any) -> Any:
        return merged({}, given)

    @model_validator(mode="after")
    def _autoscaler_owns_the_replicas(self) -> Self:
        check_replicas(self.replicas, self.autoscaling)
        return self

    @model_validator(mode="after")
    def _keeps_nothing(self) -> Self:
        if self.placement.storage_class is not None:
            raise SettingError("placement.storage_class", "the gateway has no volume claims; remove it")
        return self

    def large_requests(self, max_body: int) -> int:
        """Return how many requests of the largest size the scratch volume has room for, beside what else is there."""
        return max(0, self.scratch - SCRATCH_SPARE) // max_body
