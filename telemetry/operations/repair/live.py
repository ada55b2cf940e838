"""Looks up the objects that a killed run was about to make."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telemetry.clients.kubernetes import ApiServer, ClusterError
from telemetry.engine.state import Resource, is_object, our_manager, provider_notes
from telemetry.operations.repair.errors import RepairError


@dataclass(frozen=True)
class LiveObjects:
    """The objects in the cluster of a stack."""

    server: ApiServer

    def notes(self, resource: Resource) -> Mapping[str, Any] | None:
        """Return what the provider notes beside the outputs of an object that it has made; None: it has made none.

        Without its field manager, a later change would conflict with the provider's own earlier one. Resources that
        are no objects of the cluster are left to the refresh: nothing is noted, and nothing asked.

        Raises:
            RepairError: the cluster does not answer, or refuses.
        """
        if not is_object(resource):
            return {}
        try:
            metadata = self.server.metadata(resource["inputs"])
        except ClusterError as error:
            raise RepairError(str(error)) from error
        return provider_notes(resource, metadata) if our_manager(metadata) else None
