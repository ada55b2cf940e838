"""What the API server knows of a namespace's workloads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from kubernetes import client

from telemetry.clients.kubernetes import get

Object = Mapping[str, Any]

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job")
LISTS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "Pod": "/api/v1/namespaces/{}/pods",
    "PersistentVolumeClaim": "/api/v1/namespaces/{}/persistentvolumeclaims",
}
_EVENTS = "/api/v1/namespaces/{}/events"
_HIDDEN = (403, 404)


@dataclass(frozen=True)
class Objects:
    """The objects of a namespace by kind, and its warnings."""

    of: Mapping[str, tuple[Object, ...]]
    events: tuple[Object, ...] = ()
    hidden: tuple[str, ...] = ()
    """Kinds that we may not see."""

    @classmethod
    def read(cls, api: client.ApiClient, namespace: str) -> Self:
        """Ask for all of them.

        Raises:
            ApiException: the server refused other than by not letting us see something.
            urllib3.exceptions.HTTPError, ValueError: no API server answers.
        """
        hidden: list[str] = []

        def listed(kind: str, path: str, **query: str) -> tuple[Object, ...]:
            try:
                items = get(api, path.format(namespace), **query).get("items") or ()
            except client.ApiException as error:
                if error.status not in _HIDDEN:
                    raise
                hidden.append(kind)
                return ()
            return tuple({**each, "kind": kind} for each in items)

        of = {kind: listed(kind, path) for kind, path in LISTS.items()}
        events = listed("Event", _EVENTS, fieldSelector="type=Warning")
        return cls(of, tuple(sorted(events, key=_when)), tuple(hidden))

    def workloads(self) -> Iterator[Object]:
        """Yield what has pods that are waited for."""
        for kind in WORKLOADS:
            yield from self.of.get(kind, ())

    def owned(self, owner: Object, kind: str) -> list[Object]:
        """Return the objects of a kind that somebody owns."""
        return [each for each in self.of.get(kind, ()) if owner["metadata"]["uid"] in _owners(each)]

    def warnings(self, about: Object) -> list[Object]:
        """Return the warnings about an object, the oldest first."""
        uid, name = about["metadata"].get("uid"), about["metadata"]["name"]
        return [
            each
            for each in self.events
            if (of := each.get("involvedObject") or {}).get("kind") == about["kind"]
            and of.get("name") == name
            and of.get("uid") in (None, uid)
        ]


def _owners(each: Object) -> set[str]:
    return {str(owner.get("uid")) for owner in each["metadata"].get("ownerReferences") or ()}


def _when(event: Object) -> str:
    series = (event.get("series") or {}).get("lastObservedTime")
    return str(series or event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp") or "")
