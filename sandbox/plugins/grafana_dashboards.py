"""Stands in for pulumi-resource-grafana's `grafana:oss/folder:Folder` and `grafana:oss/dashboard:Dashboard`.

Ids (`<org id>:<uid>`), replacements, the normal form of a dashboard's JSON and the refusal to delete a folder that is
not empty are those of the Terraform Grafana provider (internal/resources/grafana/resource_{folder,dashboard}.go).
"""

from __future__ import annotations

import json
from typing import Any

from typing_extensions import override

from sandbox.plugins.base import CheckError, Live, ProviderError, Request, ResourceType
from sandbox.plugins.diff import Diff, below, diff
from sandbox.plugins.grafana_api import Api
from sandbox.plugins.values import UNKNOWN, Properties, Unknown

_GO_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


class _InOrganisation(ResourceType):
    """What belongs to an organisation, which is part of its id."""

    def __init__(self) -> None:
        self._api = Api({})

    def configure(self, config: Properties) -> None:
        """Take the provider's settings; nothing is contacted."""
        self._api = Api(config)

    def _diff(self, request: Request, *forced: str) -> Diff:
        # As for datasources: an organisation that is not named is the one where it is.
        org = request.state.get("orgId") or request.old_inputs.get("orgId")
        old, new = {**request.old_inputs, "orgId": org}, {**request.inputs, "orgId": request.inputs.get("orgId") or org}
        return diff(old, new, replaces=below("orgId", *forced))


class Folder(_InOrganisation):
    """A folder."""

    @override
    def check(self, request: Request) -> Properties:
        if not request.inputs.get("title"):
            raise CheckError("title", "missing required argument title")
        return {"preventDestroyIfNotEmpty": False, **request.inputs}

    @override
    def diff(self, request: Request) -> Diff:
        return self._diff(request, "uid")

    @override
    def create(self, request: Request) -> tuple[str, Properties]:
        if request.preview:
            return "", {"uid": UNKNOWN, "orgId": UNKNOWN, "url": UNKNOWN, **request.inputs}
        body = {key: request.plain[key] for key in ("uid", "title") if request.plain.get(key)}
        made = self._api.call("POST", "/api/folders", body, org=request.plain.get("orgId") or "")
        return f"{made['orgId']}:{made['uid']}", _outputs(request.inputs, made)

    @override
    def read(self, request: Request) -> Live | None:
        org, _, uid = request.id.rpartition(":")
        found = self._api.call("GET", f"/api/folders/{uid}", org=org, missing_ok=True)
        if found is None:
            return None
        inputs = {**(request.inputs or {"uid": uid, "preventDestroyIfNotEmpty": False}), "title": found["title"]}
        return Live(f"{found['orgId']}:{uid}", inputs, _outputs(inputs, found))

    @override
    def update(self, request: Request) -> Properties:
        org, _, uid = request.id.rpartition(":")
        if request.preview:
            return {**request.state, **request.inputs}
        body = {"title": request.plain["title"], "overwrite": True}
        return _outputs(request.inputs, self._api.call("PUT", f"/api/folders/{uid}", body, org=org))

    @override
    def delete(self, request: Request) -> None:
        org, _, uid = request.id.rpartition(":")
        if request.state.get("preventDestroyIfNotEmpty"):
            within = self._api.call("GET", f"/api/search?folderUIDs={uid}", org=org)
            if within:
                titles = " ".join(each["title"] for each in within)
                raise ProviderError(
                    f"folder {uid} is not empty and prevent_destroy_if_not_empty is set. "
                    f"It contains the following dashboards and/or folders: [{titles}]"
                )
        self._api.call("DELETE", f"/api/folders/{uid}?forceDeleteRules=true", org=org, missing_ok=True)


