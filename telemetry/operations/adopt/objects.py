"""What exists in the cluster: single objects by the API server, releases by Helm."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from telemetry.clients.cli_tools import Helm, ListedRelease
from telemetry.clients.kubernetes import ApiServer, ClusterError
from telemetry.engine.plan import Planned, holds_secret, secret
from telemetry.engine.state import our_manager, provider_notes
from telemetry.operations.adopt.errors import AdoptError
from telemetry.operations.adopt.state import Here
from telemetry.operations.adopt.systems import Foreign, Found, needed_id

_RUNNING = ("deployed", "failed")
_ARCHIVE = re.compile(r"-\d+\.\d+\.\d+[^/]*\.tgz$")
"""What follows a chart's name in that of its archive."""


@dataclass(frozen=True)
class Objects:
    """Single objects of the cluster. One is ours if the provider is among those who have written it."""

    server: ApiServer

    def look_up(self, planned: Planned) -> Found:
        """Return what there is in place of an object."""
        try:
            metadata = self.server.metadata(planned.inputs)
        except ClusterError as error:
            raise AdoptError(str(error)) from error
        if not metadata:
            return None
        if metadata.get("deletionTimestamp"):
            return Foreign("it is being deleted", "wait until it is gone; the next up makes it anew")
        if our_manager(metadata) is None:
            writers = sorted({each.get("manager", "?") for each in metadata.get("managedFields") or ()})
            by = f" ({', '.join(writers)})" if writers else ""
            return Foreign(f"somebody else has made it{by}", "rename or delete it if nobody needs it; then up makes it")
        return Here(needed_id(planned), notes=provider_notes(planned.resource, metadata))


@dataclass(frozen=True)
class Releases:
    """Helm releases. One is ours if it is of our chart, and its values name one of our buckets, or our ConfigMap.

    Its live values go into the state, in plain text, so that the next preview shows where they differ from the
    program's. What a provider says of a release that it is told to refresh would not do: it lays the live values over
    those in the state. They hold no secret, as long as the program's hold none.
    """

    helm: Helm
    buckets: Collection[str]
    listed: Mapping[str, ListedRelease]
    """What `helm list` says, by name."""

    @classmethod
    def of(cls, helm: Helm, buckets: Collection[str]) -> Self:
        """Return the releases of a namespace. Raises ToolError."""
        return cls(helm, buckets, {each["name"]: each for each in helm.list_all()})

    def look_up(self, planned: Planned) -> Found:
        """Return what there is in place of a release."""
        inputs = planned.inputs
        listed = self.listed.get(str(inputs["name"]))
        if listed is None:
            return None
        if listed["status"] not in _RUNNING:
            return Foreign(f"it is {listed['status']}", "repair it (docs/operations.md), then this command again")
        version = version_of(name_of(str(inputs["chart"])), listed["chart"])
        if version is None:
            return Foreign(f"it is of another chart, {listed['chart']}", _UNINSTALL)
        values = self.helm.get_values(listed["name"]) or {}
        configured = _config_map(inputs.get("values"))
        reads_ours = configured is not None and configured == _config_map(values)
        if not (reads_ours or any(bucket in json.dumps(values) for bucket in self.buckets)):
            return Foreign("it uses none of this stack's buckets", _UNINSTALL)
        if holds_secret(inputs.get("values")):
            return Foreign(
                "its values hold secrets, which would stand in the state in plain text", "keep them in a Secret"
            )
        adopted_inputs = {"values": values, "version": version}
        return Here(needed_id(planned), inputs=adopted_inputs, notes={_INPUTS: secret({**inputs, **adopted_inputs})})


_INPUTS = "__inputs"
"""Where the provider notes, as a secret, what it was asked for.

A release without it is taken for one that was imported, and a refresh gives it the chart's own name in place of where
the chart was.
"""
_UNINSTALL = "helm uninstall it if nobody needs it; then up makes it"


def _config_map(values: Any) -> Any:
    """Return which ConfigMap a release of Alloy reads; None of another chart's."""
    of_alloy = values.get("alloy") if isinstance(values, Mapping) else None
    return of_alloy.get("configMap") if isinstance(of_alloy, Mapping) else None


def name_of(chart: str) -> str:
    """Return the name of a chart out of what a release is given: itself, an oci:// reference, a folder, an archive."""
    last = chart.partition("@")[0].rstrip("/").rpartition("/")[2]
    return _ARCHIVE.sub("", last)


def version_of(chart: str, listed: str) -> str | None:
    """Return the version in what Helm calls a chart, `name-version`; None if it is of another name."""
    rest = listed.removeprefix(f"{chart}-")
    return rest if rest != listed and rest[:1].isdigit() else None
