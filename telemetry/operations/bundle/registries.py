"""Asks registries which digest an image's tag has now (OCI distribution specification, 'Pulling manifests')."""

import hashlib
import re
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

import httpx

from telemetry.clients import trust
from telemetry.config.trust import Trust
from telemetry.operations.bundle.images import Reference, is_digest, parse

_SECONDS = 15
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

    def __init__(self, mirrors: Mapping[str, str] | None = None, client: httpx.Client | None = None) -> None:
        """Ask.

        Args:
            mirrors: addresses to ask in place of registries, by the registries' names: `docker.io` to `https://…`.
            client: what to ask with.
        """
        self._mirrors = mirrors or {}
        self._client = client or httpx.Client(follow_redirects=True, timeout=_SECONDS, verify=trust.context(Trust()))

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
        try:
            reference = parse(image)
            return reference.digest or self._ask(reference)
        except ValueError as error:
            raise UnresolvedError(str(error)) from error
        except httpx.HTTPError as error:
            raise UnresolvedError(str(error) or type(error).__name__) from error

    def _ask(self, reference: Reference) -> str:
        api = self._mirrors.get(reference.registry) or _api_of(reference.registry)
        url = f"{api.rstrip('/')}/v2/{reference.repository}/manifests/{reference.tag}"
        answer = self._client.get(url, headers={"Accept": _ACCEPT})
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            token = self._token(answer.headers.get("WWW-Authenticate", ""))
            answer = self._client.get(url, headers={"Accept": _ACCEPT, "Authorization": f"Bearer {token}"})
        if answer.status_code != httpx.codes.OK:
            raise UnresolvedError(f"{httpx.URL(api).host} answers {answer.status_code} {answer.reason_phrase}")
        found = f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
        said = answer.headers.get("Docker-Content-Digest", found)
        if not is_digest(said) or said != found:
            raise UnresolvedError(f"{httpx.URL(api).host} gave a manifest of another digest than it says, {said}")
        return found

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


def _api_of(registry: str) -> str:
    return _HUB_API if registry == "docker.io" else f"https://{registry}"
