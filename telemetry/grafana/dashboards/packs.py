"""Dashboards of the user's own, as they are deployed: with uids of this environment, on datasources that it has."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from telemetry.config.dashboard_packs import Model
from telemetry.config.dashboards import Dashboards
from telemetry.grafana.dashboards.dashboards import folder_uid
from telemetry.grafana.dashboards.render import text_of
from telemetry.grafana.views import fitting_uid, of_platform
from telemetry.spec.datasource import Uids
from telemetry.stack import Stack
from telemetry.stack.backends import SIGNALS

_OF_GRAFANA = ("-- Grafana --", "-- Mixed --", "-- Dashboard --", "grafana", "__expr__")
"""What Grafana brings itself."""


class Source(NamedTuple):
    """A datasource that dashboards may ask."""

    kind: str
    """Grafana's type of it."""
    uid: str


class Document(NamedTuple):
    """A dashboard as it is deployed."""

    uid: str
    text: str
    folder: str | None
    """The title of its own folder, the environment included; None is the program's."""


def sources_of(stack: Stack, settings: Dashboards) -> dict[str, Source]:
    """Return the datasources by signal: those of the platform's view, or the one Prometheus that is named."""
    backend = stack.backend("metrics")
    if settings.datasource is not None:
        return {"metrics": Source(backend.of.datasource(backend.context, {}).kind, settings.datasource)}
    view = of_platform(stack)
    uids: Uids = {each.signal: view.uid(each.of.name) for each in stack.backends}
    return {
        each.signal: Source(each.of.datasource(each.context, uids).kind, uids[each.signal]) for each in stack.backends
    }


def documents_of(stack: Stack, settings: Dashboards) -> list[Document]:
    """Return the dashboards of all packs."""
    sources, environment = sources_of(stack, settings), stack.environment
    found = []
    for pack in settings.packs:
        folder = f"{pack.folder} ({environment})" if pack.folder else None
        uids = {model["uid"]: fitting_uid(f"{model['uid']}-{environment}") for model in pack.models.values()}
        for model in pack.models.values():
            mapped = _Mapping(pack.datasources, sources)
            made = _linked(mapped.of(model), uids)
            made |= {"uid": uids[model["uid"]], "title": f"{model['title']} ({environment})"}
            found.append(Document(made["uid"], text_of(made), folder))
    return found


def pack_folder_uid(stack: Stack, title: str) -> str:
    """Return the uid of a pack's own folder, of its title; no dashboard's has an underscore at that place."""
    return f"{folder_uid(stack)}_{hashlib.sha256(title.encode()).hexdigest()[:8]}"


def refusals(stack: Stack) -> Iterator[str]:
    """Yield why packs cannot be deployed in this stack: uids that are taken, and datasources that are not known."""
    if stack.dashboards is None:
        return
    sources, taken = sources_of(stack, stack.dashboards) if stack.dashboards.packs else {}, dict[str, str]()
    for index, pack in enumerate(stack.dashboards.packs):
        key = f"telemetry:dashboards.packs.{index}"
        for name, target in pack.datasources.items():
            if target in SIGNALS and target not in sources:
                yield f"{key}.datasources.{name}: {target!r}: has no datasource here; name another signal, or a uid"
        used: set[str] = set()
        for path, model in pack.models.items():
            if (other := taken.setdefault(model["uid"], path)) != path:
                yield f"{key}.path: {path}: has the uid {model['uid']}, as has {other}; change one of them"
            mapped = _Mapping(pack.datasources, sources)
            mapped.of(model)
            used |= mapped.used
            for name in sorted(mapped.unknown):
                yield (
                    f"{key}.datasources: does not say what {name!r} is here, which {path} asks; add it: "
                    f"{{{name}: {' or '.join(sources)}, or a datasource's uid}}"
                )
        for name in pack.datasources.keys() - used:
            yield f"{key}.datasources.{name}: none of these dashboards asks for it; correct or remove it"


@dataclass
class _Mapping:
    """Puts datasources of ours in the place of those that one dashboard asks."""

    chosen: Mapping[str, str]
    sources: Mapping[str, Source]
    used: set[str] = field(default_factory=set)
    """Names that were chosen, and stand in it."""
    unknown: set[str] = field(default_factory=set)
    """Names that nobody has chosen, and of whose type there is none."""

    def of(self, model: Model) -> Model:
        """Return the dashboard on our datasources."""
        inputs = {f"${{{each['name']}}}": self._input(each) for each in model.get("__inputs", [])}
        kept = {key: each for key, each in model.items() if key not in ("__inputs", "__requires")}
        variables = model.get("templating", {}).get("list", [])
        names = {each.get("name") for each in variables if each.get("type") == "datasource"}
        made: Model = self._asked(_replaced(kept, inputs), names)
        for each in made.get("templating", {}).get("list", []):
            if each.get("type") == "datasource":
                uid = self._uid(each["name"], each.get("query", ""))
                each["current"] = {"selected": False, "text": uid, "value": uid}
        return made

    def _input(self, given: Mapping[str, Any]) -> str:
        if given.get("type") != "datasource":
            return str(given.get("value", ""))
        return self._uid(given["name"], given.get("pluginId", ""))

    def _uid(self, name: str, kind: str | None = None) -> str:
        if name in self.chosen:
            self.used.add(name)
            target = self.chosen[name]
            return self.sources[target].uid if target in self.sources else target
        found = next((each.uid for each in self.sources.values() if each.kind == kind), None)
        if found is None:
            self.unknown.add(name)
        return found or name

    def _asked(self, value: Any, variables: set[Any]) -> Any:
        """Return a part of a dashboard, whatever it asks mapped."""
        if isinstance(value, list):
            return [self._asked(each, variables) for each in value]
        if not isinstance(value, dict):
            return value
        made = {key: self._asked(each, variables) for key, each in value.items()}
        asked = made.get("datasource")
        if isinstance(asked, str):
            made["datasource"] = self._named(asked, variables)
        elif isinstance(asked, dict) and isinstance(asked.get("uid"), str):
            made["datasource"] = {**asked, "uid": self._named(asked["uid"], variables)}
        return made

    def _named(self, name: str, variables: set[Any]) -> str:
        """Return what a uid or a name of a datasource becomes; variables stay, and so does what is ours already."""
        ours = {each.uid for each in self.sources.values()}
        if name.strip("${}") in variables or name in _OF_GRAFANA or name in ours or name in self.chosen.values():
            return name
        return self._uid(name)  # of a type that is not asked for: what stands there is never replaced unasked


def _replaced(value: Any, inputs: Mapping[str, str]) -> Any:
    """Return a part of a dashboard with its inputs filled in."""
    if isinstance(value, str):
        for name, each in inputs.items():
            value = value.replace(name, each)
        return value
    if isinstance(value, list):
        return [_replaced(each, inputs) for each in value]
    return {key: _replaced(each, inputs) for key, each in value.items()} if isinstance(value, dict) else value


def _linked(model: Model, uids: Mapping[str, str]) -> Model:
    """Return a dashboard whose links to others of its pack lead to them as they are called here."""
    made: Model = _replaced(model, {f"/d/{old}{end}": f"/d/{new}{end}" for old, new in uids.items() for end in "/?"})
    return made
