"""Stands in for pulumi-resource-grafana: datasources, folders and dashboards through Grafana's HTTP API.

Ids (`<org id>:<uid>`) and in which organisation each call is made, replacements, the semantic comparison of JSON and
what is never read back (headers, secure JSON) are those of the Terraform Grafana provider 4.45.
"""

from __future__ import annotations

import json
from typing import Any

from typing_extensions import override

from sandbox.plugins.base import CheckError, Live, Provider, Request, ResourceType, known
from sandbox.plugins.diff import Diff, below, diff
from sandbox.plugins.grafana_api import Api
from sandbox.plugins.grafana_dashboards import Dashboard, Folder
from sandbox.plugins.server import serve
from sandbox.plugins.values import UNKNOWN, Properties, Unknown, reveal

_DEFAULTS: Properties = {"accessMode": "proxy", "basicAuthEnabled": False, "isDefault": False}
_TO_API = {  # argument -> field of Grafana's API
    "accessMode": "access",
    "basicAuthEnabled": "basicAuth",
    "basicAuthUsername": "basicAuthUser",
    "databaseName": "database",
    "isDefault": "isDefault",
    "name": "name",
    "type": "type",
    "uid": "uid",
    "url": "url",
    "username": "user",
}
_JSON = {"jsonDataEncoded": "httpHeaderName", "secureJsonDataEncoded": "httpHeaderValue"}  # and the reserved prefix


class DataSource(ResourceType):
    """A datasource of the shared Grafana."""

    def __init__(self) -> None:
        self._api = Api({})

    def configure(self, config: Properties) -> None:
        """Take the provider's settings; nothing is contacted."""
        self._api = Api(config)

    @override
    def check(self, request: Request) -> Properties:
        for key in ("name", "type"):
            if not request.inputs.get(key):
                raise CheckError(key, f"missing required argument {key}")
        for key, reserved in _JSON.items():
            for field in _parse(key, request.plain.get(key)):
                if field.startswith(reserved):
                    raise CheckError(key, f"{reserved}{{num}} is a reserved key and cannot be used in {key}")
        # uid has no default: Grafana draws one. Equal JSON keeps its old text, as the real provider suppresses it.
        kept = {key: request.old_inputs[key] for key in _JSON if _same_json(key, request)}
        return {**_DEFAULTS, **request.inputs, **kept}

    @override
    def diff(self, request: Request) -> Diff:
        # Organisations are compared with where it is, and not at all when none is named: the real provider leaves it.
        org = request.state.get("orgId") or request.old_inputs.get("orgId")
        old, new = {**request.old_inputs, "orgId": org}, {**request.inputs, "orgId": request.inputs.get("orgId") or org}
        return diff(old, new, replaces=below("orgId", "type", "uid"))

    @override
    def create(self, request: Request) -> tuple[str, Properties]:
        if request.preview:
            return "", {"uid": UNKNOWN, "orgId": UNKNOWN, **request.inputs}
        own = request.plain.get("orgId") or ""
        made = self._api.call("POST", "/api/datasources", _to_api(request.plain), org=own)["datasource"]
        org = str(made.get("orgId", 1))
        return f"{org}:{made['uid']}", {**request.inputs, "uid": made["uid"], "orgId": org}

    @override
    def read(self, request: Request) -> Live | None:
        org, _, uid = request.id.rpartition(":")
        found = self._api.call("GET", f"/api/datasources/uid/{uid}", org=org, missing_ok=True)
        if found is None:
            return None
        live = _from_api(found)
        inputs = {key: value for key, value in live.items() if key in request.inputs or value}
        if not request.inputs:  # an import
            inputs["uid"] = uid
        elif "uid" not in request.inputs:
            inputs.pop("uid")
        for key in ("httpHeaders", "secureJsonDataEncoded", "orgId"):
            if key in request.inputs:
                inputs[key] = request.inputs[key]  # never read back
        old_json = request.inputs.get("jsonDataEncoded")
        if _parse("", reveal(old_json)) == _parse("", live["jsonDataEncoded"]) and old_json is not None:
            inputs["jsonDataEncoded"] = old_json
        return Live(request.id, inputs, {**inputs, "uid": uid, "orgId": org or "1"})

    @override
    def update(self, request: Request) -> Properties:
        org, _, uid = request.id.rpartition(":")
        if not request.preview:
            self._api.call("PUT", f"/api/datasources/uid/{uid}", _to_api({**request.plain, "uid": uid}), org=org)
        return {**request.inputs, "uid": uid, "orgId": request.state.get("orgId", "1")}

    @override
    def delete(self, request: Request) -> None:
        org, _, uid = request.id.rpartition(":")
        self._api.call("DELETE", f"/api/datasources/uid/{uid}", org=org, missing_ok=True)


def _parse(key: str, text: Any) -> dict[str, Any]:
    if text is None or isinstance(text, Unknown):
        return {}
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise CheckError(key, f"{key} is not valid JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise CheckError(key, f"{key} must be a JSON object")
    return parsed


def _same_json(key: str, request: Request) -> bool:
    old, new = reveal(request.old_inputs.get(key)), request.plain.get(key)
    return isinstance(old, str) and isinstance(new, str) and _parse(key, old) == _parse(key, new)


def _to_api(inputs: Properties) -> Properties:
    """The API's model of a datasource; headers become a pair of JSON and secure JSON keys each."""
    plain, secure = (_parse(key, inputs.get(key)) for key in _JSON)
    for number, (header, value) in enumerate(sorted((inputs.get("httpHeaders") or {}).items()), start=1):
        plain[f"httpHeaderName{number}"] = header
        secure[f"httpHeaderValue{number}"] = value
    body = {field: inputs[key] for key, field in _TO_API.items() if inputs.get(key) is not None}
    return {**body, "jsonData": plain, "secureJsonData": secure}


def _from_api(found: Properties) -> Properties:
    shown = {k: v for k, v in (found.get("jsonData") or {}).items() if not k.startswith("httpHeaderName")}
    live = {key: found[field] for key, field in _TO_API.items() if field in found}
    return {**live, "jsonDataEncoded": json.dumps(shown, sort_keys=True)}


class Grafana(Provider):
    """The provider: one Grafana."""

    def __init__(self) -> None:
        self._types: dict[str, DataSource | Folder | Dashboard] = {
            "grafana:oss/dataSource:DataSource": DataSource(),
            "grafana:oss/folder:Folder": Folder(),
            "grafana:oss/dashboard:Dashboard": Dashboard(),
        }

    @override
    def diff_config(self, old: Properties, new: Properties) -> Diff:
        return diff(old, new)

    @override
    def configure(self, config: Properties) -> None:
        for each in self._types.values():
            each.configure(config)

    @override
    def resource_type(self, token: str) -> ResourceType:
        return known(self._types, token)


if __name__ == "__main__":
    serve(Grafana())
