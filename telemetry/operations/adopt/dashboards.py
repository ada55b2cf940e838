"""What exists in Grafana: folders and dashboards, each in its organisation."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from telemetry.clients.grafana import connect
from telemetry.config.credentials import GrafanaIdentity
from telemetry.config.trust import Trust
from telemetry.engine.plan import DASHBOARD_TYPE, Planned
from telemetry.operations.adopt.datasources import shown
from telemetry.operations.adopt.state import Here
from telemetry.operations.adopt.systems import Foreign, Found, needed_id

_FOLDER_TYPE = "grafana:oss/folder:Folder"
_REMEDY = "delete it in Grafana, then up makes it; or adopt from the commit that was deployed last"


@dataclass(frozen=True)
class Dashboards:
    """The folders and dashboards of one Grafana."""

    client: httpx.Client

    @classmethod
    def of(cls, url: str, identity: GrafanaIdentity, trusted: Trust) -> Self:
        """Return them as the program's provider sees them."""
        return cls(connect(url, identity, trusted))

    def look_up(self, planned: Planned) -> Found:
        """Return what there is in place of a folder or a dashboard; one is ours by its title, and by where it is."""
        if planned.type == _FOLDER_TYPE:
            return self._folder(planned)
        if planned.type == DASHBOARD_TYPE:
            return self._dashboard(planned)
        return Foreign("this command knows no such kind", "see to it by hand: pulumi import")

    def _folder(self, planned: Planned) -> Found:
        inputs, uid = planned.inputs, needed_id(planned).rpartition(":")[2]
        live = shown(self.client, f"/api/folders/{uid}", uid, inputs.get("orgId"))
        if live is None:
            return None
        return _another(live, inputs) or Here(f"{live.get('orgId') or inputs.get('orgId') or 1}:{uid}")

    def _dashboard(self, planned: Planned) -> Found:
        inputs, uid = planned.inputs, needed_id(planned)
        live = shown(self.client, f"/api/dashboards/uid/{uid}", uid, inputs.get("orgId"))
        if live is None:
            return None
        folder = str(inputs.get("folder", "")).rpartition(":")[2]
        live_folder = (live.get("meta") or {}).get("folderUid") or ""
        if live_folder != folder:
            return Foreign(f"it is in the folder {live_folder!r}, not in {folder!r}", _REMEDY)
        another = _another(live.get("dashboard") or {}, json.loads(inputs["configJson"]))
        return another or Here(f"{inputs.get('orgId') or 1}:{uid}")


def _another(live: Mapping[str, Any], inputs: Mapping[str, Any]) -> Foreign | None:
    if live.get("title") == inputs["title"]:
        return None
    return Foreign(f"its title is {live.get('title')!r}, not {inputs['title']!r}", _REMEDY)
