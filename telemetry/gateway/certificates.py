"""The program's own authority and the certificates that it issues, byte for byte the same in every run.

Keys are derived (gateway/keys.py), signatures are deterministic (RFC 6979), serial numbers are digests, and the dates
are settings: nothing here looks at a clock.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from telemetry.config.access import Pair
from telemetry.config.gateway import Issued
from telemetry.gateway.keys import private_key

ORGANISATION = "telemetry"
_AUTHORITY_DAYS = 3_652  # ten years
_SECOND = timedelta(seconds=1)
_LONGEST_COMMON_NAME = 64  # X.509's upper bound
_WARN_DAYS = 30


@dataclass(frozen=True)
class Authority:
    """Signs servers' and clients' certificates. `certificate` is what others are to trust, in PEM.

    Its name and key change with the environment and `authority_version` only: whoever trusts it goes on trusting it
    when `issued_on` moves.
    """

    certificate: str
    _environment: str
    _key: str = field(repr=False)
    _issued: Issued

    @classmethod
    def of(cls, key: str, environment: str, issued: Issued, until: str | None = None) -> Self:
        """Return the authority of an environment; with `until` nobody is to trust it beyond that moment."""
        private, name = _authority_key(key, environment, issued), _authority_name(environment, issued)
        usages = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=True, path_length=0), True),
            (usages, True),
        ]
        last = _authority_ends(issued)
        validity = (_starts(issued), last if until is None else min(last, datetime.fromisoformat(until)))
        certificate = _signed(name, private.public_key(), validity, extensions, issuer=name, issuer_key=private)
        return cls(certificate, environment, key, issued)

    def server(self, hosts: Sequence[str]) -> Pair:
        """Return a server's certificate for DNS names and IP addresses; the first names its key."""
        private = private_key(self._key, self._environment, "server", hosts[0], str(self._issued.version))
        short = [hosts[0]] if len(hosts[0]) <= _LONGEST_COMMON_NAME else []
        subject = _name([(NameOID.ORGANIZATION_NAME, ORGANISATION), *((NameOID.COMMON_NAME, each) for each in short)])
        names = x509.SubjectAlternativeName([_alternative(host) for host in hosts])
        return self._issue(subject, private, ExtendedKeyUsageOID.SERVER_AUTH, [(names, False)])

    def client(self, tenant_id: str, version: int, epoch: int = 1, *, reader: bool = False) -> Pair:
        """Return a tenant's client certificate, or that of who reads its data."""
        unit = _unit(version, epoch, reader=reader)
        private = private_key(self._key, self._environment, "client", tenant_id, unit.removeprefix("v"))
        return self._issue(_client_name(tenant_id, unit), private, ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def _issue(
        self,
        subject: x509.Name,
        private: ec.EllipticCurvePrivateKey,
        purpose: x509.ObjectIdentifier,
        more: list[tuple[x509.ExtensionType, bool]],
    ) -> Pair:
        issuer_key = _authority_key(self._key, self._environment, self._issued)
        usages = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (usages, True),
            (x509.ExtendedKeyUsage([purpose]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
            *more,
        ]
        certificate = _signed(
            subject,
            private.public_key(),
            (_starts(self._issued), _ends(self._issued)),
            extensions,
            issuer=_authority_name(self._environment, self._issued),
            issuer_key=issuer_key,
        )
        return Pair(certificate, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def subject(tenant_id: str, version: int, epoch: int = 1, *, reader: bool = False) -> str:
    """Return the subject of a client's certificate as nginx's `$ssl_client_s_dn` shows it (RFC 2253).

    No character of an id is one that RFC 2253 escapes. nginx's maps ignore case and ids do not: the digest in CN
    keeps ids apart that differ in case only. The id itself is in UID, which has room for it (RFC 4519: 256
    characters; CN has 64).
    """
    return _client_name(tenant_id, _unit(version, epoch, reader=reader)).rfc4514_string()


def ends(issued: Issued) -> date:
    """Return the last day on which what is issued is valid."""
    return _ends(issued).date()


def refusal(issued: Issued, today: date) -> str | None:
    """Return why what would be issued is of use to nobody: its time is over, or yet to come; None if it is valid."""
    begins, end = _starts(issued).date(), ends(issued)
    if begins > today:
        return (
            f"telemetry:gateway.issued.issued_on: {begins} is yet to come, and until then nobody takes the "
            f"certificates that the program issues; set it to {today} or a day before"
        )
    if end < today:
        return (
            f"telemetry:gateway.issued: the certificates that the program issues ended on {end}; set issued_on to "
            f"{today}, raise version if they were ever deployed, and run `up`"
        )
    return None


def expiry_warning(issued: Issued, today: date) -> str | None:
    """Return what to say of certificates that end within 30 days; None while all is well, and once they are refused."""
    if not 0 <= (ends(issued) - today).days <= _WARN_DAYS:
        return None
    return (
        f"telemetry:gateway.issued: the certificates that the program issues end on {ends(issued)}; move issued_on to "
        "a later day, raise version, and run `up`"
    )


def _signed(
    subject: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    validity: tuple[datetime, datetime],
    extensions: list[tuple[x509.ExtensionType, bool]],
    *,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> str:
    """Return a certificate in PEM whose serial number is a digest of all else that it says."""
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    builder = builder.not_valid_before(validity[0]).not_valid_after(validity[1])
    identifier = x509.SubjectKeyIdentifier.from_public_key(public_key)
    for extension, critical in (*extensions, (identifier, False)):
        builder = builder.add_extension(extension, critical=critical)

    def sign(serial: int) -> x509.Certificate:
        return builder.serial_number(serial).sign(issuer_key, SHA256(), ecdsa_deterministic=True)

    return sign(_serial(sign(1).tbs_certificate_bytes)).public_bytes(Encoding.PEM).decode()


def _serial(content: bytes) -> int:
    """Return a positive number of at most 159 bits (RFC 5280, 4.1.2.2: 20 octets)."""
    return int.from_bytes(hashlib.sha256(content).digest()[:20]) >> 1 or 1


def _authority_key(key: str, environment: str, issued: Issued) -> ec.EllipticCurvePrivateKey:
    return private_key(key, environment, "authority", str(issued.authority_version))


def _authority_name(environment: str, issued: Issued) -> x509.Name:
    common = f"{ORGANISATION} {environment} authority {issued.authority_version}"
    return _name([(NameOID.ORGANIZATION_NAME, ORGANISATION), (NameOID.COMMON_NAME, common)])


def _unit(version: int, epoch: int, *, reader: bool) -> str:
    """Return what tells a tenant's certificates apart; those of the first epoch are as they were before epochs."""
    number = f"v{version}" if epoch == 1 else f"v{epoch}.{version}"
    return f"reader-{number}" if reader else number


def _client_name(tenant_id: str, unit: str) -> x509.Name:
    digest = hashlib.sha256(tenant_id.encode()).hexdigest()[:32]
    return _name(
        [
            (NameOID.ORGANIZATION_NAME, ORGANISATION),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            (NameOID.USER_ID, tenant_id),
            (NameOID.COMMON_NAME, digest),
        ]
    )


def _name(attributes: list[tuple[x509.ObjectIdentifier, str]]) -> x509.Name:
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in attributes])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _starts(issued: Issued) -> datetime:
    return datetime.combine(date.fromisoformat(issued.issued_on), datetime.min.time(), UTC)


def _authority_ends(issued: Issued) -> datetime:
    return _starts(issued) + timedelta(days=_AUTHORITY_DAYS) - _SECOND


def _ends(issued: Issued) -> datetime:
    """Return the last second of validity; nothing outlives its authority."""
    return min(_starts(issued) + timedelta(seconds=issued.valid_for) - _SECOND, _authority_ends(issued))
