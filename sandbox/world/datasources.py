"""Stands in for Grafana's datasource store: one organisation, its rules on names, uids, versions and secrets."""

import json
import re
import secrets
import threading
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sandbox.world.files import write_private

Answer = tuple[HTTPStatus, Any]
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


class RefusedError(Exception):
    """A request that Grafana would refuse: its status, message and, for log-in failures, message id."""

    def __init__(self, status: HTTPStatus, message: str, message_id: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.message_id = message_id


def refusal(error: RefusedError) -> dict[str, Any]:
    """Return the JSON body of a refusal."""
    if error.message_id is None:
        return {"message": error.message, "traceID": ""}
    return {
        "message": error.message,
        "messageId": error.message_id,
        "statusCode": int(error.status),
        "traceID": "",
    }


class DataSources:
    """Datasources by id, in memory and in a file that is written whole at each change. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._items: list[dict[str, Any]] = []
        self._last_id = 0
        if path.exists():
            saved = json.loads(path.read_text())
            self._items, self._last_id = saved["datasources"], saved["lastId"]

    def list(self) -> list[dict[str, Any]]:
        """Return all datasources by name, with fewer fields than a single one has."""
        with self._lock:
            ordered = sorted(self._items, key=lambda item: str(item["name"]).lower())
            return [{key: item[key] for key in item if key not in _LISTED_WITHOUT} for item in ordered]

    def get(self, key: str, value: str) -> dict[str, Any]:
        """Return the datasource whose ``uid`` or ``name`` is ``value``. Raises RefusedError (404)."""
        with self._lock:
            return dict(self._find(key, value))

    def add(self, wanted: dict[str, Any]) -> Answer:
        """Create a datasource. Raises RefusedError: 400 for a bad request, 409 for a name or uid in use."""
        _check(wanted)
        with self._lock:
            uid = wanted.get("uid") or secrets.token_hex(7)
            self._check_free(wanted["name"], uid)
            self._last_id += 1
            base = {"id": self._last_id, "uid": uid, "orgId": 1, "version": 1}
            item = _merged({**base, "secureJsonFields": {}, "readOnly": False}, wanted)
            self._put(item)
            return HTTPStatus.OK, _outcome(item, "Datasource added")

    def update(self, uid: str, wanted: dict[str, Any]) -> Answer:
        """Replace a datasource's fields; secrets that are not given stay. Raises RefusedError (400, 404, 409)."""
        _check(wanted)
        with self._lock:
            old = self._find("uid", uid)
            new_uid = wanted.get("uid") or uid
            self._check_free(wanted["name"], new_uid, other_than=old["id"])
            if wanted.get("version") and wanted["version"] != old["version"]:
                message = "Datasource has already been updated by someone else. Please reload and try again"
                raise RefusedError(HTTPStatus.CONFLICT, message)
            base = {key: old[key] for key in ("id", "orgId", "secureJsonFields", "readOnly")}
            item = _merged({**base, "uid": new_uid, "version": old["version"] + 1}, wanted)
            self._put(item)
            return HTTPStatus.OK, _outcome(item, "Datasource updated")

    def delete(self, uid: str) -> Answer:
        """Remove a datasource. Raises RefusedError (404)."""
        with self._lock:
            item = self._find("uid", uid)
            self._items.remove(item)
            self._save()
            return HTTPStatus.OK, {"id": item["id"], "message": "Data source deleted"}

    def _find(self, key: str, value: str) -> dict[str, Any]:
        for item in self._items:
            if item[key] == value:
                return item
        raise RefusedError(HTTPStatus.NOT_FOUND, "Data source not found")

    def _check_free(self, name: str, uid: str, other_than: int | None = None) -> None:
        others = [item for item in self._items if item["id"] != other_than]
        for key, value in (("name", name), ("uid", uid)):
            if any(item[key] == value for item in others):
                raise RefusedError(HTTPStatus.CONFLICT, f"data source with the same {key} already exists")

    def _put(self, item: dict[str, Any]) -> None:
        others = [other for other in self._items if other["id"] != item["id"]]
        if item["isDefault"]:  # an organisation has one default at most
            others = [{**other, "isDefault": False} for other in others]
        self._items = [*others, item]
        self._save()

    def _save(self) -> None:
        document = {"lastId": self._last_id, "datasources": self._items}
        write_private(self._path, json.dumps(document, indent=2))


def _check(wanted: dict[str, Any]) -> None:
    if not all(isinstance(wanted.get(key), str) and wanted[key] for key in ("name", "type")):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad request data")
    uid = wanted.get("uid") or ""
    if uid and not (isinstance(uid, str) and UID.fullmatch(uid)):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "uid contains illegal characters or is longer than 40")
    if not isinstance(wanted.get("version") or 0, int):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad request data")
    if not all(isinstance(wanted.get(key) or {}, dict) for key in ("jsonData", "secureJsonData")):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "bad request data")


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
