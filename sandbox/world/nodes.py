"""The nodes of the world's cluster: how many, how large, and the objects that make them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NodePool:
    """Nodes of one size: three, as many as prod has ingesters to spread. Quantities are Kubernetes quantities."""

    count: int = 3
    cpu: str = "16"
    memory: str = "64Gi"
    pods: int = 250
    ephemeral_storage: str = "1Ti"

    def objects(self) -> list[dict[str, Any]]:
        """Return the Node objects; kwok takes them for its own and reports them ready."""
        return [self._node(f"sandbox-{index}") for index in range(self.count)]

    def status(self) -> dict[str, Any]:
        """Return the status that states a node's size."""
        size = {
            "cpu": self.cpu,
            "memory": self.memory,
            "pods": str(self.pods),
            "ephemeral-storage": self.ephemeral_storage,
        }
        return {"capacity": size, "allocatable": size}

    def _node(self, name: str) -> dict[str, Any]:
        labels = {
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64",
            "topology.kubernetes.io/zone": "sandbox",
        }
        return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}