class Dashboard(_InOrganisation):
    """A dashboard."""

    @override
    def check(self, request: Request) -> Properties:
        wanted, old = request.plain.get("configJson"), request.old_inputs.get("configJson")
        if wanted is None:
            raise CheckError("configJson", "missing required argument config_json")
        # What is the same in the form in which it is kept is no change.
        return {**request.inputs, "configJson": old} if _same(old, wanted) else {**request.inputs}

    @override
    def diff(self, request: Request) -> Diff:
        folder = request.old_inputs.get("folder")
        same = _bare(folder) == _bare(request.inputs.get("folder"))
        inputs = {**request.inputs, "folder": folder} if same and folder is not None else request.inputs
        replaced = _uid(request.old_inputs.get("configJson")) != _uid(request.plain.get("configJson"))
        return self._diff(Request(**{**vars(request), "inputs": inputs}), *(["configJson"] if replaced else []))

    @override
    def create(self, request: Request) -> tuple[str, Properties]:
        if request.preview:
            unknown = dict.fromkeys(("uid", "orgId", "dashboardId", "version", "url"), UNKNOWN)
            return "", {**unknown, **request.inputs}
        return self._save(request, request.plain.get("orgId") or "", overwrite=bool(request.plain.get("overwrite")))

    @override
    def read(self, request: Request) -> Live | None:
        org, _, uid = request.id.rpartition(":")
        found = self._api.call("GET", f"/api/dashboards/uid/{uid}", org=org, missing_ok=True)
        if found is None:
            return None
        text, old = _normal(found["dashboard"]), request.inputs.get("configJson")
        live = {"configJson": old if _same(old, text) else text}
        if found["meta"]["folderUid"] or "folder" in request.inputs:
            same = _bare(request.inputs.get("folder")) == found["meta"]["folderUid"]
            live["folder"] = request.inputs["folder"] if same else found["meta"]["folderUid"]
        inputs = {**request.inputs, **live}
        return Live(f"{org or '1'}:{uid}", inputs, _kept(inputs, org or "1", found))

    @override
    def update(self, request: Request) -> Properties:
        if request.preview:
            return {**request.state, **request.inputs}
        org = request.id.rpartition(":")[0]
        return self._save(request, org, overwrite=True)[1]

    @override
    def delete(self, request: Request) -> None:
        org, _, uid = request.id.rpartition(":")
        self._api.call("DELETE", f"/api/dashboards/uid/{uid}", org=org, missing_ok=True)

    def _save(self, request: Request, org: str, *, overwrite: bool) -> tuple[str, Properties]:
        model = json.loads(_normal(_parsed(request.plain["configJson"])))
        body = {"dashboard": model, "folderUid": _bare(request.plain.get("folder")), "overwrite": overwrite}
        made = self._api.call("POST", "/api/dashboards/db", body, org=org)
        found = self._api.call("GET", f"/api/dashboards/uid/{made['uid']}", org=org)
        return f"{made['orgId']}:{made['uid']}", _kept(request.inputs, str(made["orgId"]), found)


def _outputs(inputs: Properties, made: Properties) -> Properties:
    return {**inputs, "uid": made["uid"], "orgId": str(made["orgId"]), "url": made["url"]}


def _kept(inputs: Properties, org: str, found: Properties) -> Properties:
    model = found["dashboard"]
    numbers = {"dashboardId": model["id"], "version": model["version"]}
    return {**inputs, **numbers, "uid": model["uid"], "orgId": org, "url": found["meta"]["url"]}


def _bare(folder: Any) -> Any:
    """Return a folder's uid without its organisation."""
    return folder.rpartition(":")[2] if isinstance(folder, str) else folder


def _uid(text: Any) -> Any:
    return _parsed(text).get("uid") if isinstance(text, str) else None


def _same(old: Any, new: Any) -> bool:
    return isinstance(old, str) and isinstance(new, str) and _normal(_parsed(old)) == _normal(_parsed(new))


def _parsed(text: Any) -> dict[str, Any]:
    if isinstance(text, Unknown):
        return {}
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise CheckError("configJson", f"invalid JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise CheckError("configJson", "must be a JSON object")
    return parsed


def _normal(model: dict[str, Any]) -> str:
    """Return a dashboard as Go writes it, without what Grafana numbers."""
    kept = {key: value for key, value in model.items() if key not in ("id", "version")}
    if isinstance(kept.get("panels"), list):
        kept["panels"] = [{key: value for key, value in panel.items() if key != "id"} for panel in kept["panels"]]
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    for character, escape in _GO_ESCAPES.items():
        text = text.replace(character, escape)
    return text
