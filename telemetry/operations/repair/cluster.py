"""Asks the cluster for an object that a killed run was about to make: is it there, and have we made it?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import urllib3
from kubernetes import client

from telemetry.clients.kubernetes import UNUSABLE, api_client
from telemetry.config.connections import Kubernetes
from telemetry.engine.state import Resource, is_object
from telemetry.operations.repair.errors import RepairError

_OURS = "pulumi-kubernetes"
_TIMEOUT_SECONDS = 10
_OK, _NOT_FOUND = 200, 404
_METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""So that what is in a Secret does not even reach us."""


@dataclass(frozen=True)
class Cluster:
    """The cluster of a stack."""

    settings: Kubernetes

    def live(self, resource: Resource) -> Mapping[str, Any] | None:
        """Return what the provider notes beside the outputs of an object that it has made; None: it has made none.

        Without its field manager, a later change would conflict with the provider's own earlier one. Resources that
        are no objects of the cluster are left to the refresh: nothing is noted, and nothing asked.

        Raises:
            RepairError: the cluster does not answer, or refuses.
        """
        if not is_object(resource):
            return {}
        metadata = self.metadata(resource)
        return provider_notes(resource, metadata) if our_manager(metadata) else None

    def metadata(self, resource: Resource) -> dict[str, Any]:
        """Return the metadata of an object, or nothing where there is none.

        Raises:
            RepairError: the cluster does not answer, or refuses.
        """
        where = path(resource["inputs"])
        request = self._api.param_serialize(
            "GET", where, header_params={"Accept": _METADATA_ONLY}, auth_settings=["BearerToken"]
        )
        try:
            answer = self._api.call_api(*request, _request_timeout=_TIMEOUT_SECONDS)
            body = answer.read()
        except urllib3.exceptions.HTTPError as error:
            raise RepairError(f"the cluster of context {self.settings.context!r} does not answer") from error
        if answer.status == _NOT_FOUND:
            return {}
        if answer.status != _OK:
            raise RepairError(f"the cluster refuses to show {where}: {answer.status} {answer.reason}")
        metadata: dict[str, Any] = json.loads(body)["metadata"]
        return metadata

    @cached_property
    def _api(self) -> client.ApiClient:
        try:
            return api_client(self.settings.kubeconfig_file, self.settings.context)
        except UNUSABLE as error:  # may quote a token
            raise RepairError(f"context {self.settings.context!r} cannot be used: log in to the cluster") from error


def our_manager(metadata: Mapping[str, Any]) -> str | None:
    """Return under which name the provider has written an object; None: it has not."""
    managers = (str(each.get("manager", "")) for each in metadata.get("managedFields") or ())
    return next((name for name in managers if name.startswith(_OURS)), None)


def provider_notes(resource: Resource, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the provider notes beside the outputs of an object that it has made."""
    return {"__fieldManager": our_manager(metadata), "__initialApiVersion": resource["inputs"]["apiVersion"]}


def path(inputs: Mapping[str, Any]) -> str:
    """Return where the API server has an object."""
    version, metadata = str(inputs["apiVersion"]), inputs["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    within = f"/namespaces/{metadata['namespace']}" if metadata.get("namespace") else ""
    return f"{root}{within}/{_plural(str(inputs['kind']).lower())}/{metadata['name']}"


def _plural(kind: str) -> str:
    """Return a kind's plural by the rule of English, which all kinds follow that the program makes."""
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
