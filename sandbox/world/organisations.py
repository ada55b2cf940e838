"""Stands in for Grafana's organisations and logins: one user, who is server admin, and service accounts with tokens.

What a login may do and what it is told otherwise is from Grafana's source (pkg/services/authn, pkg/api/org.go) and its
documentation of X-Grafana-Org-Id: a user is in the organisation that the header names, or in their own, and without
membership has no permissions there (403), even as server admin; a token belongs to one organisation (401 for another).
There are no teams, no roles but Admin and others, and members cannot be changed.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.world.grafana_answers import Answer, RefusedError, bad_request, unauthorized
from sandbox.world.journal import Journal

MAIN = 1
"""The organisation that is there from the start, and the user's own."""


@dataclass(frozen=True)
class Login:
    """Somebody who is logged in."""

    org: int
    """The organisation that the request is about."""
    admin: bool
    """Whether they may manage what is in it."""
    server_admin: bool = False


class Organisations:
    """Organisations by id and service accounts by token, in memory and in a journal. Thread-safe."""

    def __init__(self, path: Path, user: str) -> None:
        self._user = user
        self._lock = threading.Lock()
        self._journal = Journal(path)
        self._organisations: dict[int, dict[str, Any]] = {MAIN: {"id": MAIN, "name": "Main Org.", "member": True}}
        self._accounts: dict[int, dict[str, Any]] = {}
        self._tokens: dict[str, int] = {}
        entries = self._journal.entries()
        for entry in entries:
            self._apply(entry)
        self._last = max((entry["number"] for entry in entries), default=MAIN)
        self._journal.replace(entries)

    def login(self, authorization: str, asked: str) -> Login:
        """Return who sends these headers: Authorization and X-Grafana-Org-Id. Raises RefusedError (401)."""
        scheme, _, credentials = authorization.partition(" ")
        org = int(asked) if asked.isdigit() else 0  # what is no number is not looked at
        match scheme.lower():
            case "":
                raise unauthorized("Unauthorized", "auth.unauthorized")
            case "bearer":
                return self._account(credentials, org)
            case _:
                return self._person(scheme, credentials, org or MAIN)

    def add(self, wanted: Mapping[str, Any], *, member: bool = True) -> Answer:
        """Make an organisation, of which the user is an Admin; else it is as if somebody else had made it.

        Raises RefusedError: 400 without a name, 409 for one that is taken.
        """
        name = wanted.get("name")
        if not isinstance(name, str) or not name:
            raise bad_request()
        with self._lock:
            if any(each["name"] == name for each in self._organisations.values()):
                raise RefusedError(HTTPStatus.CONFLICT, "Organization name taken")
            number = self._record("organisation", {"name": name, "member": member})
        return HTTPStatus.OK, {"message": "Organization created", "orgId": number}

    def get(self, org: int) -> Answer:
        """Return an organisation. Raises RefusedError (404)."""
        with self._lock:
            found = self._organisations.get(org)
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "Organization not found")
        return HTTPStatus.OK, {"id": found["id"], "name": found["name"], "address": {}}

    def delete(self, org: int) -> Answer:
        """Remove an organisation. Raises RefusedError (404)."""
        self.get(org)
        with self._lock:
            self._record("gone", {"org": org})
        return HTTPStatus.OK, {"message": "Organization deleted"}

    def add_account(self, org: int, wanted: Mapping[str, Any]) -> Answer:
        """Make a service account in an organisation. Raises RefusedError (400)."""
        if not wanted.get("name"):
            raise bad_request()
        account = {"orgId": org, "name": wanted["name"], "role": wanted.get("role", "Viewer")}
        with self._lock:
            number = self._record("account", account)
        return HTTPStatus.CREATED, {"id": number, **account}

    def add_token(self, org: int, account: int) -> Answer:
        """Make a token of a service account; only this answer has it. Raises RefusedError (404)."""
        key = f"glsa_{secrets.token_urlsafe(24)}"
        with self._lock:
            if self._accounts.get(account, {}).get("orgId") != org:
                raise RefusedError(HTTPStatus.NOT_FOUND, "service account not found")
            number = self._record("token", {"account": account, "digest": _digest(key)})
        return HTTPStatus.OK, {"id": number, "key": key}

    def _account(self, token: str, org: int) -> Login:
        with self._lock:
            account = self._accounts.get(self._tokens.get(_digest(token), 0))
        if account is None:
            raise unauthorized("Invalid API key", "api-key.invalid")
        if org not in (0, account["orgId"]):
            message = "API key does not belong to the requested organization"
            raise unauthorized(message, "api-key.organization-mismatch")
        return Login(account["orgId"], admin=account["role"] == "Admin")

    def _person(self, scheme: str, credentials: str, org: int) -> Login:
        try:
            given = base64.b64decode(credentials, validate=True) if scheme.lower() == "basic" else b""
        except binascii.Error:
            given = b""
        if not hmac.compare_digest(given, self._user.encode()):
            raise unauthorized("Invalid username or password", "password-auth.failed")
        with self._lock:
            found = self._organisations.get(org)
        return Login(org, admin=found is not None and found["member"], server_admin=True)

    def _record(self, kind: str, what: Mapping[str, Any]) -> int:
        self._last += 1
        entry = {"number": self._last, kind: what}
        self._apply(entry)
        self._journal.add(entry)
        return self._last

    def _apply(self, entry: Mapping[str, Any]) -> None:
        match entry:
            case {"number": number, "organisation": organisation}:
                self._organisations[number] = {"id": number, **organisation}
            case {"gone": {"org": org}}:
                self._organisations.pop(org, None)
            case {"number": number, "account": account}:
                self._accounts[number] = account
            case {"token": {"account": account, "digest": digest}}:
                self._tokens[digest] = account


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
