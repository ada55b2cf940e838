"""Storage for copies of the state: a directory, or a bucket with the credentials of Pulumi's own backend."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from telemetry.clients.s3 import connect_as_environment_says, no_answer
from telemetry.operations.adopt.errors import AdoptError

_GROUP, _OTHERS, _STICKY = stat.S_IWGRP, stat.S_IWOTH, stat.S_ISVTX


class Place(Protocol):
    """A storage of files by name."""

    def names(self) -> list[str]:
        """Return the names of all files. Raises AdoptError, as do the others."""

    def read(self, name: str) -> str:
        """Return what is in a file."""

    def write(self, name: str, text: str) -> None:
        """Make a new file, which only we can read; one that is there is left alone."""

    def remove(self, name: str) -> None:
        """Remove a file."""


def place_of(address: str) -> Place:
    """Return the place at an address: a directory, or `s3://bucket/folder?endpoint=…&region=…&s3ForcePathStyle=true`.

    The second is written like the address of pulumi's backend, and takes its credentials from the same variables.

    Raises:
        AdoptError: it is neither.
    """
    if address.startswith("s3://"):
        return Bucket.at(address)
    if "://" in address:
        raise AdoptError(f"{address.partition('://')[0]}:// cannot be written to; name a directory or s3://…")
    return Folder(Path(address).expanduser())


@dataclass(frozen=True)
class Folder:
    """A directory of this machine; made with mode 0700 if it is not there.

    One that others can write to is refused: what is put back from there could be anybody's state.
    """

    path: Path

    def __str__(self) -> str:
        """Return where it is."""
        return str(self.path)

    def names(self) -> list[str]:
        """Return the names of all files."""
        self._refuse_what_others_write_to()
        return [each.name for each in self.path.iterdir()] if self.path.is_dir() else []

    def read(self, name: str) -> str:
        """Return what is in a file."""
        self._refuse_what_others_write_to()
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise AdoptError(f"{self.path / name}: cannot be read ({error})") from error

    def write(self, name: str, text: str) -> None:
        """Make a new file of mode 0600; one that could not be written whole does not stay."""
        file = self.path / name
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._refuse_what_others_write_to()
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise AdoptError(f"{file}: cannot be written ({error.strerror})") from error
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())
        except OSError as error:
            file.unlink()
            raise AdoptError(f"{file}: cannot be written ({error.strerror})") from error

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.path / name).unlink(missing_ok=True)

    def _refuse_what_others_write_to(self) -> None:
        """Refuse a directory that others can write to, or replace, as they can in one around it; /tmp forbids that."""
        where = self.path.resolve()
        if where.exists() and not where.is_dir():
            raise AdoptError(f"{where}: is no directory; name one, or s3://bucket/folder?endpoint=…")
        if not where.is_dir():
            return
        status = where.stat()
        if status.st_uid not in (os.getuid(), 0):
            raise AdoptError(f"{where}: belongs to another user, so a copy there may be anybody's; name another place")
        open_ones = [each for each in where.parents if each.stat().st_mode & (_OTHERS | _STICKY) == _OTHERS]
        for folder in [where] if status.st_mode & (_GROUP | _OTHERS) else open_ones:
            raise AdoptError(
                f"{folder}: can be written to by others (mode {folder.stat().st_mode & 0o7777:04o}), so a copy of the "
                f"state may be anybody's; chmod go-w {folder}, or name another place"
            )


@dataclass(frozen=True)
class Bucket:
    """A folder of a bucket. Who may read it, the bucket's owner says."""

    s3: Any
    bucket: str
    folder: str

    @classmethod
    def at(cls, address: str) -> "Bucket":
        """Return the folder at an address. Raises AdoptError."""
        # Imported here: its client takes half a second to load.
        from botocore.exceptions import BotoCoreError

        try:
            url = urlsplit(address)
        except ValueError as error:
            raise AdoptError(f"{address} cannot be used ({error})") from error
        options = dict(parse_qsl(url.query))
        if not url.netloc or "@" in url.netloc:
            raise AdoptError("the address needs a bucket and no key: s3://bucket/folder?endpoint=…")
        endpoint = options.get("endpoint")
        if endpoint and "://" not in endpoint:
            endpoint = f"https://{endpoint}"
        try:
            s3 = connect_as_environment_says(
                endpoint,
                options.get("region", "us-east-1"),
                profile=options.get("profile"),
                path_style=options.get("s3ForcePathStyle") == "true",
            )
        except (BotoCoreError, ValueError) as error:
            raise AdoptError(f"s3://{url.netloc} cannot be used ({error})") from error
        folder = url.path.strip("/")
        return cls(s3, url.netloc, f"{folder}/" if folder else "")

    def __str__(self) -> str:
        """Return where it is."""
        return f"s3://{self.bucket}/{self.folder}".rstrip("/")

    def names(self) -> list[str]:
        """Return the names of all files."""
        pages = self._asked(
            lambda: list(
                self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.folder, Delimiter="/")
            )
        )
        return [each["Key"].removeprefix(self.folder) for page in pages for each in page.get("Contents", ())]

    def read(self, name: str) -> str:
        """Return what is in a file."""
        key = f"{self.folder}{name}"
        content: bytes = self._asked(lambda: self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise AdoptError("is no copy of a state") from error

    def write(self, name: str, text: str) -> None:
        """Make a new file. Names have a time in microseconds: one that is there is no race, but a clock set back."""
        if name in self.names():
            raise AdoptError(f"{self}/{name}: is there already, and is left alone")
        key = f"{self.folder}{name}"
        self._asked(lambda: self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode()))

    def remove(self, name: str) -> None:
        """Remove a file."""
        self._asked(lambda: self.s3.delete_object(Bucket=self.bucket, Key=f"{self.folder}{name}"))

    def _asked(self, call: Any) -> Any:
        from botocore.exceptions import ClientError

        try:
            return call()
        except ClientError as error:
            details, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            why = ": ".join(filter(None, (details.get("Code"), details.get("Message"))))
            raise AdoptError(f"{self}: {why or f'the server answered {status}'}") from error
        except no_answer() as error:
            raise AdoptError(f"{self}: no S3 server answers ({error})") from error
