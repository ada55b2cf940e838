"""Stands in for Grafana's store of folders and dashboards: uids, versions, and what goes with a folder.

Folders are not nested. Statuses and messages are those of Grafana 11 (pkg/api/apierrors).
"""

import secrets
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from sandbox.world.datasources import UID
from sandbox.world.grafana_answers import Answer, RefusedError, bad_request
from sandbox.world.journal import Journal

Kind = Literal["folder", "dashboard"]
Item = dict[str, Any]
_Key = tuple[int, Kind, str]


class Dashboards:
    """Folders and dashboards by organisation and uid, in memory and in a journal. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._journal = Journal(path)
        self._items: dict[_Key, Item] = {}
        self._last_id = 0
        for entry in self._journal.entries():
            self._apply(entry)
        self._journal.replace([{"id": self._last_id}, *self._items.values()])

    def folder(self, org: int, uid: str) -> Item:
        """Return a folder. Raises RefusedError (404)."""
        with self._lock:
            return _shown(self._find(org, "folder", uid))

    def add_folder(self, org: int, wanted: Item) -> Answer:
        """Make a folder. Raises RefusedError: 400 for a bad uid or title, 409 for a uid in use."""
        uid = _uid(wanted)
        with self._lock:
            if (org, "folder", uid) in self._items:
                raise RefusedError(HTTPStatus.CONFLICT, "a folder with the same uid already exists")
            item = self._put(org, "folder", uid, {"title": _title(wanted, "folder title cannot be empty")})
            return HTTPStatus.OK, _shown(item)

    def update_folder(self, org: int, uid: str, wanted: Item) -> Answer:
        """Rename a folder. Raises RefusedError: 400, 404, 412 for a version that is not the newest."""
        with self._lock:
            old = self._find(org, "folder", uid)
            if not wanted.get("overwrite") and wanted.get("version") != old["version"]:
                raise _mismatch("the folder has been changed by someone else")
            item = self._put(org, "folder", uid, {"title": _title(wanted, "folder title cannot be empty")})
            return HTTPStatus.OK, _shown(item)

    def delete_folder(self, org: int, uid: str) -> Answer:
        """Remove a folder and, as Grafana does, all dashboards in it. Raises RefusedError (404)."""
        with self._lock:
            item = self._find(org, "folder", uid)
            for each in [*self._within(org, uid), item]:
                self._remove(each)
            return HTTPStatus.OK, {"id": item["id"], "title": item["title"], "message": "Folder deleted"}

    def delete_all(self, org: int) -> None:
        """Remove what an organisation has, as Grafana does with the organisation."""
        with self._lock:
            for item in [each for each in self._items.values() if each["orgId"] == org]:
                self._remove(item)

    def search(self, org: int, folders: list[str]) -> Answer:
        """Return the dashboards in folders."""
        with self._lock:
            found = [each for uid in folders for each in self._within(org, uid)]
        return HTTPStatus.OK, [{**_shown(each), "type": "dash-db", "folderUid": each["folderUid"]} for each in found]

    def dashboard(self, org: int, uid: str) -> Item:
        """Return a dashboard and what is known of it. Raises RefusedError (404)."""
        with self._lock:
            item = self._find(org, "dashboard", uid)
        meta = {"url": _url(item), "version": item["version"], "folderUid": item["folderUid"]}
        model = {**item["model"], "id": item["id"], "uid": uid, "version": item["version"]}
        return {"meta": meta, "dashboard": model}

    def save(self, org: int, wanted: Item) -> Answer:
        """Make or replace a dashboard. Raises RefusedError: 400, 412 for one that may not be overwritten."""
        model, folder = wanted.get("dashboard"), wanted.get("folderUid") or ""
        if not isinstance(model, dict):
            raise bad_request()
        title, uid = _title(model, "Dashboard title cannot be empty"), _uid(model)
        with self._lock:
            if folder and (org, "folder", folder) not in self._items:
                raise RefusedError(HTTPStatus.BAD_REQUEST, "folder not found")
            old = self._items.get((org, "dashboard", uid))
            if old is not None and not wanted.get("overwrite") and model.get("version") != old["version"]:
                raise _mismatch("The dashboard has been changed by someone else")
            item = self._put(org, "dashboard", uid, {"title": title, "model": model, "folderUid": folder})
        return HTTPStatus.OK, {"status": "success", **_shown(item), "folderUid": folder}

    def delete(self, org: int, uid: str) -> Answer:
        """Remove a dashboard. Raises RefusedError (404)."""
        with self._lock:
            item = self._find(org, "dashboard", uid)
            self._remove(item)
            message = f"Dashboard {item['title']} deleted"
            return HTTPStatus.OK, {"title": item["title"], "message": message, "uid": uid}

    def _within(self, org: int, folder: str) -> Iterator[Item]:
        yield from (each for (of, _, _), each in self._items.items() if of == org and each.get("folderUid") == folder)

    def _find(self, org: int, kind: Kind, uid: str) -> Item:
        if (org, kind, uid) not in self._items:
            message = "folder not found" if kind == "folder" else "Dashboard not found"
            raise RefusedError(HTTPStatus.NOT_FOUND, message)
        return self._items[org, kind, uid]

    def _put(self, org: int, kind: Kind, uid: str, what: Item) -> Item:
        old = self._items.get((org, kind, uid), {"id": self._last_id + 1, "version": 0})
        item = {"id": old["id"], "orgId": org, "kind": kind, "uid": uid, "version": old["version"] + 1, **what}
        self._change(item)
        return item

    def _remove(self, item: Item) -> None:
        self._change({"gone": True, **{key: item[key] for key in ("id", "orgId", "kind", "uid")}})

    def _change(self, entry: Item) -> None:
        self._apply(entry)
        self._journal.add(entry)

    def _apply(self, entry: Item) -> None:
        """Take over an item as it is now, or that it is gone."""
        self._last_id = max(self._last_id, entry["id"])
        if "kind" not in entry:
            return
        key = (entry["orgId"], entry["kind"], entry["uid"])
        if "gone" in entry:
            del self._items[key]
        else:
            self._items[key] = entry


def _shown(item: Item) -> Item:
    return {"url": _url(item), **{key: item[key] for key in ("id", "orgId", "uid", "title", "version")}}


def _url(item: Item) -> str:
    slug = "-".join("".join(each if each.isalnum() else " " for each in item["title"].lower()).split())
    return f"/{'dashboards/f' if item['kind'] == 'folder' else 'd'}/{item['uid']}/{slug}"


def _title(wanted: Item, message: str) -> str:
    title = wanted.get("title")
    if not isinstance(title, str) or not title.strip():
        raise RefusedError(HTTPStatus.BAD_REQUEST, message)
    return title


def _uid(wanted: Item) -> str:
    uid = wanted.get("uid") or secrets.token_hex(7)
    if not (isinstance(uid, str) and UID.fullmatch(uid)):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "uid contains illegal characters")
    return uid


def _mismatch(message: str) -> RefusedError:
    return RefusedError(HTTPStatus.PRECONDITION_FAILED, message)
