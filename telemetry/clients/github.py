"""A client of GitHub: writes one comment or issue per marker, and updates it in place.

Environment: GITHUB_TOKEN, GITHUB_REPOSITORY and GITHUB_API_URL, as GitHub's own runners set them.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx
from tenacity import wait_exponential

from telemetry.clients import trust
from telemetry.clients.retry import retry
from telemetry.config.trust import Trust

LIMIT = 65_536
"""The most characters that GitHub takes for the text of a comment or an issue."""
BOT = "github-actions[bot]"
"""Whom a workflow's own token writes as. What others wrote is never touched, whatever marker it bears."""

_TIMEOUT_SECONDS = 20
_ATTEMPTS = 4
_WAIT = wait_exponential(multiplier=1, max=20)


class ForgeError(Exception):
    """GitHub cannot be used, or refused; the message holds no token."""


class _TryAgainError(ForgeError):
    """GitHub did not answer, or is busy."""


@dataclass(frozen=True)
class Forge:
    """One repository. Every method may raise ForgeError, after a few attempts where another one could help.

    An attempt begins with the search: what an earlier one wrote without hearing of it is found, and not written twice.
    """

    client: httpx.Client
    repository: str
    author: str = BOT

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the repository whose pipeline runs."""
        for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY"):
            if not environment.get(name):
                raise ForgeError(f"{name}: is not set; set it, as the pipeline does (docs/pipeline.md)")
        client = httpx.Client(
            base_url=environment.get("GITHUB_API_URL") or "https://api.github.com",
            headers={
                "Authorization": f"Bearer {environment['GITHUB_TOKEN']}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            timeout=_TIMEOUT_SECONDS,
            verify=trust.context(Trust()),
        )
        return cls(client, environment["GITHUB_REPOSITORY"])

    def put_comment(self, number: int, marker: str, body: str | None) -> str:
        """Write, update or remove the comment of a pull request that has this marker; return what was done."""
        return _retry(lambda: self._put_comment(number, marker, body))

    def put_issue(self, marker: str, title: str, body: str | None, closing: str) -> str:
        """Open, update or close the issue that has this marker; return what was done."""
        return _retry(lambda: self._put_issue(marker, title, body, closing))

    def _put_comment(self, number: int, marker: str, body: str | None) -> str:
        comments = f"issues/{number}/comments"
        found = self._marked(marker, comments)
        if body is None:
            return self._call("removed", "DELETE", f"issues/comments/{found['id']}") if found else "nothing to say"
        text = {"body": f"{marker}\n{body}"}
        if found is None:
            return self._call("wrote", "POST", comments, text)
        return self._call("updated", "PATCH", f"issues/comments/{found['id']}", text)

    def _put_issue(self, marker: str, title: str, body: str | None, closing: str) -> str:
        found = self._marked(marker, "issues", state="open", creator=self.author)
        if body is None:
            done = {"state": "closed", "state_reason": "completed", "body": f"{marker}\n{closing}"}
            return self._call("closed", "PATCH", f"issues/{found['number']}", done) if found else "nothing to say"
        text = {"title": title, "body": f"{marker}\n{body}"}
        if found is None:
            return self._call("opened", "POST", "issues", text)
        return self._call("updated", "PATCH", f"issues/{found['number']}", text)

    def _marked(self, marker: str, path: str, **parameters: str) -> dict[str, Any] | None:
        """Return what we wrote under a marker: the first of it."""
        url: str | None = str(httpx.URL(self._url(path), params={**parameters, "per_page": "100"}))
        while url:
            answer = self._request("GET", url)
            for each in _objects(answer):
                author = each.get("user") or {}  # none is left of an account that was deleted
                if author.get("login") == self.author and (each.get("body") or "").startswith(marker):
                    return each
            url = answer.links.get("next", {}).get("url")
        return None

    def _call(self, done: str, method: str, path: str, body: Mapping[str, str] | None = None) -> str:
        answer = self._request(method, self._url(path), body)
        written = next(iter(_objects(answer)), {}) if answer.content else {}
        return f"{done} {written.get('html_url', path)}"

    def _url(self, path: str) -> str:
        return f"/repos/{self.repository}/{path}"

    def _request(self, method: str, url: str, body: Mapping[str, str] | None = None) -> httpx.Response:
        try:
            answer = self.client.request(method, url, json=body)
        except httpx.TransportError as error:
            raise _TryAgainError(f"GitHub does not answer to {method} {url} ({type(error).__name__})") from error
        if answer.is_success:
            return answer
        busy = answer.is_server_error or answer.status_code == 429 or "Retry-After" in answer.headers
        raise (_TryAgainError if busy else ForgeError)(_refusal(answer, method, url))


def _retry(attempt: Callable[[], str]) -> str:
    return retry(attempt, attempts=_ATTEMPTS, on=_TryAgainError, wait=_WAIT)


def _objects(answer: httpx.Response) -> list[dict[str, Any]]:
    """Return the object that was answered, or the list of them. Raises ForgeError."""
    try:
        found = answer.json()
    except ValueError:
        found = None
    objects = found if isinstance(found, list) else [found]
    if not all(isinstance(each, dict) for each in objects):
        raise ForgeError(f"what answers to {answer.url} is not GitHub's API; correct GITHUB_API_URL")
    return objects


def _refusal(answer: httpx.Response, method: str, url: str) -> str:
    try:
        message = answer.json()["message"]
    except (ValueError, KeyError, TypeError):
        message = answer.reason_phrase
    advice = (
        "; does the job grant it (permissions), and is the number right?" if answer.status_code in (403, 404) else ""
    )
    return f"GitHub answered {answer.status_code} to {method} {url}: {message}{advice}"
