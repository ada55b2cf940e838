"""Part of the kubernetes stand-in: native kinds and custom ones, of which none is special but Secret and ConfigMap.

A resource is the object as the API server shows it; its id is `namespace/name`, or `name` outside namespaces.
"""

from __future__ import annotations

import base64
import dataclasses
import time
from collections.abc import Callable
from typing import Any, Final

from typing_extensions import override

from sandbox.plugins import engine
from sandbox.plugins.base import CheckError, InitError, Live, ProviderError, Request, ResourceType
from sandbox.plugins.diff import Diff, below, diff
from sandbox.plugins.kubernetes.awaiting import Awaiting, NotReadyError
from sandbox.plugins.kubernetes.cluster import (
    FIELD_MANAGER,
    ApiError,
    Cluster,
    Target,
    UnreachableError,
    is_cluster_scoped,
)
from sandbox.plugins.values import Properties, Secret, Unknown, conceal, reveal

_DELETE_TIMEOUT: Final = 600.0  # seconds, the real provider's default
_MUTABLE_DATA: Final = {"ConfigMap": ("binaryData", "data"), "Secret": ("data", "stringData")}
_IDENTITY: Final = ("apiVersion", "kind", "metadata.name", "metadata.namespace")
_SERVER_SIDE: Final = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")


@dataclasses.dataclass(frozen=True)
class Settings:
    """What of the provider's configuration concerns native kinds."""

    namespace: str = "default"
    secret_mutable: bool = False
    config_map_mutable: bool = False
    force: bool = False
    upsert: bool = False


class NativeKind(ResourceType):
    """Any kind of the API server."""

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._awaiting = Awaiting(cluster)

    def cancel(self) -> None:
        """Wait for nothing any more."""
        self._awaiting.cancel()

    @override
    def check(self, request: Request) -> Properties:
        api_version, kind = _kind(request)
        metadata = dict(request.inputs.get("metadata") or {})
        if not metadata.get("name"):
            raise CheckError("metadata.name", "the sandbox's stand-in does not invent names: give metadata.name")
        if not is_cluster_scoped(kind):
            metadata = {"namespace": self._settings.namespace, **metadata}
        return {**request.inputs, "apiVersion": api_version, "kind": kind, "metadata": metadata}

    @override
    def diff(self, request: Request) -> Diff:
        old, new = request.old_inputs, request.inputs
        same_name = _identity(old) == _identity(new)  # then the old one must go first
        return diff(old, new, replaces=self._forces_new(new["kind"]), delete_before_replace=same_name)

    def _forces_new(self, kind: str) -> Callable[[str], bool]:
        mutable = {"Secret": self._settings.secret_mutable, "ConfigMap": self._settings.config_map_mutable}
        data = () if mutable.get(kind) else _MUTABLE_DATA.get(kind, ())
        return below(*_IDENTITY, *data, *(("type",) if kind == "Secret" else ()))

    @override
    def create(self, request: Request) -> tuple[str, Properties]:
        if request.preview:
            self._rehearse(request)
            return "", _secret_data(request.inputs)
        manifest = _manifest(request.plain)
        target = Target.of(manifest)
        try:
            if not self._settings.upsert:
                # Applying would silently adopt an object that is there; a rehearsed POST gives the server's own error.
                self._cluster.create(manifest, dry_run=True)
            live = self._cluster.apply(manifest, force=self._settings.force, dry_run=False)
        except UnreachableError as error:
            raise _unreachable(error) from error
        except ApiError as error:
            hint = _EXISTS_HINT if error.reason == "AlreadyExists" else ""
            text = _explain(error)
            raise ProviderError(
                f"resource {target.id} was not successfully created by the Kubernetes API server: {text}{hint}"
            ) from error
        return target.id, self._in_force(live, request, target.id, "created")

    def _in_force(self, live: Properties, request: Request, object_id: str, done: str) -> Properties:
        """The outputs, once the object is in force; one that never is stays in state, to be mended by the next `up`."""
        try:
            return _outputs(self._awaiting.ready(live, request.timeout), request.inputs)
        except UnreachableError as error:
            raise _unreachable(error) from error
        except NotReadyError as error:
            message = (
                f"resource {object_id} was successfully {done}, but the Kubernetes API server reported that it failed"
                f" to fully initialize or become live: {error}"
            )
            raise InitError(object_id, _outputs(error.live, request.inputs), message) from error

    def _rehearse(self, request: Request) -> None:
        """What the server would say is a note in a preview, not an error; an unreachable one says nothing."""
        if request.unknown or self._settings.upsert:
            return
        try:
            self._cluster.create(_manifest(request.plain), dry_run=True)
        except UnreachableError:
            return
        except ApiError as error:
            if not _waits_for_namespace(error):
                engine.note(request.urn, f"Retry #0; creation failed: {error}")

    @override
    def read(self, request: Request) -> Live | None:
        namespace, _, name = request.id.rpartition("/")
        api_version, kind = _kind(request)
        try:
            live = self._cluster.get(Target(api_version, kind, namespace, name))
        except UnreachableError as error:
            raise _unreachable(error) from error
        if live is None:
            return None
        plain = request.plain
        found = _overlay(plain, {**live, **_string_data(plain, live)}) if plain else _importable(live)
        inputs = conceal(found, request.inputs)
        return Live(request.id, _secret_data(inputs), _outputs(live, inputs))

    @override
    def update(self, request: Request) -> Properties:
        if request.preview and request.unknown:
            return {**request.state, **_secret_data(request.inputs)}
        try:
            live = self._cluster.apply(_manifest(request.plain), force=self._settings.force, dry_run=request.preview)
        except UnreachableError as error:
            if request.preview:
                return {**request.state, **_secret_data(request.inputs)}
            raise _unreachable(error) from error
        except ApiError as error:
            text = _explain(error)
            raise ProviderError(
                f"resource {request.id} was not successfully updated by the Kubernetes API server: {text}"
            ) from error
        return (
            _outputs(live, request.inputs) if request.preview else self._in_force(live, request, request.id, "updated")
        )

    @override
    def delete(self, request: Request) -> None:
        namespace, _, name = request.id.rpartition("/")
        target = Target(request.state["apiVersion"], request.state["kind"], namespace, name)
        deadline = time.monotonic() + (request.timeout or _DELETE_TIMEOUT)
        try:
            self._cluster.delete(target)
            pause = 0.02
            while self._cluster.get(target) is not None:
                if time.monotonic() > deadline:
                    raise ProviderError(f"resource {target.id} was asked to go but is still there: finalizers?")
                time.sleep(pause)
                pause = min(pause * 2, 1.0)
        except UnreachableError as error:
            raise _unreachable(error) from error


