"""The nodes of the world's cluster: how many, how large, and the objects that make them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.world.errors import WorldError
from sandbox.world.files import write_private

_FILE = "nodes.json"


@dataclass(frozen=True)
class NodePool:
    """Nodes of one size: three, as many as prod has ingesters to spread. Quantities are Kubernetes quantities.

    Real ones are as large as the machine, and kubelets make them.
    """

    count: int = 3
    real: bool = False
    cpu: str = "16"
    memory: str = "64Gi"
    pods: int = 250
    ephemeral_storage: str = "1Ti"
    images: str = ""
    """A folder with archives of images, which real nodes take before those that are made here."""

    @classmethod
    def remembered(cls, state: Path) -> "NodePool":
        """Return what a world was started with; kwok's nodes, unless it says otherwise."""
        file = state / _FILE
        return cls(**json.loads(file.read_text())) if file.exists() else cls()

    def remember(self, state: Path) -> None:
        """Write down that a world has real nodes, and their images. A cluster keeps those that it began with."""
        file = state / _FILE
        if (state / "data" / "etcd").exists():
            before = self.remembered(state)
            if before.real != self.real:
                raise _others("cluster", "real nodes" if before.real else "kwok's nodes")
            if before.images != self.images:
                raise _others("nodes", f"the images of {before.images}" if before.images else "no images of yours")
        if self.real:
            write_private(file, json.dumps({"real": True, "count": self.count, "images": self.images}))

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


def _others(what: str, kind: str) -> WorldError:
    return WorldError(f"this sandbox's {what} began with {kind}; `make clean` makes room for others")
