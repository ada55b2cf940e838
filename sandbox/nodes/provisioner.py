"""`python -m sandbox.nodes.provisioner KUBECONFIG DIRECTORY`: makes the volumes that pods on real nodes claim.

They are `local` ones: to those, unlike to host paths, a kubelet applies a pod's fsGroup. A claim is waited with until
the scheduler has said on which node its pod will run.
"""

import shutil
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from sandbox.nodes.api import connected, listed, look_for_ever

NAME = "sandbox.local/volumes"
_SELECTED = "volume.kubernetes.io/selected-node"
_MADE_BY = "pv.kubernetes.io/provisioned-by"
_SECONDS = 0.5


def wanted(claims: list[dict[str, Any]], directory: Path) -> list[dict[str, Any]]:
    """Return the volumes that claims still have to be given."""
    return [
        _volume(claim, directory)
        for claim in claims
        if claim["status"].get("phase") == "Pending" and _SELECTED in claim["metadata"].get("annotations", {})
    ]


def released(volumes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the volumes that nobody claims any more."""
    return [
        volume
        for volume in volumes
        if volume["metadata"].get("annotations", {}).get(_MADE_BY) == NAME
        and volume["status"].get("phase") == "Released"
        and volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
    ]


def _volume(claim: dict[str, Any], directory: Path) -> dict[str, Any]:
    metadata, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{metadata['uid']}"
    node = metadata["annotations"][_SELECTED]
    reference = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {_MADE_BY: NAME}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {**reference, **{key: metadata[key] for key in ("namespace", "name", "uid")}},
            "local": {"path": str(directory / name)},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec["storageClassName"],
            "nodeAffinity": {
                "required": {
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}
                    ]
                }
            },
        },
    }


class Provisioner:
    """Makes and removes volumes, as the API says."""

    def __init__(self, api: httpx.Client, directory: Path) -> None:
        self._api = api
        self._directory = directory

    def look(self) -> None:
        """Make the volumes that are missing, and remove those that were released."""
        claims = self._items("/api/v1/persistentvolumeclaims")
        for volume in wanted(claims, self._directory):
            Path(volume["spec"]["local"]["path"]).mkdir(parents=True, exist_ok=True)
            made = self._api.post("/api/v1/persistentvolumes", json=volume)
            if made.status_code != httpx.codes.CONFLICT:  # it is there, and waits to be bound
                made.raise_for_status()
        for volume in released(self._items("/api/v1/persistentvolumes")):
            shutil.rmtree(volume["spec"]["local"]["path"], ignore_errors=True)
            self._api.delete(f"/api/v1/persistentvolumes/{volume['metadata']['name']}")

    def _items(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = listed(self._api, path)["items"]
        return items


def main(kubeconfig: Path, directory: Path) -> None:
    """Look again and again, until killed."""
    with connected(kubeconfig) as api:
        look_for_ever(Provisioner(api, directory).look, partial(time.sleep, _SECONDS), _SECONDS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
