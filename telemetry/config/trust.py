"""Whom the program trusts: the authorities of the certificates that Grafana and the object store show."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from telemetry.config.base import Settings
from telemetry.config.project_files import text_of

_BEGIN = "-----BEGIN CERTIFICATE-----"


def _check_file(value: str) -> str:
    if Path(value).is_absolute():
        raise ValueError("must begin at the project, such as ./authority.pem, so that every checkout shows the same")
    text = text_of(Path(value))
    if _BEGIN not in text or "PRIVATE KEY" in text:
        raise ValueError("is no file of certificates in PEM; give those of the authorities, and never a key")
    return value


def _check_pem(value: str) -> str:
    if not value.strip().startswith(_BEGIN) or "PRIVATE KEY" in value:
        raise ValueError("not a certificate; give the authority's certificate in PEM, never a key")
    return value.strip() + "\n"


Pem = Annotated[str, AfterValidator(_check_pem)]
"""Certificates of authorities in PEM."""


class Trust(Settings):
    """Whom the program and the pods trust where a certificate is of a private authority."""

    file: Annotated[str, Field(min_length=1), AfterValidator(_check_file)] | None = Field(
        default=None,
        description="A file in PEM, its path from the project on, with the authorities to trust in place of the "
        "system's store: by the program and its providers towards Grafana and the object store, and by pods towards "
        "the object store, unless object_store.ca_secret names a Secret. None: the system's store (`SSL_CERT_FILE`).",
    )

    @property
    def text(self) -> str | None:
        """The file's content."""
        return None if self.file is None else Path(self.file).read_text(encoding="utf-8")