_EXISTS_HINT: Final = (
    ". To let Pulumi manage it, import it (pulumi import, or the import_ option), or set"
    " upsert_existing_objects=True on the provider to adopt it"
)
_CONFLICT_HINT: Final = (
    "Server-Side Apply field conflict detected. Take the fields out of the program, or set"
    " enable_patch_force=True on the provider to take them over: "
)


def _unreachable(error: UnreachableError) -> ProviderError:
    return ProviderError(f"configured Kubernetes cluster is unreachable: {error}")


def _explain(error: ApiError) -> str:
    return f"{_CONFLICT_HINT}{error}" if error.reason == "Conflict" else str(error)


def _waits_for_namespace(error: ApiError) -> bool:
    return error.reason == "NotFound" and error.details.get("kind") == "namespaces"


def _kind(request: Request) -> tuple[str, str]:
    """ApiVersion and kind: the SDK's constants, or in an import those of the type (`kubernetes:core/v1:Secret`)."""
    _, group, kind = request.type.split(":")
    api_version = group.removeprefix("core/")
    return request.inputs.get("apiVersion") or api_version, request.inputs.get("kind") or kind


def _identity(inputs: Properties) -> tuple[Any, ...]:
    metadata = reveal(inputs.get("metadata") or {})
    return inputs.get("kind"), metadata.get("name"), metadata.get("namespace")


def _manifest(inputs: Properties) -> Properties:
    """The object to send. `stringData` is write-only and apply would never take a key of it away again: so data."""
    manifest = {key: value for key, value in inputs.items() if key != "stringData"}
    if inputs["kind"] == "Secret" and inputs.get("stringData"):
        encoded = {key: base64.b64encode(str(v).encode()).decode() for key, v in inputs["stringData"].items()}
        manifest["data"] = {**(inputs.get("data") or {}), **encoded}
    return manifest


def _string_data(inputs: Properties, live: Properties) -> Properties:
    if inputs.get("kind") != "Secret" or not inputs.get("stringData"):
        return {}
    data = live.get("data") or {}
    found = {key: base64.b64decode(data[key]).decode(errors="replace") for key in inputs["stringData"] if key in data}
    return {"stringData": found}


def _secret_data(properties: Properties) -> Properties:
    """The data of a Secret is secret whether or not the program says so."""
    if properties.get("kind") != "Secret":
        return properties
    hidden = {k: properties[k] for k in ("data", "stringData") if properties.get(k) is not None}
    return {
        **properties,
        **{k: v if isinstance(v, Secret | Unknown) else Secret(reveal(v)) for k, v in hidden.items()},
    }


def _outputs(live: Properties, inputs: Properties) -> Properties:
    written = {"stringData": inputs["stringData"]} if inputs.get("stringData") else {}
    own = {"__fieldManager": FIELD_MANAGER, "__initialApiVersion": live["apiVersion"]}
    return _secret_data({**conceal(live, inputs), **written, **own})


def _overlay(wanted: Any, live: Any) -> Any:
    """Of the live object what the program states: everything else belongs to the server or to others."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        return {key: _overlay(value, live[key]) for key, value in wanted.items() if key in live}
    if isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        return [_overlay(before, after) for before, after in zip(wanted, live, strict=True)]
    return live


def _importable(live: Properties) -> Properties:
    metadata = {key: value for key, value in live["metadata"].items() if key not in _SERVER_SIDE}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}
