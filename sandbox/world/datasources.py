"""Stands in for Grafana's datasource store: its rules on names, uids, versions and secrets, in each organisation."""

import re
import secrets
import threading
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.world.grafana_answers import Answer, RefusedError, bad_request
from sandbox.world.journal import Journal

UID = re.compile(r"[a-zA-Z0-9_-]{1,40}")
_DEFAULTS: dict[str, Any] = {
    "access": "proxy",
    "url": "",
    "user": "",
    "database": "",
    "basicAuth": False,
    "basicAuthUser": "",
    "withCredentials": False,
    "isDefault": False,
    "jsonData": {},
}
_LISTED_WITHOUT = ("version", "secureJsonFields", "withCredentials")
_INDEXED = ("name", "uid")
"""What is unique in an organisation, and found by."""


class DataSources:
    """Datasources by id, in memory and in a journal. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._journal = Journal(path)
        self._items: dict[int, dict[str, Any]] = {}
        self._ids: dict[tuple[int, str, str], int] = {}
        """By organisation, `name` or `uid`, and value."""
        self._last_id = 0
        for entry in self._journal.entries():
            self._apply(entry)
        self._journal.replace([{"id": self._last_id}, *self._items.values()])

    def list(self, org: int) -> list[dict[str, Any]]:
        """Return an organisation's datasources by name, with fewer fields than a single one has."""
        with self._lock:
            own = (item for item in self._items.values() if item["orgId"] == org)
            ordered = sorted(own, key=lambda item: str(item["name"]).lower())
            return [{key: item[key] for key in item if key not in _LISTED_WITHOUT} for item in ordered]

    def get(self, org: int, key: str, value: str) -> dict[str, Any]:
        """Return the organisation's datasource whose ``uid`` or ``name`` is ``value``. Raises RefusedError (404)."""
        with self._lock:
            return dict(self._find(org, key, value))

    def add(self, org: int, wanted: dict[str, Any]) -> Answer:
        """Create a datasource. Raises RefusedError: 400 for a bad request, 409 for a name or uid in use."""
        _check(wanted)
        with self._lock:
            uid = wanted.get("uid") or secrets.token_hex(7)
            self._check_free(org, wanted["name"], uid)
            base = {"id": self._last_id + 1, "uid": uid, "orgId": org, "version": 1}
            item = _merged({**base, "secureJsonFields": {}, "readOnly": False}, wanted)
            self._put(item)
            return HTTPStatus.OK, _outcome(item, "Datasource added")

    def update(self, org: int, uid: str, wanted: dict[str, Any]) -> Answer:
        """Replace a datasource's fields; secrets that are not given stay. Raises RefusedError (400, 404, 409)."""
        _check(wanted)
        with self._lock:
            old = self._find(org, "uid", uid)
            new_uid = wanted.get("uid") or uid
            self._check_free(org, wanted["name"], new_uid, other_than=old["id"])
            if wanted.get("version") and wanted["version"] != old["version"]:
                message = "Datasource has already been updated by someone else. Please reload and try again"
                raise RefusedError(HTTPStatus.CONFLICT, message)
            base = {key: old[key] for key in ("id", "orgId", "secureJsonFields", "readOnly")}
            item = _merged({**base, "uid": new_uid, "version": old["version"] + 1}, wanted)
            self._put(item)
            return HTTPStatus.OK, _outcome(item, "Datasource updated")

    def delete(self, org: int, uid: str) -> Answer:
        """Remove a datasource. Raises RefusedError (404)."""
        with self._lock:
            item = self._find(org, "uid", uid)
            self._change({"id": item["id"]})
            return HTTPStatus.OK, {"id": item["id"], "message": "Data source deleted"}

    def delete_all(self, org: int) -> None:
        """Remove an organisation's datasources, as Grafana does with the organisation."""
        with self._lock:
            for number in [number for number, item in self._items.items() if item["orgId"] == org]:
                self._change({"id": number})

    def _find(self, org: int, key: str, value: str) -> dict[str, Any]:
        number = self._ids.get((org, key, value))
        if number is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "Data source not found")
        return self._items[number]

    def _check_free(self, org: int, name: str, uid: str, other_than: int | None = None) -> None:
        for key, value in (("name", name), ("uid", uid)):
            if self._ids.get((org, key, value)) not in (None, other_than):
                raise RefusedError(HTTPStatus.CONFLICT, f"data source with the same {key} already exists")

    def _put(self, item: dict[str, Any]) -> None:
        if item["isDefault"]:  # an organisation has one default at most
            others = [each for each in self._items.values() if each["orgId"] == item["orgId"] and each["isDefault"]]
            for other in others:
                self._change({**other, "isDefault": False})
        self._change(item)

    def _change(self, entry: dict[str, Any]) -> None:
        self._apply(entry)
        self._journal.add(entry)

    def _apply(self, entry: dict[str, Any]) -> None:
        """Take over a datasource as it is now; one that is gone is its id alone."""
        number: int = entry["id"]
        self._last_id = max(self._last_id, number)
        if old := self._items.pop(number, None):
            for key in _INDEXED:
                del self._ids[old["orgId"], key, old[key]]
        if "uid" in entry:
            self._items[number] = entry
            for key in _INDEXED:
                self._ids[entry["orgId"], key, entry[key]] = number


def _check(wanted: dict[str, Any]) -> None:
    if not all(isinstance(wanted.get(key), str) and wanted[key] for key in ("name", "type")):
        raise bad_request()
    uid = wanted.get("uid") or ""
    if uid and not (isinstance(uid, str) and UID.fullmatch(uid)):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "uid contains illegal characters or is longer than 40")
    if not isinstance(wanted.get("version") or 0, int):
        raise bad_request()
    if not all(isinstance(wanted.get(key) or {}, dict) for key in ("jsonData", "secureJsonData")):
        raise bad_request()


def _merged(base: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    given = {key: wanted[key] for key in _DEFAULTS if wanted.get(key) is not None}
    # An empty string takes a secret away; the others are known by name only.
    changed = {key: bool(value) for key, value in (wanted.get("secureJsonData") or {}).items()}
    names = {**base["secureJsonFields"], **changed}
    return {
        **_DEFAULTS,
        **base,
        **given,
        "name": wanted["name"],
        "type": wanted["type"],
        "secureJsonFields": {key: True for key, kept in names.items() if kept},
    }


def _outcome(item: dict[str, Any], message: str) -> dict[str, Any]:
    return {"datasource": item, "id": item["id"], "message": message, "name": item["name"]}
