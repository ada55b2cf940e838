"""Live objects of any kind, and dry runs of changes to them. Nothing is ever changed: dryRun=All."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernetes import dynamic
from kubernetes.dynamic.exceptions import DynamicApiError, NotFoundError, ResourceNotFoundError

from telemetry.clients.kubernetes import ClusterError, NoJsonError, cluster_errors, connect, kinds, refusal
from telemetry.config.connections import Kubernetes
from telemetry.kubernetes.managed_fields import Json

MANAGER = "telemetry-drift"
"""As whom we rehearse; never seen on an object, because nothing is written."""
_SECONDS = 30
_REHEARSAL = {"dry_run": "All", "field_manager": MANAGER, "_request_timeout": _SECONDS}
_CHANGED = 409
_CANNOT_REHEARSE = ("does not support dry run", "failed calling webhook")
"""What it says where an admission webhook is in the way: that tells nothing of the object."""
_REFUSALS = (400, 422, 500)
"""What the API server answers if it will not take an object: 500 for one that does not fit its schema."""


class RefusedError(Exception):
    """The API server would not take an object; the message is its own."""


class ChangedError(ClusterError):
    """The object was changed by somebody else during the dry run."""


@dataclass(frozen=True)
class Cluster:
    """An API server that is asked for objects and dry runs."""

    api: Any
    """The client's DynamicClient; it knows any kind that the server knows."""

    def placed(self, manifest: Json, namespace: str) -> Json:
        """Return an object with its namespace: its own, or this one if its kind has any."""
        try:
            namespaced = self._resource(manifest).namespaced
        except ResourceNotFoundError:
            return manifest
        metadata = {"namespace": namespace, **manifest["metadata"]} if namespaced else manifest["metadata"]
        return {**manifest, "metadata": metadata}

    def live(self, manifest: Json) -> Json | None:
        """Return the object that is there under the same name; None: it, or its kind, is not there."""
        try:
            found = self._resource(manifest).get(**_address(manifest), _request_timeout=_SECONDS)
        except (ResourceNotFoundError, NotFoundError):
            return None
        live: Json = found.to_dict()
        return live

    def applied(self, manifest: Json) -> Json:
        """Return what the live object would be with all that `manifest` states, and all else as it is.

        Raises:
            RefusedError: the API server would not take it.
        """
        return self._rehearse("server_side_apply", manifest, force_conflicts=True)

    def replaced(self, manifest: Json) -> Json:
        """Return what the live object would be as `manifest`, completed with the API server's defaults.

        Raises:
            RefusedError: the API server would not take it.
        """
        return self._rehearse("replace", manifest)

    def _rehearse(self, verb: str, manifest: Json, **options: bool) -> Json:
        call = getattr(self._resource(manifest), verb)
        try:
            result: Json = call(body=manifest, **_address(manifest), **options, **_REHEARSAL).to_dict()
        except DynamicApiError as error:
            if error.status == _CHANGED:
                raise ChangedError(f"an object changes all the while; try again: {refusal(error)}") from error
            if any(words in refusal(error) for words in _CANNOT_REHEARSE):
                raise ClusterError(f"the API server cannot rehearse: {refusal(error)}") from error
            if error.status in _REFUSALS:
                raise RefusedError(refusal(error)) from error
            raise
        return result

    def _resource(self, manifest: Json) -> Any:
        return self.api.resources.get(api_version=manifest["apiVersion"], kind=manifest["kind"])


@contextmanager
def connected(settings: Kubernetes) -> Iterator[Cluster]:
    """Connect to a cluster, and yield it.

    Raises:
        ClusterError: it does not answer, or refuses us; with what to do.
    """
    api = connect(settings)
    # The client keeps what it learns of the server's kinds in a file, which must not outlive us.
    with cluster_errors(settings.context), tempfile.TemporaryDirectory() as folder:
        if not kinds(api, "v1"):  # DynamicClient takes whatever answers for an API server, and breaks
            raise NoJsonError("no kinds of v1")
        yield Cluster(dynamic.DynamicClient(api, cache_file=str(Path(folder) / "kinds.json")))


def _address(manifest: Json) -> dict[str, str]:
    metadata = manifest["metadata"]
    return {key: metadata[key] for key in ("name", "namespace") if metadata.get(key)}
