"""Asks registries for digests, manifests and blobs of images (OCI distribution specification, 'Pulling')."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from telemetry.clients import trust
from telemetry.config.trust import Trust
from telemetry.operations.bundle.images import Reference, parse

_TIMEOUT = httpx.Timeout(15)
_ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_HUB_API = "https://registry-1.docker.io"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
_AT_ONCE = 8


class UnresolvedError(Exception):
    """A registry does not say; the message says why."""


class Registries:
    """Registries, asked without a login."""

    def __init__(
        self,
        mirrors: Mapping[str, str] | None = None,
        client: httpx.Client | None = None,
        timeout: httpx.Timeout = _TIMEOUT,
    ) -> None:
        """Ask.

        Args:
            mirrors: addresses to ask in place of registries, by the registries' names: `docker.io` to `https://…`.
            client: what to ask with; None is a client of its own.
            timeout: how long that one waits.
        """
        self._mirrors = mirrors or {}
        self._client = client or httpx.Client(follow_redirects=True, timeout=timeout, verify=trust.context(Trust()))

    def resolve_all(self, images: Collection[str]) -> dict[str, str | UnresolvedError]:
        """Return the digest of each image, or why there is none."""

        def resolved(image: str) -> str | UnresolvedError:
            try:
                return self.resolve(image)
            except UnresolvedError as error:
                return error

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(zip(images, pool.map(resolved, images), strict=True))

    def resolve(self, image: str) -> str:
        """Return the digest of an image's manifest, or of the index of its manifests per platform.

        Raises:
            UnresolvedError: its registry cannot be reached or does not have it, or the name is no name.
        """
        with _unresolved():
            reference = parse(image)
            return reference.digest or digest_of(self._manifest(reference))

    def manifest(self, image: str) -> bytes:
        """Return an image's manifest, or the index of its manifests per platform, as its registry has it.

        Raises:
            UnresolvedError: as `resolve`.
        """
        with _unresolved():
            return self._manifest(parse(image))

    def download(self, image: str, digest: str, path: Path) -> None:
        """Write one of an image's blobs to a file.

        Raises:
            UnresolvedError: as `resolve`, or it is not what its digest says; then there is no file.
        """
        with _unresolved():
            reference, found = parse(image), hashlib.sha256()
            with self._opened(reference, f"blobs/{digest}") as answer, path.open("wb") as file:
                for part in answer.iter_bytes():
                    found.update(part)
                    file.write(part)
            if f"sha256:{found.hexdigest()}" != digest:
                path.unlink()
                raise UnresolvedError(f"{reference.registry} gave something else than the blob {digest}")

    def _manifest(self, reference: Reference) -> bytes:
        with self._opened(reference, f"manifests/{reference.digest or reference.tag}") as answer:
            content = answer.read()
            said = answer.headers.get("Docker-Content-Digest", digest_of(content))
        if not _is_json(content):
            raise UnresolvedError(f"{answer.url.host} does not answer like a registry: its manifest is no JSON")
        if said != digest_of(content) or reference.digest not in (None, said):
            raise UnresolvedError(f"{answer.url.host} gave a manifest of another digest than it says, {said}")
        return content

    @contextmanager
    def _opened(self, reference: Reference, what: str) -> Iterator[httpx.Response]:
        """Open what a registry has of a repository, with an anonymous token where it wants one."""
        api = self._mirrors.get(reference.registry) or _api_of(reference.registry)
        url, headers = f"{api.rstrip('/')}/v2/{reference.repository}/{what}", {"Accept": _ACCEPT}
        with self._client.stream("GET", url, headers=headers) as answer:
            if answer.status_code != httpx.codes.UNAUTHORIZED:
                yield _checked(answer)
                return
            token = self._token(answer.headers.get("WWW-Authenticate", ""))
        with self._client.stream("GET", url, headers={**headers, "Authorization": f"Bearer {token}"}) as answer:
            yield _checked(answer)

    def _token(self, challenge: str) -> str:
        """Return an anonymous token, as the registry says where to have it."""
        asked = dict(_CHALLENGE.findall(challenge))
        realm = asked.pop("realm", "")
        if not challenge.startswith("Bearer ") or not realm.startswith(("https://", "http://")):
            raise UnresolvedError("its registry wants a login")
        answer = self._client.get(realm, params=asked)
        try:
            content = answer.raise_for_status().json()
            return str(content.get("token") or content["access_token"])
        except (ValueError, KeyError, AttributeError) as error:
            raise UnresolvedError("its registry gives no token without a login") from error


def _is_json(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except ValueError:
        return False


def digest_of(content: bytes) -> str:
    """Return the digest of a manifest or blob."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def _unresolved() -> Iterator[None]:
    """Raise what goes wrong as UnresolvedError."""
    try:
        yield
    except ValueError as error:
        raise UnresolvedError(str(error)) from error
    except httpx.HTTPError as error:
        raise UnresolvedError(str(error) or type(error).__name__) from error


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != httpx.codes.OK:
        raise UnresolvedError(f"{answer.url.host} answers {answer.status_code} {answer.reason_phrase}")
    return answer


def _api_of(registry: str) -> str:
    """Return a registry's address; one on loopback has no TLS, for the tools of containers as well."""
    if registry == "docker.io":
        return _HUB_API
    return f"http://{registry}" if registry.startswith(("127.", "localhost")) else f"https://{registry}"
