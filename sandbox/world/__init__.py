"""The services that a stack is deployed onto, started and stopped as one on loopback ports."""

from sandbox.world.connections import Connections, S3Identity
from sandbox.world.errors import ServiceError, WorldError
from sandbox.world.nodes import NodePool
from sandbox.world.supervisor import ServiceStatus, World

__all__ = ["Connections", "NodePool", "S3Identity", "ServiceError", "ServiceStatus", "World", "WorldError"]
