"""Grafana dashboards of the user's own, which are deployed beside the program's."""

import json
import re
from pathlib import PurePath
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from telemetry.config.base import SettingError, Settings
from telemetry.config.project_files import texts_of

Model = dict[str, Any]
"""A dashboard, as its file has it."""
FolderTitle = Annotated[str, Field(pattern=r"^[^\s/\\][^\n/\\]{0,79}$")]
"""A folder's title; a slash would be read as a path."""
_ENDING = ".json"
_OURS = "telemetry-"
_UID = re.compile(r"[a-zA-Z0-9_-]{1,40}")


class DashboardPack(Settings):
    """Dashboards of one origin."""

    path: str = Field(
        min_length=1,
        description="A dashboard, or a folder with some (`*.json`), from the project on: the JSON model that Grafana "
        "exports, or that mixins are compiled to.",
    )
    folder: FolderTitle | None = Field(
        default=None, description="The title of a folder of their own; the environment is added. None: the program's."
    )
    datasources: dict[str, str] = Field(
        default_factory=dict,
        description="What they ask: by the name of an input or variable of theirs, or a uid that stands in them, a "
        "signal of this stack (`metrics`, `logs` …) or another datasource's uid. What is not named asks the datasource "
        "of its type.",
    )

    @model_validator(mode="after")
    def _is_read(self) -> Self:
        try:
            models = self.models
        except ValueError as error:
            raise SettingError("path", str(error)) from error
        uids: dict[str, str] = {}
        for path, model in models.items():
            other = uids.setdefault(model["uid"], path)
            if other != path:
                raise SettingError("path", f"{path}: has the uid {model['uid']}, as has {other}; change one of them")
        return self

    @property
    def models(self) -> dict[str, Model]:
        """The dashboards by the paths of their files."""
        found = {}
        for path, text in texts_of(self.path, _ENDING).items():
            try:
                found[path] = _model(text, PurePath(path).stem)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from error
        return found


def _model(text: str, name: str) -> Model:
    """Return a dashboard; without a uid, as in some mixins, it has its file's name. Raises ValueError."""
    try:
        model = json.loads(text)
    except ValueError as error:
        raise ValueError(f"is no JSON ({error}); correct the file") from error
    if not isinstance(model, dict) or not isinstance(model.get("title"), str):
        wrapped = isinstance(model, dict) and isinstance(model.get("dashboard"), dict)
        mend = "give what stands in its `dashboard`" if wrapped else "export the dashboard's JSON model"
        raise ValueError(f"is no dashboard: it has no title; {mend}")  # noqa: TRY004 - what is wrong is a file
    if not any(isinstance(model.get(each), list) for each in ("panels", "rows")):  # rows before Grafana 5
        raise ValueError("has neither panels nor rows, as dashboards of the schema v2; export its JSON model")
    uid = model.get("uid") or name
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        raise ValueError(f"has the uid {uid!r}, and Grafana takes 1 to 40 letters, digits, - and _; give it another")
    if uid.startswith(_OURS):
        raise ValueError(f"its uid begins with {_OURS}, as the program's do; give it another")
    if model.get("__elements"):
        raise ValueError("has library panels, which are no part of it; unlink them, and export it anew")
    return {**model, "uid": uid}
